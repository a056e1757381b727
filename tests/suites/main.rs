//! What the whole does, seen from outside: the real binary over HTTP, a module a subject.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that can't go on should say where")]

mod actions;
mod admin;
mod attachments;
mod bad_input;
mod batch;
mod conformance;
mod corpus;
mod cors;
mod deletion;
mod delta;
mod describing;
mod drafts;
mod examples;
mod extended;
mod folders;
mod headers;
mod https;
mod issuers;
mod limits;
mod lists;
mod messages;
mod odd_input;
mod overlay;
mod peers;
mod protection;
mod query;
mod readiness;
mod relay;
mod requests;
mod rights;
mod search;
mod security;
mod seed;
mod send_as;
mod sign_in;
mod smime;
mod smtp_in;
mod smtp_submission;
mod smtp_verify;
mod spellings;
mod uploads;
mod versions;
mod walls;
mod wire;
