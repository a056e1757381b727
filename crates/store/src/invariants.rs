//! What must always hold, looked up in one consistent state, so that it holds beside a running server too.

use crate::blobs::{Digest, Places, Standing};
use crate::db::postgres::Server;
use crate::db::{self, ReadTx};
use crate::error::StoreError;
use crate::location::{Location, Rows};
use crate::migrate;
use crate::sql::{derived, search_rules};

/// Each query lists what breaks the sentence before it.
const RULES: &[(&str, &str)] = &[
    (
        "a folder's totalItemCount is the number of its messages",
        "SELECT 'folder ' || display_name || ' counts ' || total_item_count FROM folder f WHERE total_item_count <>
         (SELECT count(*) FROM message m WHERE m.mailbox = f.mailbox AND m.folder = f.id)",
    ),
    (
        "a folder's unreadItemCount is the number of its unread messages",
        "SELECT 'folder ' || display_name || ' counts ' || unread_item_count FROM folder f WHERE unread_item_count <>
         (SELECT count(*) FROM message m WHERE m.mailbox = f.mailbox AND m.folder = f.id AND m.is_read = 0)",
    ),
    (
        "a folder stands in one that people see, but for the root and what is being removed",
        "SELECT 'folder ' || f.display_name FROM folder f
         WHERE f.removal IS NULL AND coalesce(f.well_known_name, '') <> 'msgfolderroot' AND NOT EXISTS (
             SELECT 1 FROM folder p WHERE p.mailbox = f.mailbox AND p.id = f.parent AND p.removal IS NULL)",
    ),
    (
        "no folder stands within itself",
        "WITH RECURSIVE seen (mailbox, id) AS (
             SELECT mailbox, id FROM folder WHERE parent IS NULL OR removal IS NOT NULL
             UNION SELECT f.mailbox, f.id FROM seen s JOIN folder f ON f.mailbox = s.mailbox AND f.parent = s.id)
         SELECT 'folder ' || f.display_name FROM folder f
         WHERE NOT EXISTS (SELECT 1 FROM seen s WHERE s.mailbox = f.mailbox AND s.id = f.id)",
    ),
    (
        "a copy is made from one folder that is there to another",
        "SELECT 'a copy into ' || f.display_name FROM folder_copy c JOIN folder f ON f.mailbox = c.mailbox AND f.id = c.target
         WHERE f.removal IS NOT NULL UNION ALL
         SELECT 'a copy into no folder' FROM folder_copy c
         WHERE NOT EXISTS (SELECT 1 FROM folder f WHERE f.mailbox = c.mailbox AND f.id = c.target)",
    ),
    (
        "a message stands in a folder of its mailbox",
        "SELECT 'a message of ' || m.created_date_time FROM message m
         WHERE NOT EXISTS (SELECT 1 FROM folder f WHERE f.mailbox = m.mailbox AND f.id = m.folder)",
    ),
    (
        "a message's octets are there",
        "SELECT 'a message of ' || m.created_date_time FROM message m WHERE NOT EXISTS (SELECT 1 FROM blob b WHERE b.digest = m.blob)",
    ),
    (
        "a submission's octets are there",
        "SELECT 'a submission of ' || o.created_date_time FROM outbox o
         WHERE NOT EXISTS (SELECT 1 FROM blob b WHERE b.digest = o.blob)",
    ),
    (
        "octets are named by a message, a submission, an upload or a part of one",
        "SELECT 'a blob of ' || b.size || ' octets' FROM blob b
         WHERE NOT EXISTS (SELECT 1 FROM message m WHERE m.blob = b.digest)
         AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.blob = b.digest)
         AND NOT EXISTS (SELECT 1 FROM upload_session u WHERE u.blob = b.digest)
         AND NOT EXISTS (SELECT 1 FROM upload_part p WHERE p.blob = b.digest)",
    ),
    (
        "a part of an upload is of one that waits for octets, and its octets are there",
        "SELECT 'a part from ' || p.start || ' on' FROM upload_part p
         WHERE NOT EXISTS (SELECT 1 FROM blob b WHERE b.digest = p.blob AND b.size >= p.size)
         OR NOT EXISTS (SELECT 1 FROM upload_session u WHERE u.mailbox = p.mailbox AND u.id = p.session
             AND u.blob IS NULL AND u.attachment IS NULL)",
    ),
    (
        "a key and a certificate of S/MIME belong to a mailbox",
        "SELECT 'a key of ' || k.added_date_time FROM smime_key k WHERE NOT EXISTS (SELECT 1 FROM mailbox b WHERE b.id = k.mailbox)
         UNION ALL SELECT 'a certificate for ' || c.address FROM smime_certificate c
         WHERE NOT EXISTS (SELECT 1 FROM mailbox b WHERE b.id = c.mailbox)",
    ),
    ("a secret has octets", "SELECT 'the secret ' || name FROM secret WHERE length(octets) = 0"),
    (
        "a submission has a forward-path that has not ended, and each of these a submission",
        "SELECT 'a submission of ' || o.created_date_time FROM outbox o
         WHERE NOT EXISTS (SELECT 1 FROM outbox_recipient r WHERE r.mailbox = o.mailbox AND r.submission = o.id
             AND r.state IN ('due', 'relay', 'held'))
         UNION ALL SELECT 'a forward-path due at ' || r.due_date_time FROM outbox_recipient r
         WHERE r.state IN ('due', 'relay', 'held')
         AND NOT EXISTS (SELECT 1 FROM outbox o WHERE r.mailbox = o.mailbox AND r.submission = o.id)",
    ),
    (
        "what is to be relayed has a destination that is tried",
        "SELECT 'a forward-path due at ' || r.due_date_time FROM outbox_recipient r
         WHERE r.state = 'relay' AND NOT EXISTS (SELECT 1 FROM destination d WHERE d.name = r.destination)",
    ),
    (
        "a message's change number is in the change log, as far as that reaches back",
        "SELECT 'change ' || m.modseq FROM message m
         WHERE m.modseq > (SELECT change_floor FROM mailbox b WHERE b.id = m.mailbox) AND NOT EXISTS (SELECT 1 FROM change c WHERE c.mailbox = m.mailbox AND c.modseq = m.modseq AND c.message = m.id)",
    ),
    (
        "a message left its folder, if ever, before it came into it",
        "SELECT 'change ' || c.modseq FROM change c JOIN message m ON m.mailbox = c.mailbox AND m.id = c.message
         WHERE c.folder = m.folder AND c.operation = 'deleted' AND c.modseq >= m.folder_modseq",
    ),
    (
        "a message came into its folder by its last change or one before",
        "SELECT 'change ' || m.folder_modseq FROM message m WHERE m.folder_modseq > m.modseq",
    ),
    (
        "a folder came to be, into its parent and to its state in this order, within what its mailbox counted",
        "SELECT 'folder ' || f.display_name FROM folder f WHERE f.created_modseq > f.parent_modseq
         OR f.parent_modseq > f.modseq OR f.modseq > (SELECT modseq FROM mailbox b WHERE b.id = f.mailbox)",
    ),
    (
        "an extended property or an extension is of something that is there",
        "SELECT 'the extended property ' || e.property FROM extended_property e
         WHERE NOT EXISTS (SELECT 1 FROM message m WHERE m.mailbox = e.mailbox AND m.id = e.item)
         AND NOT EXISTS (SELECT 1 FROM folder f WHERE f.mailbox = e.mailbox AND f.id = e.item)
         UNION ALL SELECT 'the extension ' || x.name FROM extension x
         WHERE NOT EXISTS (SELECT 1 FROM message m WHERE m.mailbox = x.mailbox AND m.id = x.message)",
    ),
    (
        "no change is numbered above its mailbox's counter",
        "SELECT 'change ' || c.modseq FROM change c WHERE c.modseq > (SELECT modseq FROM mailbox WHERE id = c.mailbox)",
    ),
    (
        "every person has a mailbox with all well-known folders",
        "SELECT 'person ' || p.user_principal_name FROM person p WHERE NOT EXISTS (SELECT 1 FROM mailbox WHERE id = p.id)
         OR 17 <> (SELECT count(*) FROM folder f WHERE f.mailbox = p.id AND f.well_known_name IS NOT NULL)",
    ),
    (
        "a key and a certificate of S/MIME are a mailbox's",
        "SELECT 'a key of ' || k.added_date_time FROM smime_key k WHERE NOT EXISTS (SELECT 1 FROM mailbox WHERE id = k.mailbox)
         UNION ALL SELECT 'a certificate of ' || c.added_date_time FROM smime_certificate c
         WHERE NOT EXISTS (SELECT 1 FROM mailbox WHERE id = c.mailbox)",
    ),
    (
        "a category from which its owner chooses is of a mailbox whose list was changed",
        "SELECT 'the category ' || c.display_name FROM outlook_category c
         WHERE NOT EXISTS (SELECT 1 FROM mailbox b WHERE b.id = c.mailbox AND b.has_own_categories = 1)",
    ),
    (
        "what is said of a sender is said by a mailbox's owner, and is a word that is known",
        "SELECT 'an override that says ' || o.classify_as FROM inference_override o
         WHERE o.classify_as NOT IN ('focused', 'other') OR NOT EXISTS (SELECT 1 FROM mailbox WHERE id = o.mailbox)",
    ),
    (
        "settings are a mailbox's",
        "SELECT 'settings with period ' || s.automatic_replies_period FROM mailbox_settings s
         WHERE NOT EXISTS (SELECT 1 FROM mailbox WHERE id = s.mailbox)",
    ),
    (
        "whoever was told of an absence was told by a mailbox's owner",
        "SELECT 'somebody told of period ' || r.period FROM automatic_reply r
         WHERE NOT EXISTS (SELECT 1 FROM mailbox WHERE id = r.mailbox)",
    ),
    (
        "what searches is a folder that holds nothing",
        "SELECT 'a search for ' || s.filter_query FROM search_folder s
         WHERE NOT EXISTS (SELECT 1 FROM folder f WHERE f.mailbox = s.mailbox AND f.id = s.folder AND f.total_item_count = 0)",
    ),
    (
        "a rule for what arrives is a mailbox's",
        "SELECT 'the rule ' || display_name FROM message_rule r WHERE NOT EXISTS (SELECT 1 FROM mailbox WHERE id = r.mailbox)",
    ),
    (
        "a subscription is to a mailbox, and has told nothing that did not happen there",
        "SELECT 'a subscription to ' || s.resource FROM subscription s
         WHERE NOT EXISTS (SELECT 1 FROM mailbox b WHERE b.id = s.mailbox AND b.modseq >= s.modseq)",
    ),
    (
        "what is removed waits for somebody to be told",
        "SELECT 'a subscription to ' || s.resource FROM subscription s
         WHERE s.removed IS NOT NULL AND s.lifecycle_notification_url IS NULL",
    ),
    (
        "a message that a filter let in is of a subscription",
        "SELECT 'a message of a subscription' FROM subscription_member m
         WHERE NOT EXISTS (SELECT 1 FROM subscription s WHERE s.mailbox = m.mailbox AND s.id = m.subscription AND s.is_filtered = 1)",
    ),
    ("a receiver has a URL", "SELECT 'a receiver' FROM notification_target WHERE name = ''"),
    (
        "a code and a refresh token stand for a person",
        "SELECT 'a refresh token for ' || client_id FROM refresh_token t WHERE NOT EXISTS (SELECT 1 FROM person WHERE id = t.mailbox)
         UNION ALL SELECT 'a code for ' || client_id FROM authorization_code c
         WHERE NOT EXISTS (SELECT 1 FROM person WHERE id = c.mailbox)",
    ),
];

/// Checks a store; answers a sentence for everything that is wrong.
///
/// # Errors
/// [`StoreError`] where it can't be read.
pub fn check(location: impl Into<Location>) -> Result<Vec<String>, StoreError> {
    let location = location.into();
    check_over(&location, || Places::open(&location.dir, &location.octets))
}

pub(crate) fn check_over(
    location: &Location,
    places: impl FnOnce() -> Result<Places, StoreError>,
) -> Result<Vec<String>, StoreError> {
    let dir = &location.dir;
    match &location.rows {
        Rows::Sqlite if !db::exists(dir) => Err(StoreError::Missing),
        Rows::Sqlite => {
            let (places, connection) = (places()?, db::open_for_writing(dir)?);
            let has_index = db::attach_index(&connection, dir)?;
            connection.batch("BEGIN")?;
            let findings = findings(&ReadTx::new(&connection), has_index, &places)?;
            connection.batch("ROLLBACK")?;
            Ok(findings)
        }
        Rows::Postgres { url } => {
            let places = places()?;
            Server::parse(url)?.on_connection(|connection| {
                migrate::must_be_there(connection)?;
                connection.batch("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL statement_timeout = 0")?;
                findings(&ReadTx::new(connection), true, &places)
            })
        }
    }
}

fn findings(tx: &ReadTx<'_>, has_index: bool, places: &Places) -> Result<Vec<String>, StoreError> {
    let mut findings = Vec::new();
    let of_index = search_rules(tx.engine());
    let of_index = of_index.iter().filter(|_| has_index).map(|(rule, sql)| (*rule, sql.as_str()));
    for (rule, sql) in RULES.iter().copied().chain(of_index) {
        let broken = tx.rows(sql, &[], |row| row.text(0))?;
        findings.extend(broken.into_iter().map(|what| format!("{rule}: {what}")));
    }
    derived::check(tx, &mut findings)?;
    check_octets(tx, places, &mut findings)?;
    Ok(findings)
}

/// The octets of every blob give its digest.
fn check_octets(tx: &ReadTx<'_>, places: &Places, findings: &mut Vec<String>) -> Result<(), StoreError> {
    let digests = tx.rows("SELECT digest, size FROM blob", &[], |row| Ok((Digest(row.fixed(0)?), row.integer(1)?)))?;
    for (digest, size) in digests {
        let standing = match tx.blob(&digest)? {
            Standing::At(place) => places.digest(&place),
            Standing::InRow(octets) => Ok((Digest::of(&octets), octets.len() as u64)),
        };
        match standing {
            Ok(found) if found == (digest, size.unsigned_abs()) => {}
            Ok(_) => findings.push(format!("a blob's octets give its digest: blob {}", digest.to_hex())),
            Err(error) => findings.push(error.to_string()),
        }
    }
    Ok(())
}
