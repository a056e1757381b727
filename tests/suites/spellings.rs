//! The odd spellings that unmodified clients send, each of which must be taken (behaviour 1).

mod addresses;
mod bodies;
mod links;
mod queries;
