//! One function an operation, named as Graph names it: reads what was asked, lets the mailbox do it, renders the answer.

pub(crate) mod mail_folders;
pub(crate) mod messages;
pub(crate) mod send_mail;
pub(crate) mod users;
