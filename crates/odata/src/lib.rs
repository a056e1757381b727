//! What an OData request asks, as text: path and query options (OData 4.01 URL conventions, parts 2, 4 and 5), and the
//! KQL of `$search`.
//!
//! Promises: no HTTP, no SQL, no property of anything; every error says where it stands; any text is read in bounded time,
//! memory and stack. Refuses: to know what a segment, a property, a function or an option means.

mod error;
mod expand;
mod filter;
mod lex;
mod literal;
mod options;
mod orderby;
mod path;
mod percent;
mod print;
mod property;
mod search;
mod select;

pub use error::{Place, SyntaxError};
pub use expand::ExpandItem;
pub use filter::{Comparison, Expr, Quantifier};
pub use literal::{Date, DateTimeOffset, Duration, Literal};
pub use options::Options;
pub use orderby::OrderItem;
pub use path::{Segment, parse_path, unquote};
pub use percent::encode_target;
pub use property::PropertyPath;
pub use search::{Relation, Restriction, Search, SearchValue, Term};
pub use select::SelectItem;
