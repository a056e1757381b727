//! The base64 text of a whole message: however it is cut into pieces the octets are the same, and they are those of a
//! decoder so simple that one can see that it is right.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mime::{Base64Body, Base64Error, decode_base64};

fuzz_target!(|data: &[u8]| {
    let Some((&size, text)) = data.split_first() else { return };
    let whole = decoded([text].into_iter());
    assert_eq!(whole, decoded(text.chunks(usize::from(size) + 1)), "pieces of one size");
    let (begin, end) = text.split_at(usize::from(size).min(text.len()));
    assert_eq!(whole, decoded([begin, &[], end].into_iter()), "two pieces and an empty one");
    assert_eq!(whole.as_ref().ok(), reference(text).as_ref(), "the reference");
    match whole {
        Err(Base64Error::Empty) => assert_eq!(decode_base64(text), Ok(Vec::new())),
        other => assert_eq!(decode_base64(text), other),
    }
});

fn decoded<'t>(pieces: impl Iterator<Item = &'t [u8]>) -> Result<Vec<u8>, Base64Error> {
    let (mut body, mut out, mut offset) = (Base64Body::default(), Vec::new(), 0);
    for piece in pieces {
        body.push(piece, offset, &mut out)?;
        offset += piece.len() as u64;
    }
    body.finish(&mut out).map(|()| out)
}

/// The same rules bit by bit: white space is ignored, padding may be missing, anything else is no message.
fn reference(text: &[u8]) -> Option<Vec<u8>> {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let symbols: Vec<u8> = text.iter().copied().filter(|b| !b" \t\r\n".contains(b)).collect();
    let padding = symbols.iter().rev().take_while(|&&b| b == b'=').count();
    let symbols = &symbols[..symbols.len() - padding];
    let bits: Option<Vec<u8>> = symbols.iter().map(|b| ALPHABET.iter().position(|a| a == b).map(|at| at as u8)).collect();
    let bits: Vec<bool> = bits?.iter().flat_map(|six| (0..6).rev().map(move |bit| six >> bit & 1 == 1)).collect();
    let rest = symbols.len() % 4;
    let padding_fits = padding <= (4 - rest) % 4;
    let octets = bits.chunks_exact(8).map(|eight| eight.iter().fold(0, |octet, &bit| octet << 1 | u8::from(bit)));
    (!symbols.is_empty() && rest != 1 && padding_fits).then(|| octets.collect())
}
