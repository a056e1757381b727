//! Every statement, by the table it is about. Deeds call these; nothing else in the house writes SQL.

mod accounts;
mod applications;
mod blobs;
pub(crate) mod changes;
mod delta;
pub(crate) mod derived;
mod extended;
mod folder_work;
mod folders;
mod idempotency;
mod leases;
mod list;
mod messages;
mod nodes;
mod outbox;
mod people;
mod search;
mod secrets;
mod sign_in;
mod smime;
mod subscriptions;
mod uploads;

pub use changes::LogReach;
pub use idempotency::Answered;
pub use list::ReadBody;
pub(crate) use search::search_rules;
