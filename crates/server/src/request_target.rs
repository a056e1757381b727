//! Encodes what clients write into the target of a request though no URI may hold it, above all the quotes of
//! `$search="…"`. hyper refuses such a request, and tells nobody why.
//!
//! Nothing but octets of a target is changed, and no space, CR or LF is added or taken. Where a head ends is asked of
//! hyper's own parser. For the rest of a connection it lets everything pass once a body is framed by anything but one plain
//! Content-Length: two readers must not come to see different requests (RFC 9112 §11.2).

use std::io::{self, IoSlice};
use std::ops::Range;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Octets of a head beyond which it is let pass as it is.
const MOST: usize = 64 * 1024;
/// Octets that are read of a head at a time.
const PIECE: usize = 8 * 1024;
/// Most header fields, as hyper has it.
const FIELDS: usize = 100;

/// A connection of HTTP/1.1 whose requests have targets that can be read.
pub(crate) struct EncodedTargets<S> {
    stream: S,
    state: State,
    /// What is ready to be read, and how much of it was.
    ready: Vec<u8>,
    given: usize,
}

enum State {
    /// Octets of a body that are still to come.
    Body(u64),
    /// The beginning of a head.
    Head(Vec<u8>),
    /// Nothing more is looked at.
    Opaque,
}

impl<S> EncodedTargets<S> {
    pub(crate) fn new(stream: S) -> EncodedTargets<S> {
        EncodedTargets { stream, state: State::Head(Vec::new()), ready: Vec::new(), given: 0 }
    }

    /// Takes octets that begin a head, or go on with one.
    fn take(&mut self, octets: &[u8]) {
        let State::Head(head) = &mut self.state else { return };
        // An end that is cut in two has at most three octets in the first part.
        let from = head.len().saturating_sub(3);
        head.extend_from_slice(octets);
        let mut may_be_whole = ends(&head[from..]);
        while let State::Head(head) = &mut self.state {
            if !may_be_whole {
                if head.len() > MOST {
                    self.give_up();
                }
                return;
            }
            match Head::parse(head) {
                Ok(None) => return,
                Ok(Some(whole)) => self.pass(&whole),
                Err(_) => self.give_up(),
            }
            may_be_whole = matches!(&self.state, State::Head(head) if ends(head));
        }
    }

    /// A whole head is ready, and what has come of its body.
    fn pass(&mut self, whole: &Head) {
        let State::Head(mut head) = std::mem::replace(&mut self.state, State::Opaque) else { return };
        let rest = head.split_off(whole.end);
        encode(&head, whole.target.clone(), &mut self.ready);
        let Some(length) = whole.body else { return self.ready.extend_from_slice(&rest) };
        let come = usize::try_from(length).map_or(rest.len(), |length| length.min(rest.len()));
        self.ready.extend_from_slice(&rest[..come]);
        let left = length - come as u64;
        self.state = if left > 0 { State::Body(left) } else { State::Head(rest[come..].to_vec()) };
    }

    fn give_up(&mut self) {
        if let State::Head(head) = std::mem::replace(&mut self.state, State::Opaque) {
            self.ready.extend_from_slice(&head);
        }
    }

    /// Gives as much of what is ready as there is room for; whether there was anything.
    fn give(&mut self, buf: &mut ReadBuf<'_>) -> bool {
        let left = &self.ready[self.given..];
        let count = left.len().min(buf.remaining());
        buf.put_slice(&left[..count]);
        self.given += count;
        if self.given == self.ready.len() {
            (self.ready, self.given) = (Vec::new(), 0);
        }
        count > 0
    }
}

/// Where a head and its target end, and how many octets follow; nothing where that is framed in another way.
struct Head {
    end: usize,
    target: Range<usize>,
    body: Option<u64>,
}

impl Head {
    /// A head, once it is whole.
    fn parse(octets: &[u8]) -> Result<Option<Head>, httparse::Error> {
        let mut fields = [httparse::EMPTY_HEADER; FIELDS];
        let mut request = httparse::Request::new(&mut fields);
        let httparse::Status::Complete(end) = request.parse(octets)? else { return Ok(None) };
        let (method, path) = (request.method.unwrap_or_default(), request.path.unwrap_or_default());
        // Only white space may stand before the method, and one space between it and the target.
        let start = octets.iter().position(|octet| !b"\r\n".contains(octet)).unwrap_or(0) + method.len() + 1;
        let target = start..start + path.len();
        Ok(Some(Head { end, target, body: body_length(method, request.headers) }))
    }
}

/// RFC 9112 §6.3, as far as there is one plain Content-Length or none.
fn body_length(method: &str, fields: &[httparse::Header<'_>]) -> Option<u64> {
    let is = |field: &httparse::Header<'_>, name: &str| field.name.eq_ignore_ascii_case(name);
    if method == "CONNECT" || fields.iter().any(|field| is(field, "transfer-encoding") || is(field, "upgrade")) {
        return None;
    }
    let mut lengths = fields.iter().filter(|field| is(field, "content-length"));
    match (lengths.next(), lengths.next()) {
        (None, _) => Some(0),
        (Some(one), None) if one.value.iter().all(u8::is_ascii_digit) => std::str::from_utf8(one.value).ok()?.parse().ok(),
        _ => None,
    }
}

/// Whether an empty line may stand here, as every reader of HTTP takes lines to end.
fn ends(octets: &[u8]) -> bool {
    octets.windows(2).any(|two| two == b"\n\n") || octets.windows(3).any(|three| three == b"\n\r\n")
}

/// A head, with what may not stand in a target encoded (RFC 3986 §2.1); `%` is let be, and so is what is encoded.
fn encode(head: &[u8], target: Range<usize>, out: &mut Vec<u8>) {
    out.reserve(head.len());
    out.extend_from_slice(&head[..target.start]);
    for &octet in &head[target.clone()] {
        if octet.is_ascii_graphic() && !b"\"#<>\\^`{|}".contains(&octet) {
            out.push(octet);
        } else {
            out.extend_from_slice(&[b'%', DIGITS[usize::from(octet >> 4)], DIGITS[usize::from(octet & 15)]]);
        }
    }
    out.extend_from_slice(&head[target.end..]);
}

const DIGITS: &[u8; 16] = b"0123456789ABCDEF";

impl<S: AsyncRead + Unpin> AsyncRead for EncodedTargets<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        while !this.give(buf) && buf.remaining() > 0 {
            let start = buf.filled().len();
            match &mut this.state {
                State::Opaque => return Pin::new(&mut this.stream).poll_read(cx, buf),
                State::Body(left) => {
                    ready!(Pin::new(&mut this.stream).poll_read(cx, buf))?;
                    let come = buf.filled().len() - start;
                    let of_body = usize::try_from(*left).map_or(come, |left| left.min(come));
                    *left -= of_body as u64;
                    if *left == 0 {
                        this.state = State::Head(Vec::new());
                        this.take(&buf.filled()[start + of_body..]);
                        buf.set_filled(start + of_body);
                    }
                    return Poll::Ready(Ok(()));
                }
                State::Head(head) => {
                    let mut piece = [0; PIECE];
                    let mut piece = ReadBuf::new(&mut piece);
                    ready!(Pin::new(&mut this.stream).poll_read(cx, &mut piece))?;
                    match piece.filled() {
                        [] if head.is_empty() => return Poll::Ready(Ok(())),
                        [] => this.give_up(),
                        octets => this.take(octets),
                    }
                }
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for EncodedTargets<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, octets)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, cx: &mut Context<'_>, slices: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests;
