//! Text on the wire, without a socket.

pub(crate) mod command;
pub(crate) mod data;
pub(crate) mod form;
pub(crate) mod reply;
pub(crate) mod sasl;
