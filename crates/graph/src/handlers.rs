//! One function an operation, named as Graph names it: reads what was asked, lets the mailbox do it, renders the answer.

pub(crate) mod attachments;
pub(crate) mod batch;
pub(crate) mod categories;
pub(crate) mod changes;
pub(crate) mod deliveries;
pub(crate) mod delta;
pub(crate) mod exchange_ids;
pub(crate) mod exchange_mailboxes;
pub(crate) mod extensions;
pub(crate) mod inference;
pub(crate) mod mail_folders;
pub(crate) mod mail_tips;
pub(crate) mod message_list;
pub(crate) mod message_rules;
pub(crate) mod messages;
pub(crate) mod outlook;
pub(crate) mod replies;
pub(crate) mod send_mail;
pub(crate) mod settings;
pub(crate) mod smime;
pub(crate) mod subscriptions;
pub(crate) mod uploads;
pub(crate) mod users;
pub(crate) mod value;
