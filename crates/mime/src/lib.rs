//! The octets of a message and what can be read from them (RFC 5322, 2045 to 2049, 2047, 2231).
//!
//! Promises: parsing is total (any octets give a [`Message`]; what is wrong with them is a [`Defect`] beside it), in
//! time and memory bounded by their length; nothing here changes an octet that somebody gave. Refuses: clocks, files,
//! sockets and randomness; a date, an id or a boundary is an argument.

mod address;
mod address_list;
mod body;
mod boundary;
mod build;
mod charset;
mod comment;
mod date;
mod decode;
mod field;
mod flowed;
mod html;
mod html_to_text;
mod legacy_display;
mod message;
mod msg_id;
mod param;
mod parse;
mod piece;
mod preview;
mod seven_bit;
mod splice;
mod text;
mod transfer;
mod undeclared;
mod unique_body;

pub use address::{AddrSpec, NameAddr};
pub use body::ItemBody;
pub use build::{
    Attachment, BodyKind, Composition, FileFields, address_line, attachment_part, compose, is_field_name, text_line,
};
pub use date::{Date, Seconds};
pub use decode::EncodedBody;
pub use field::{HeaderField, LineEnd, unfold};
pub use html_to_text::html_to_text;
pub use message::{Defect, Disposition, MediaType, Message, Opening, Part, PartKind, Span, TransferEncoding};
pub use msg_id::msg_ids;
pub use piece::{Piece, written};
pub use preview::preview;
pub use seven_bit::seven_bit;
pub use splice::{Cuts, FieldEdit, insert_part, pieces, remove_part, set_fields, set_part_fields};
pub use transfer::{Base64Body, Base64Error, decode_base64};
