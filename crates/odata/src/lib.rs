//! What an OData request asks, as text: path and query options (OData 4.01 URL conventions, parts 2, 4 and 5).
//!
//! Promises: no HTTP, no SQL, no property of anything; every error says where it stands. Refuses: to know what a
//! segment or an option means.

mod error;
mod options;
mod path;

pub use error::SyntaxError;
pub use options::Options;
pub use path::{Segment, parse_path, unquote};
