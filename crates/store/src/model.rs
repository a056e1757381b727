//! The nouns: what a row is, in the words of the standards.

pub(crate) mod application;
pub(crate) mod category;
pub(crate) mod condition;
pub(crate) mod delta;
pub(crate) mod extended;
pub(crate) mod folder;
pub(crate) mod inference;
pub(crate) mod lease;
pub(crate) mod message;
pub(crate) mod node;
pub(crate) mod outbox;
pub(crate) mod person;
pub(crate) mod query;
pub(crate) mod rule;
pub(crate) mod search;
pub(crate) mod settings;
pub(crate) mod sign_in;
pub(crate) mod smime;
pub(crate) mod subscription;
pub(crate) mod upload;
