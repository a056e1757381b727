//! Every statement, by the table it is about. Deeds call these; nothing else in the house writes SQL.

mod accounts;
mod applications;
mod automatic_replies;
mod blobs;
mod categories;
pub(crate) mod changes;
mod delta;
pub(crate) mod derived;
mod extended;
mod folder_work;
mod folders;
mod idempotency;
mod inference;
mod leases;
mod list;
mod messages;
mod nodes;
mod outbox;
mod people;
mod rules;
mod search;
mod search_folders;
mod secrets;
mod settings;
mod sign_in;
mod smime;
mod subscriptions;
mod uploads;

pub use changes::LogReach;
pub use idempotency::Answered;
pub use list::ReadBody;
pub(crate) use search::search_rules;
