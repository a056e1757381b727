//! What a list of messages is asked by, in the store's words: no property of a protocol and no syntax is known here.

use crate::error::StoreError;
use crate::ids::FolderId;
use crate::model::folder::WellKnownName;
use crate::model::message::MessageRecord;
use serde::{Deserialize, Serialize};

mod extended;
mod holds;

pub use extended::{ExtendedCondition, ExtendedTest};
pub use holds::{BodyText, Candidate};

/// Whether a message is wanted. It is true or false of every message: nothing is unknown.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    /// All of them; of none, true.
    All(Vec<Condition>),
    /// At least one of them; of none, false.
    Any(Vec<Condition>),
    /// A value compares so with another. One that is missing equals nothing, and is neither more nor less.
    Compare {
        /// The value.
        field: Field,
        /// How.
        operator: Operator,
        /// With what.
        value: FieldValue,
    },
    /// What is asked of an extended property. It is looked up where messages are: no row of a message tells it.
    Extended(ExtendedCondition),
    /// A text has so many characters.
    Length {
        /// The text.
        field: Field,
        /// How the number compares.
        operator: Operator,
        /// With what.
        length: i64,
    },
    /// Something holds for members of a collection.
    Member {
        /// The collection.
        collection: Collection,
        /// For each of them, rather than for one at least.
        all: bool,
        /// What holds; its fields of members are this member's.
        condition: Box<Condition>,
    },
    /// There is no such value.
    Missing(Field),
    /// What does not hold.
    Not(Box<Condition>),
    /// A text begins with another, ends with it or holds it.
    Text {
        /// The text.
        field: Field,
        /// Where the other stands.
        place: TextPlace,
        /// The other.
        text: String,
    },
}

/// A value of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Field {
    /// Text of the body, HTML read as text.
    BodyContent,
    /// text, html
    BodyContentType,
    /// The beginning of its text.
    BodyPreview,
    /// The number of its last change, and the end of its id.
    ChangeKey,
    /// The conversation.
    ConversationId,
    /// When this copy was made.
    CreatedDateTime,
    /// A date of the flag as Graph's JSON has it.
    FlagDateTime(FlagDate),
    /// 0 notFlagged, 1 complete, 2 flagged
    FlagStatus,
    /// Address of the first of From.
    FromAddress,
    /// Name of the first of From, else the address.
    FromName,
    /// Has attachments that are not inline.
    HasAttachments,
    /// Its header as it stands there.
    HeaderText,
    /// Its id.
    Id,
    /// 0 low, 1 normal, 2 high
    Importance,
    /// 0 focused, 1 other
    InferenceClassification,
    /// Its Message-ID.
    InternetMessageId,
    /// A report of delivery is asked for.
    IsDeliveryReceiptRequested,
    /// Not sent yet.
    IsDraft,
    /// Read.
    IsRead,
    /// A report of reading is asked for.
    IsReadReceiptRequested,
    /// When it was last written.
    LastModifiedDateTime,
    /// Address of a collection's member.
    MemberAddress,
    /// Name of a member; a category's is all that it is.
    MemberName,
    /// Its folder.
    ParentFolderId,
    /// When it came.
    ReceivedDateTime,
    /// Address of the sender.
    SenderAddress,
    /// Name of the sender, else the address.
    SenderName,
    /// Its Date field.
    SentDateTime,
    /// Octets of this copy.
    Size,
    /// Its subject.
    Subject,
}

/// A date of a follow-up flag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FlagDate {
    /// When it was completed.
    Completed,
    /// When it is due.
    Due,
    /// When it starts.
    Start,
}

/// What a message has several of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Collection {
    /// Recipients of Bcc.
    BccRecipients,
    /// Names of categories.
    Categories,
    /// Recipients of Cc.
    CcRecipients,
    /// Recipients of Reply-To.
    ReplyTo,
    /// Recipients of To.
    ToRecipients,
}

/// With what a field is compared.
#[derive(Debug, Clone, PartialEq, PartialOrd, Serialize, Deserialize)]
pub enum FieldValue {
    /// Microseconds of an instant, the rank of an enumeration's member, 0 and 1 of a Boolean, a number.
    Integer(i64),
    /// Octets of an id.
    Octets(Vec<u8>),
    /// A text. Those that compare without case are folded ([`folded`]).
    Text(String),
    /// The id of a folder that every mailbox has.
    #[serde(skip)]
    WellKnown(WellKnownName),
}

/// How two values compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operator {
    /// The same.
    Equal,
    /// More.
    Greater,
    /// Not less.
    GreaterOrEqual,
    /// Less.
    Less,
    /// Not more.
    LessOrEqual,
    /// Not the same.
    NotEqual,
}

/// Where a text stands in another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TextPlace {
    /// Anywhere.
    Anywhere,
    /// At the beginning.
    Beginning,
    /// At the end.
    End,
}

/// The form in which texts compare without case.
pub fn folded(text: &str) -> String {
    text.to_lowercase()
}

impl Condition {
    /// What always holds.
    pub const ALWAYS: Condition = Condition::All(Vec::new());
    /// What never holds.
    pub const NEVER: Condition = Condition::Any(Vec::new());

    /// That a value is another.
    pub fn equal(field: Field, value: FieldValue) -> Condition {
        Condition::Compare { field, operator: Operator::Equal, value }
    }

    /// Whether a condition within this one, or this one itself, is as `wanted` says.
    pub fn has(&self, wanted: &impl Fn(&Condition) -> bool) -> bool {
        wanted(self)
            || match self {
                Condition::All(list) | Condition::Any(list) => list.iter().any(|one| one.has(wanted)),
                Condition::Member { condition: inner, .. } | Condition::Not(inner) => inner.has(wanted),
                Condition::Compare { .. }
                | Condition::Extended(_)
                | Condition::Length { .. }
                | Condition::Missing(_)
                | Condition::Text { .. } => false,
            }
    }

    /// The field that this condition itself speaks of.
    pub(crate) fn field(&self) -> Option<Field> {
        match self {
            Condition::Compare { field, .. }
            | Condition::Length { field, .. }
            | Condition::Missing(field)
            | Condition::Text { field, .. } => Some(*field),
            Condition::All(_) | Condition::Any(_) | Condition::Extended(_) | Condition::Member { .. } | Condition::Not(_) => None,
        }
    }

    /// Whether it asks of nothing but these fields, and of members of categories alone.
    pub fn asks_only_of(&self, fields: &[Field]) -> bool {
        !self.has(&|one| match one {
            Condition::Extended(_) => true,
            Condition::Member { collection, .. } => *collection != Collection::Categories,
            other => other.field().is_some_and(|field| !fields.contains(&field)),
        })
    }

    /// Whether extended properties must be looked up for it.
    pub fn reads_extended(&self) -> bool {
        self.has(&|one| matches!(one, Condition::Extended(_)))
    }

    /// The same for one message, with what is asked of its extended properties answered.
    ///
    /// # Errors
    /// What `holds` answers.
    pub(crate) fn settled(
        &self,
        holds: &impl Fn(&ExtendedCondition) -> Result<bool, StoreError>,
    ) -> Result<Condition, StoreError> {
        let each = |list: &[Condition]| list.iter().map(|one| one.settled(holds)).collect::<Result<Vec<_>, _>>();
        Ok(match self {
            Condition::All(list) => Condition::All(each(list)?),
            Condition::Any(list) => Condition::Any(each(list)?),
            Condition::Not(inner) => Condition::Not(Box::new(inner.settled(holds)?)),
            Condition::Extended(extended) if holds(extended)? => Condition::ALWAYS,
            Condition::Extended(_) => Condition::NEVER,
            other => other.clone(),
        })
    }

    /// Whether the text of messages must be read for it.
    pub fn reads_body(&self) -> bool {
        self.has(&|one| matches!(one.field(), Some(Field::BodyContent | Field::BodyContentType | Field::HeaderText)))
    }

    /// The same with the ids of well-known folders in place of their names.
    ///
    /// # Errors
    /// What `id` answers.
    pub(crate) fn resolved(self, id: &impl Fn(WellKnownName) -> Result<FolderId, StoreError>) -> Result<Condition, StoreError> {
        let each = |list: Vec<Condition>| list.into_iter().map(|one| one.resolved(id)).collect::<Result<Vec<_>, _>>();
        Ok(match self {
            Condition::All(list) => Condition::All(each(list)?),
            Condition::Any(list) => Condition::Any(each(list)?),
            Condition::Not(inner) => Condition::Not(Box::new(inner.resolved(id)?)),
            Condition::Member { collection, all, condition } => {
                Condition::Member { collection, all, condition: Box::new(condition.resolved(id)?) }
            }
            Condition::Compare { field, operator, value: FieldValue::WellKnown(name) } => {
                Condition::Compare { field, operator, value: FieldValue::Octets(id(name)?.0.to_vec()) }
            }
            other => other,
        })
    }
}

impl Field {
    /// Whether each octet of it counts, so that it isn't folded.
    pub fn is_exact(self) -> bool {
        matches!(self, Field::InternetMessageId | Field::FlagDateTime(_))
    }
}

impl Operator {
    /// Whether values in this order compare so.
    pub(crate) fn admits(self, order: std::cmp::Ordering) -> bool {
        match self {
            Operator::Equal => order.is_eq(),
            Operator::Greater => order.is_gt(),
            Operator::GreaterOrEqual => order.is_ge(),
            Operator::Less => order.is_lt(),
            Operator::LessOrEqual => order.is_le(),
            Operator::NotEqual => order.is_ne(),
        }
    }
}

/// The ranks of enumerations, by the names that rows have.
pub(crate) mod rank {
    use super::MessageRecord;

    pub(crate) const IMPORTANCE: [&str; 3] = ["low", "normal", "high"];
    pub(crate) const INFERENCE: [&str; 2] = ["focused", "other"];
    pub(crate) const FLAG: [&str; 3] = ["notFlagged", "complete", "flagged"];

    pub(crate) fn importance(of: &MessageRecord) -> i64 {
        of_name(&IMPORTANCE, &of.importance)
    }

    pub(crate) fn inference_classification(of: &MessageRecord) -> i64 {
        of_name(&INFERENCE, &of.inference_classification)
    }

    pub(crate) fn flag_status(of: &MessageRecord) -> i64 {
        let status = super::holds::flag(of).and_then(|flag| flag["flagStatus"].as_str().map(str::to_owned));
        of_name(&FLAG, &status.unwrap_or_default())
    }

    fn of_name(names: &[&str], name: &str) -> i64 {
        let place = names.iter().position(|known| known.eq_ignore_ascii_case(name)).unwrap_or(0);
        i64::try_from(place).unwrap_or(0)
    }
}
