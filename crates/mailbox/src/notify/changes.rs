//! What rows of the change log tell a subscription.

use store::{ChangeTypes, FolderId, LoggedChange, MailboxId, MessageId, Operation, Subscription};

/// What is told of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MessageChange {
    /// What happened.
    pub operation: Operation,
    /// To which.
    pub message: MessageId,
    /// The number of the change.
    pub modseq: i64,
}

/// Whose changes are followed, and from which on.
pub(super) struct Followed<'s> {
    pub(super) mailbox: MailboxId,
    /// The messages of which folder; nothing where all are followed.
    pub(super) folder: Option<FolderId>,
    /// Which changes.
    pub(super) change_types: &'s ChangeTypes,
    /// The last change that was told.
    pub(super) since: i64,
}

impl<'s> From<&'s Subscription> for Followed<'s> {
    fn from(one: &'s Subscription) -> Followed<'s> {
        Followed { mailbox: one.mailbox, folder: one.folder, change_types: &one.change_types, since: one.modseq }
    }
}

/// What a subscription follows.
pub(super) struct Following<'s> {
    /// The messages of which folder; nothing where all are followed but those that were deleted.
    pub(super) folder: Option<FolderId>,
    /// Which changes.
    pub(super) change_types: &'s ChangeTypes,
    /// The recoverable items.
    pub(super) hidden: FolderId,
}

impl Following<'_> {
    /// What rows in their order tell, at most so much; with the number of the last change that was looked at, if any was.
    pub(super) fn told(&self, rows: &[LoggedChange], most: usize) -> (Vec<MessageChange>, Option<i64>) {
        let (mut told, mut last) = (Vec::new(), None);
        for change in rows.chunk_by(|one, next| one.modseq == next.modseq) {
            let Some(LoggedChange { modseq, message, .. }) = change.first().copied() else { continue };
            if let Some(operation) = self.meaning(change).filter(|operation| self.change_types.have(*operation)) {
                if told.len() == most {
                    break;
                }
                told.push(MessageChange { operation, message, modseq });
            }
            last = Some(modseq);
        }
        (told, last)
    }

    /// What the rows of one change mean, which are two where a message moved.
    fn meaning(&self, rows: &[LoggedChange]) -> Option<Operation> {
        if let Some(folder) = self.folder {
            return rows.iter().find(|row| row.folder == folder).map(|row| row.operation);
        }
        match rows {
            [one] => Some(one.operation).filter(|_| one.folder != self.hidden && one.folder != FolderId::DELIVERY),
            _ => {
                let is_hidden = |operation| rows.iter().any(|row| row.operation == operation && row.folder == self.hidden);
                match (is_hidden(Operation::Deleted), is_hidden(Operation::Created)) {
                    (_, true) => Some(Operation::Deleted),
                    (true, false) => Some(Operation::Created),
                    (false, false) => Some(Operation::Updated),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INBOX: FolderId = FolderId([1; 16]);
    const ARCHIVE: FolderId = FolderId([2; 16]);
    const HIDDEN: FolderId = FolderId([3; 16]);

    fn row(modseq: i64, folder: FolderId, operation: Operation) -> LoggedChange {
        LoggedChange { modseq, folder, message: MessageId([9; 16]), operation }
    }

    /// A message's life: it comes, is read, is moved, deleted, restored, deleted again, and goes for good.
    fn life() -> Vec<LoggedChange> {
        vec![
            row(1, INBOX, Operation::Created),
            row(2, INBOX, Operation::Updated),
            row(3, INBOX, Operation::Deleted),
            row(3, ARCHIVE, Operation::Created),
            row(4, ARCHIVE, Operation::Deleted),
            row(4, HIDDEN, Operation::Created),
            row(5, HIDDEN, Operation::Updated),
            row(6, HIDDEN, Operation::Deleted),
            row(6, INBOX, Operation::Created),
            row(7, INBOX, Operation::Deleted),
            row(7, HIDDEN, Operation::Created),
            row(8, HIDDEN, Operation::Deleted),
            row(9, FolderId::DELIVERY, Operation::Updated), // what became of it elsewhere is no change of a message
        ]
    }

    fn told(folder: Option<FolderId>, words: &str) -> Vec<(i64, Operation)> {
        let change_types = ChangeTypes::parse(words).expect("words");
        let (told, last) = Following { folder, change_types: &change_types, hidden: HIDDEN }.told(&life(), 100);
        assert_eq!(last, Some(9), "all was looked at");
        told.into_iter().map(|one| (one.modseq, one.operation)).collect()
    }

    #[test]
    fn each_change_is_told_as_it_is_seen_from_where_it_is_followed() {
        use Operation::{Created, Deleted, Updated};
        let all = "created,updated,deleted";
        assert_eq!(told(None, all), [(1, Created), (2, Updated), (3, Updated), (4, Deleted), (6, Created), (7, Deleted)]);
        assert_eq!(told(Some(INBOX), all), [(1, Created), (2, Updated), (3, Deleted), (6, Created), (7, Deleted)]);
        assert_eq!(told(Some(ARCHIVE), all), [(3, Created), (4, Deleted)]);
        assert_eq!(told(None, "created"), [(1, Created), (6, Created)]);
        assert_eq!(told(Some(INBOX), "Deleted"), [(3, Deleted), (7, Deleted)]);
        assert_eq!(told(Some(FolderId::DELIVERY), all), [(9, Updated)]);
    }

    #[test]
    fn what_is_too_much_begins_the_next() {
        let change_types = ChangeTypes::parse("created,deleted").expect("words");
        let following = Following { folder: Some(INBOX), change_types: &change_types, hidden: HIDDEN };
        let (first, last) = following.told(&life(), 2);
        assert_eq!((first.len(), last), (2, Some(5)), "up to before the third");
        let rest: Vec<LoggedChange> = life().into_iter().filter(|row| row.modseq > 5).collect();
        assert_eq!(following.told(&rest, 2).0.len(), 2);
        assert_eq!(following.told(&[], 2).1, None);
    }
}
