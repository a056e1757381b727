//! What a message holds, without a word on what it is worth: for whoever shows it, and for whoever must know what it is.

use crate::decrypt::{decompress, decrypt};
use crate::error::SmimeError;
use crate::key::Key;
use crate::open::{Found, MAX_LAYERS, Spool, find, first_part};
use crate::split::{ContentType, Split, split};
use crate::verdict::Kind;
use mime::{Message, Part};
use std::io;

/// What the innermost structure of a message encloses, as far as `keys` open it; nothing where no layer hides anything, as a
/// clear signature doesn't. `max_octets` are the most that a compressed layer may hold.
///
/// # Errors
/// [`SmimeError::Io`] of the spools. What can't be opened holds nothing.
pub fn content(
    message: &Message,
    keys: &[Key],
    max_octets: u64,
    spool: &mut dyn FnMut() -> io::Result<Box<dyn Spool>>,
) -> Result<Option<Message>, SmimeError> {
    let mut enclosed: Option<Message> = None;
    let mut current = message.clone();
    for _ in 0..MAX_LAYERS {
        current = match find(&current, &mut Vec::new()) {
            None => break,
            Some(Found::Signed { signed, .. }) => {
                let within = Message::parse(first_part(&current, &current.parts()[signed]));
                if current.was_encrypted() { within.decrypted() } else { within }
            }
            Some(Found::Enclosed) => match within(&current, keys, max_octets, spool)? {
                None => break,
                Some(within) => enclosed.insert(within).clone(),
            },
        };
    }
    Ok(enclosed)
}

/// What a message is as a whole; nothing where it has no layer.
pub fn outermost(message: &Message) -> Option<Kind> {
    match find(message, &mut Vec::new())? {
        Found::Signed { .. } => Some(Kind::Clear),
        Found::Enclosed => {
            let around = around(message, message.parts().first()?)?;
            Some(match around.content_type {
                ContentType::AuthEnveloped => Kind::AuthEnveloped,
                ContentType::Compressed => Kind::Compressed,
                ContentType::Enveloped => Kind::Enveloped,
                ContentType::Signed => Kind::Opaque,
            })
        }
    }
}

fn around(message: &Message, root: &Part) -> Option<Split> {
    let around = split(message.encoded_body(root).decoded(), &mut |_| Ok(())).ok()?;
    (around.content_type != ContentType::Signed || around.has_content).then_some(around)
}

fn within(
    message: &Message,
    keys: &[Key],
    max_octets: u64,
    spool: &mut dyn FnMut() -> io::Result<Box<dyn Spool>>,
) -> Result<Option<Message>, SmimeError> {
    let Some(root) = message.parts().first() else { return Ok(None) };
    let Some(around) = around(message, root) else { return Ok(None) };
    let body = message.encoded_body(root);
    let content = |sink: &mut dyn FnMut(&[u8]) -> Result<(), SmimeError>| split(body.decoded(), sink).map(drop);
    let mut out = spool()?;
    let opened = match around.content_type {
        ContentType::Signed => content(&mut |octets| Ok(out.write_all(octets)?)).map(|()| true),
        ContentType::Compressed => decompress(&content, &mut *out, max_octets).map(|()| true),
        ContentType::Enveloped | ContentType::AuthEnveloped => {
            decrypt(&content, &around, keys, &mut *out).opened_for.map(|opened_for| opened_for.is_some())
        }
    };
    match opened {
        Err(SmimeError::Io(error)) => Err(error.into()),
        Ok(true) => {
            let within = Message::parse(out.finish()?);
            let is_encrypted = matches!(around.content_type, ContentType::Enveloped | ContentType::AuthEnveloped);
            let within = if is_encrypted || message.was_encrypted() { within.decrypted() } else { within };
            Ok(Some(within).filter(|within| !within.octets().is_empty()))
        }
        Ok(false) | Err(_) => Ok(None),
    }
}
