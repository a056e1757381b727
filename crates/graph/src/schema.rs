//! Graph's resources as JSON: each property of each one declared once.

pub(crate) mod annotated;
pub(crate) mod attachment;
pub(crate) mod category;
pub(crate) mod draft;
pub(crate) mod edm;
pub(crate) mod event_message;
pub(crate) mod expand;
pub(crate) mod extended;
pub(crate) mod extension;
pub(crate) mod inference;
pub(crate) mod json;
pub(crate) mod language;
pub(crate) mod mail_folder;
pub(crate) mod mailbox_item;
pub(crate) mod message;
pub(crate) mod message_rule;
pub(crate) mod new_attachment;
pub(crate) mod property;
pub(crate) mod settings;
pub(crate) mod smime;
pub(crate) mod subscription;
pub(crate) mod user;
