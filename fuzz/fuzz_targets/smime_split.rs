//! Any octets as a structure of CMS: it is taken apart or refused, however its octets come; what of it is content, the
//! library says too; what is put into a structure comes out of it; and a verdict is found in bounded time.
#![no_main]

#[allow(dead_code, reason = "the room uses more of it")]
#[path = "../../crates/smime/src/ber.rs"]
mod ber;
#[allow(dead_code, reason = "the room uses more of it")]
#[path = "../../crates/smime/src/error.rs"]
mod error;
#[path = "smime/keys.rs"]
mod keys;
#[allow(dead_code, reason = "the room uses more of it")]
#[path = "../../crates/smime/src/split.rs"]
mod split;

use bytes::Bytes;
use cpu_time::ThreadTime;
use encodify::base64;
use error::SmimeError;
use keys::opened;
use libfuzzer_sys::fuzz_target;
use openssl::cms::{CMSOptions, CmsContentInfo};
use split::Split;
use std::time::Duration;

/// The three lengths and the holder's that are written anew, and their ends: so much may become more.
const OPENED: usize = 16;

fuzz_target!(|data: &[u8]| {
    let began = ThreadTime::now();
    let taken = taken(data, data.len());
    comes_as_it_may(data, &taken);
    is_taken_apart_once(data, &taken);
    is_what_the_library_takes(data, &taken);
    comes_out_as_it_went_in(data);
    is_told(data);
    let limit = Duration::from_secs(2) + Duration::from_micros(100) * u32::try_from(data.len()).unwrap_or(u32::MAX);
    assert!(began.elapsed() < limit, "{} octets took {:?}", data.len(), began.elapsed());
});

type Taken = Result<(Split, Vec<u8>), String>;

fn taken(octets: &[u8], together: usize) -> Taken {
    let mut content = Vec::new();
    let chunks = octets.chunks(together.max(1)).map(Bytes::copy_from_slice);
    let split = split::split(chunks, &mut |octets| {
        content.extend_from_slice(octets);
        Ok::<(), SmimeError>(())
    });
    split.map(|split| (split, content)).map_err(|error| error.to_string())
}

fn comes_as_it_may(data: &[u8], whole: &Taken) {
    let few = data.first().map_or(1, |octet| usize::from(*octet) % 32 + 1);
    let other = taken(data, few);
    match (whole, &other) {
        (Ok((split, content)), Ok((other, other_content))) => {
            assert_eq!((&split.content_type, &split.around, content), (&other.content_type, &other.around, other_content));
            assert_eq!(split.has_content, other.has_content);
        }
        (Err(one), Err(other)) => assert_eq!(one, other),
        _ => panic!("{} octets together are another structure", few),
    }
}

/// What stands around is a structure without a content; nothing is made up.
fn is_taken_apart_once(data: &[u8], whole: &Taken) {
    let Ok((split, content)) = whole else { return };
    assert!(split.around.len() + content.len() <= data.len() + OPENED, "nothing is made up");
    let (again, nothing) = taken(&split.around, 7).expect("what stands around is a structure");
    assert_eq!((again.has_content, nothing.is_empty()), (false, true));
    assert_eq!((again.content_type, &again.around), (split.content_type.clone(), &split.around));
}

/// Two readers that see different contents would let one be verified and the other be shown.
fn is_what_the_library_takes(data: &[u8], whole: &Taken) {
    let Ok((split, content)) = whole else { return };
    let mut theirs = Vec::new();
    let flags = CMSOptions::NOSIGS | CMSOptions::NO_SIGNER_CERT_VERIFY | CMSOptions::BINARY;
    let read = CmsContentInfo::from_der(data).and_then(|mut cms| cms.verify(None, None, None, Some(&mut theirs), flags));
    if read.is_ok() && split.has_content {
        assert_eq!(*content, theirs);
    }
}

/// A content in pieces, in a structure whose lengths are definite or not, as the first octets say.
fn comes_out_as_it_went_in(data: &[u8]) {
    let Some((&[shape, piece], content)) = data.split_first_chunk::<2>() else { return };
    let element = |tag: u8, octets: &[u8]| match shape & 1 {
        0 => [&[tag, 0x84], &u32::try_from(octets.len()).expect("a few").to_be_bytes()[..], octets].concat(),
        _ => [&[tag, 0x80], octets, &[0, 0]].concat(),
    };
    let string = |octets: &[u8]| [&[0x04, 0x84], &u32::try_from(octets.len()).expect("a few").to_be_bytes()[..], octets].concat();
    let mut octets: Vec<u8> = content.chunks(usize::from(piece) * 64 + 1).flat_map(string).collect();
    for _ in 0..shape >> 1 & 3 {
        octets = element(0x24, &octets);
    }
    let identifier = |last: u8| [0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, last];
    let holder = element(0x30, &[&identifier(1)[..], &element(0xa0, &octets)].concat());
    let members = [&[0x02, 1, 1, 0x31, 0][..], &holder, &[0x31, 0]].concat();
    let structure = element(0xa0, &element(0x30, &members));
    let whole = element(0x30, &[&identifier(2)[..], &structure].concat());
    let (split, out) = taken(&whole, usize::from(shape) + 1).expect("it is a structure");
    assert!(split.has_content && out == content, "what went in comes out");
}

/// As a signature beside a text, and as what encloses one.
fn is_told(data: &[u8]) {
    let text = base64::STANDARD.wrapped(76, base64::LineEnding::CrLf).encode(data);
    let beside = format!(
        "From: alice@example.com\r\nContent-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n\r\nHello\r\n--b\r\n\
         Content-Type: application/pkcs7-signature\r\nContent-Transfer-Encoding: base64\r\n\r\n{text}\r\n--b--\r\n"
    );
    let alone = format!(
        "From: alice@example.com\r\nContent-Type: application/pkcs7-mime\r\nContent-Transfer-Encoding: base64\r\n\r\n{text}\r\n"
    );
    for message in [beside, alone] {
        opened(message.into());
    }
}
