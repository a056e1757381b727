//! Command lines (RFC 5321 §4.1.1).

use smtp_proto::{Error, MailFrom, RcptTo, Request};

/// Octets of a line, its end included: what a response to AUTH may have (RFC 4954 §4), and the command before it.
pub(crate) const MAX_LINE: usize = 12_288 + 64;

/// The command in a whole line, its end included.
///
/// # Errors
/// [`Error`]: why it is none.
pub(crate) fn parse(line: &[u8]) -> Result<Request<String>, Error> {
    match Request::parse(&mut line.iter()).map(Request::into_owned) {
        // The parser gives the same for `<postmaster>` as for `<>`.
        Ok(Request::Rcpt { to }) if to.address.is_empty() => match path(line).eq_ignore_ascii_case("<postmaster>") {
            true => Ok(Request::Rcpt { to: RcptTo { address: "postmaster".to_owned(), ..to } }), // RFC 5321 §4.1.1.3
            false => Err(Error::InvalidRecipientAddress),
        },
        Ok(Request::Mail { from }) if from.address.is_empty() && path(line) != "<>" => Err(Error::InvalidSenderAddress),
        // A whole line needs nothing more.
        Err(Error::NeedsMoreData { .. }) => Err(Error::UnknownCommand),
        Ok(Request::Rcpt { to }) => Ok(Request::Rcpt { to: RcptTo { address: quoted(to.address), ..to } }),
        Ok(Request::Mail { from }) => Ok(Request::Mail { from: MailFrom { address: quoted(from.address), ..from } }),
        read => read,
    }
}

/// An address with the quotes around its local part that the parser takes off, where it needs them (RFC 5321 §4.1.2).
fn quoted(address: String) -> String {
    let is_atext = |c: char| !c.is_ascii() || c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c);
    match address.rsplit_once('@') {
        Some((local, domain)) if !local.chars().all(is_atext) => {
            let escaped: String =
                local.chars().flat_map(|c| if matches!(c, '"' | '\\') { vec!['\\', c] } else { vec![c] }).collect();
            format!("\"{escaped}\"@{domain}")
        }
        _ => address,
    }
}

/// The path of MAIL and RCPT, as it was written.
fn path(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(line);
    let behind = text.split_once(':').map_or("", |(_, behind)| behind);
    behind.split_whitespace().next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn postmaster_needs_no_domain_and_nobody_else_does() {
        for line in ["RCPT TO:<postmaster>\r\n", "rcpt to: <PostMaster>\n"] {
            let Ok(Request::Rcpt { to }) = parse(line.as_bytes()) else { panic!("{line}") };
            assert_eq!(to.address, "postmaster");
        }
        for line in ["RCPT TO:<webmaster>\r\n", "RCPT TO:<>\r\n", "RCPT TO:postmaster\r\n"] {
            assert!(parse(line.as_bytes()).is_err(), "{line}");
        }
    }

    #[test]
    fn an_address_keeps_the_quotes_that_it_needs() {
        for (path, address) in [
            ("<ada+x@contoso.com>", "ada+x@contoso.com"),
            ("<\"ada l\"@contoso.com>", "\"ada l\"@contoso.com"),
            ("<\"a\\\"b\"@contoso.com>", "\"a\\\"b\"@contoso.com"),
            ("<\"x>@y\"@contoso.com>", "\"x>@y\"@contoso.com"),
            ("<@relay.example:ada@contoso.com>", "ada@contoso.com"),
        ] {
            let read = parse(format!("RCPT TO:{path}\r\n").as_bytes());
            assert!(matches!(&read, Ok(Request::Rcpt { to }) if to.address == address), "{path}: {read:?}");
        }
    }

    #[test]
    fn nobody_but_nobody_is_the_empty_sender() {
        for line in ["MAIL FROM:<>\r\n", "MAIL FROM: <> SIZE=1\r\n"] {
            assert!(matches!(parse(line.as_bytes()), Ok(Request::Mail { from }) if from.address.is_empty()), "{line}");
        }
        for line in ["MAIL FROM:<ada>\r\n", "MAIL FROM:<ada> SIZE=1\r\n", "MAIL FROM:< >\r\n", "MAIL FROM:<@>\r\n"] {
            assert!(parse(line.as_bytes()).is_err(), "{line}");
        }
    }

    #[test]
    fn a_line_that_is_none_is_an_error_at_once() {
        for line in [&b"\r\n"[..], b"\n", b"MAIL\r\n", b"\x00\xff\r\n", b"EHLO\r\n", b"BDAT\r\n", b"AUTH\r\n"] {
            let read = parse(line);
            assert!(matches!(&read, Err(error) if !matches!(error, Error::NeedsMoreData { .. })), "{line:?}: {read:?}");
        }
    }
}
