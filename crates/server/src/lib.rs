//! The binary's inside: reads settings, wires the rooms, opens the doors and closes them again. It holds no rule of mail.
//!
//! It is a library so that a test can start a whole server in its own process.

pub mod admin;
pub mod allocator;
pub mod cli;
pub mod config;
pub mod forwarded;
pub mod keys;
pub mod log;
pub mod moving;
pub mod open_files;
pub mod queue;
pub mod register;
pub mod serve;
pub mod subscriptions;
pub mod trust;

mod app_certificate;
mod banner;
mod certificate;
mod cors;
mod couriers;
mod development;
mod directory;
#[cfg(test)]
mod fake_clock;
mod graph_courier;
mod health;
mod hosts;
mod key_fetch;
mod listen;
mod mail_doors;
mod metrics;
mod notifier;
mod protecting;
mod request_target;
mod sockets;
mod tenant;
