//! The state of a session (RFC 5321 §4.1.4): a command goes in, what to do comes out. It touches no socket and no mail.

use crate::wire::reply::{self, Reply};
use crate::wire::sasl::{MECHANISMS, Mechanism};
use mailbox::Addressee;
use smtp_proto::{
    Error, MAIL_BODY_BINARYMIME, MAIL_BY_NOTIFY, MAIL_BY_RETURN, MAIL_CONPERM, MAIL_REQUIRETLS, MAIL_RET_FULL, MAIL_RET_HDRS,
    MAIL_SMTPUTF8, MailFrom, RCPT_NOTIFY_DELAY, RCPT_NOTIFY_FAILURE, RCPT_NOTIFY_NEVER, RCPT_NOTIFY_SUCCESS, RcptTo, Request,
};
use std::borrow::Cow;
use store::Wishes;

/// What RCPT may say of reports.
const NOTIFY: u64 = RCPT_NOTIFY_DELAY | RCPT_NOTIFY_FAILURE | RCPT_NOTIFY_NEVER | RCPT_NOTIFY_SUCCESS;
/// Octets of ENVID (RFC 3461 §4.4).
const MAX_ENVELOPE_ID: usize = 100;

/// Which of the two protocols is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// Between servers (RFC 5321).
    Smtp,
    /// From a server to the keeper of mailboxes: an answer for each recipient (RFC 2033).
    Lmtp,
}

/// What a session is told beforehand.
#[derive(Debug, Clone)]
pub(crate) struct Terms {
    /// The server's name.
    pub(crate) host: String,
    pub(crate) protocol: Protocol,
    /// Octets that a message may have.
    pub(crate) max_octets: u64,
    pub(crate) max_recipients: usize,
    /// The same of a message that somebody submits.
    pub(crate) max_recipients_submitted: usize,
    /// Whether TLS can be started.
    pub(crate) has_tls: bool,
    pub(crate) submission: Offer,
}

/// Whether people submit mail, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Offer {
    /// Nobody does.
    None,
    /// Whoever proves himself does; others bring mail in.
    Beside { is_plain_allowed: bool },
    /// Whoever proves himself does, and nobody else comes.
    Alone { is_plain_allowed: bool },
}

/// A session under way.
#[derive(Debug)]
pub(crate) struct Session {
    terms: Terms,
    is_tls: bool,
    is_authenticated: bool,
    hello: Option<Hello>,
    transaction: Option<Transaction>,
}

/// What the client called itself, and how it said so.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Hello {
    host: String,
    is_extended: bool,
}

/// A mail transaction (RFC 5321 §3.3).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Transaction {
    /// Empty for a report.
    pub(crate) reverse_path: String,
    /// Those that were taken, in order, each as often as it was named, with what is wanted of reports about them.
    pub(crate) addressees: Vec<Addressee>,
    /// What is wanted of reports about the message, and of its road.
    pub(crate) wishes: Wishes,
    pub(crate) is_utf8: bool,
    is_binary: bool,
    has_chunks: bool,
}

/// What is to be done.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Say this and go on.
    Say(Reply),
    /// Look whether the recipient is somebody here, and come back with [`Session::take_recipient`].
    Recipient(Addressee),
    /// Let the client prove who he is, and come back with [`Session::authenticated`].
    Authenticate { mechanism: Mechanism, initial: Option<String> },
    /// Say that TLS begins, and begin it.
    StartTls,
    /// Ask for the message, and take it up to the end of data.
    Data,
    /// Take this many octets of a message that was begun, or throw them away and say what is wrong.
    Chunk { size: usize, is_last: bool, refused: Option<Reply> },
    /// Say this and close.
    Close(Reply),
}

impl Session {
    pub(crate) fn new(terms: Terms, is_tls: bool) -> Session {
        Session { terms, is_tls, is_authenticated: false, hello: None, transaction: None }
    }

    /// The same after TLS has begun: nothing that was said before counts (RFC 3207 §4.2).
    pub(crate) fn within_tls(self) -> Session {
        Session::new(self.terms, true)
    }

    pub(crate) fn greeting(&self) -> Reply {
        let protocol = if self.terms.protocol == Protocol::Lmtp { "LMTP" } else { "ESMTP" };
        Reply::of_lines(220, vec![format!("{} {protocol} Restante", self.terms.host).into()])
    }

    /// What the client called itself.
    pub(crate) fn client(&self) -> &str {
        self.hello.as_ref().map_or("", |hello| &hello.host)
    }

    /// By what a message came, of the names that are registered for Received (RFC 3848, RFC 6531 §4.3).
    pub(crate) fn with(&self, is_utf8: bool) -> &'static str {
        let is_extended = self.hello.as_ref().is_some_and(|hello| hello.is_extended);
        match (self.terms.protocol, is_utf8, self.is_tls) {
            (Protocol::Lmtp, true, true) => "UTF8LMTPS",
            (Protocol::Lmtp, true, false) => "UTF8LMTP",
            (Protocol::Lmtp, false, true) => "LMTPS",
            (Protocol::Lmtp, false, false) => "LMTP",
            (Protocol::Smtp, true, true) => "UTF8SMTPS",
            (Protocol::Smtp, true, false) => "UTF8SMTP",
            (Protocol::Smtp, false, true) => "ESMTPS",
            (Protocol::Smtp, false, false) if is_extended => "ESMTP",
            (Protocol::Smtp, false, false) => "SMTP",
        }
    }

    /// What a line that can't be read gets.
    pub(crate) fn misread(&self, error: &Error) -> Reply {
        match error {
            Error::NeedsMoreData { .. } | Error::ResponseTooLong => reply::LINE_TOO_LONG.into(),
            Error::UnknownCommand => reply::UNKNOWN_COMMAND.into(),
            Error::InvalidSenderAddress => reply::BAD_SENDER.into(),
            Error::InvalidRecipientAddress => reply::BAD_RECIPIENT.into(),
            Error::InvalidParameter { .. } => reply::BAD_PARAMETER.into(),
            Error::UnsupportedParameter { .. } => reply::UNKNOWN_PARAMETER.into(),
            Error::SyntaxError { syntax } if syntax.starts_with("AUTH") => reply::UNKNOWN_MECHANISM.into(),
            Error::SyntaxError { .. } | Error::InvalidResponse { .. } => reply::SYNTAX.into(),
        }
    }

    /// What a command asks for.
    pub(crate) fn command(&mut self, request: Request<String>) -> Next {
        match request {
            Request::Ehlo { host } if self.terms.protocol == Protocol::Smtp => self.hello(&host, true),
            Request::Lhlo { host } if self.terms.protocol == Protocol::Lmtp => self.hello(&host, true),
            Request::Helo { host } if self.terms.protocol == Protocol::Smtp => self.hello(&host, false),
            Request::StartTls => self.start_tls(),
            Request::Auth { mechanism, initial_response } => self.auth(mechanism, initial_response),
            Request::Mail { from } => self.mail(from),
            Request::Rcpt { to } => self.rcpt(to),
            Request::Data => self.data(),
            Request::Bdat { chunk_size, is_last } => self.chunk(chunk_size, is_last),
            Request::Rset => {
                self.transaction = None;
                say(reply::OK)
            }
            Request::Noop { .. } => say(reply::OK),
            Request::Vrfy { .. } => say(reply::CANNOT_VERIFY),
            Request::Help { .. } => say(reply::HELP),
            Request::Quit => Next::Close(reply::BYE.into()),
            Request::Ehlo { .. }
            | Request::Lhlo { .. }
            | Request::Helo { .. }
            | Request::Expn { .. }
            | Request::Etrn { .. }
            | Request::Atrn { .. }
            | Request::Burl { .. } => say(reply::NOT_HERE),
        }
    }

    fn hello(&mut self, host: &str, is_extended: bool) -> Next {
        self.transaction = None; // RFC 5321 §4.1.4
        self.hello = Some(Hello { host: host.to_owned(), is_extended });
        let mut lines: Vec<Cow<'static, str>> = vec![self.terms.host.clone().into()];
        if is_extended {
            lines.extend(["PIPELINING", "8BITMIME", "SMTPUTF8", "CHUNKING", "BINARYMIME", "ENHANCEDSTATUSCODES"].map(Cow::from));
            lines.push(format!("SIZE {}", self.terms.max_octets).into());
            if self.is_tls {
                lines.push("REQUIRETLS".into());
            } else if self.terms.has_tls {
                lines.push("STARTTLS".into());
            }
            if self.may_authenticate() {
                lines.push(MECHANISMS.into());
            }
            // Reports are for those who submit: a stranger's wish for one would have us write to whomever he names.
            if self.is_authenticated || matches!(self.terms.submission, Offer::Alone { .. }) {
                lines.push("DSN".into());
            }
        }
        Next::Say(Reply::of_lines(250, lines))
    }

    fn start_tls(&mut self) -> Next {
        match (self.terms.has_tls, self.is_tls) {
            (true, false) => Next::StartTls,
            (_, true) => say(reply::ALREADY_TLS),
            (false, false) => say(reply::NOT_HERE),
        }
    }

    /// Whether proof of who somebody is may be given here as things stand.
    fn may_authenticate(&self) -> bool {
        match self.terms.submission {
            Offer::None => false,
            Offer::Beside { is_plain_allowed } | Offer::Alone { is_plain_allowed } => self.is_tls || is_plain_allowed,
        }
    }

    /// RFC 4954 §4
    fn auth(&self, mechanism: u64, initial: String) -> Next {
        if self.terms.submission == Offer::None {
            return say(reply::NOT_HERE);
        }
        if !self.hello.as_ref().is_some_and(|hello| hello.is_extended) {
            return say(reply::HELLO_FIRST);
        }
        if !self.may_authenticate() {
            return say(reply::TLS_FIRST);
        }
        if self.is_authenticated || self.transaction.is_some() {
            return say(reply::AUTH_NOT_NOW);
        }
        let Some(mechanism) = Mechanism::of(mechanism) else { return say(reply::UNKNOWN_MECHANISM) };
        Next::Authenticate { mechanism, initial: (!initial.is_empty()).then_some(initial) }
    }

    /// The client has proven who he is.
    pub(crate) fn authenticated(&mut self) {
        self.is_authenticated = true;
    }

    fn mail(&mut self, from: MailFrom<String>) -> Next {
        const NOT_OFFERED: u64 = MAIL_CONPERM | MAIL_BY_NOTIFY | MAIL_BY_RETURN;
        if self.hello.is_none() {
            return say(reply::HELLO_FIRST);
        }
        if matches!(self.terms.submission, Offer::Alone { .. }) && !self.is_authenticated {
            return say(reply::AUTH_FIRST);
        }
        if self.transaction.is_some() {
            return say(reply::MAIL_TWICE);
        }
        let requires_tls = from.flags & MAIL_REQUIRETLS != 0;
        if from.flags & NOT_OFFERED != 0 || (requires_tls && !self.is_tls) {
            return say(reply::UNKNOWN_PARAMETER); // RFC 8689 §4.1: REQUIRETLS within TLS only
        }
        if from.size as u64 > self.terms.max_octets {
            return say(reply::TOO_LARGE);
        }
        let is_utf8 = from.flags & MAIL_SMTPUTF8 != 0;
        if !is_utf8 && !from.address.is_ascii() {
            return say(reply::BAD_SENDER); // RFC 6531 §3.4
        }
        let is_binary = from.flags & MAIL_BODY_BINARYMIME != 0;
        let returns = match from.flags & (MAIL_RET_FULL | MAIL_RET_HDRS) {
            0 => "",
            MAIL_RET_HDRS => "HDRS",
            _ => "FULL",
        };
        let envelope_id = from.env_id.unwrap_or_default();
        if !(self.is_authenticated || returns.is_empty() && envelope_id.is_empty()) {
            return say(reply::UNKNOWN_PARAMETER);
        }
        if envelope_id.len() > MAX_ENVELOPE_ID {
            return say(reply::BAD_PARAMETER);
        }
        let wishes = Wishes { envelope_id, returns: returns.to_owned(), requires_tls };
        let reverse_path = from.address;
        self.transaction = Some(Transaction { reverse_path, wishes, is_utf8, is_binary, ..Transaction::default() });
        say(reply::SENDER_OK)
    }

    fn rcpt(&mut self, to: RcptTo<String>) -> Next {
        let Some(transaction) = &self.transaction else { return say(reply::MAIL_FIRST) };
        let asks_for_reports = to.flags & NOTIFY != 0 || to.orcpt.is_some();
        if to.flags & !NOTIFY != 0 || to.rrvs != 0 || (asks_for_reports && !self.is_authenticated) {
            return say(reply::UNKNOWN_PARAMETER);
        }
        let Some(notify) = notify(to.flags) else { return say(reply::BAD_PARAMETER) };
        let most = if self.is_authenticated { self.terms.max_recipients_submitted } else { self.terms.max_recipients };
        if transaction.addressees.len() >= most {
            return say(reply::TOO_MANY_RECIPIENTS);
        }
        if !transaction.is_utf8 && !to.address.is_ascii() {
            return say(reply::BAD_RECIPIENT);
        }
        // RFC 5321 §4.5.1: the one address without a domain
        let address = match to.address.eq_ignore_ascii_case("postmaster") {
            true => format!("postmaster@{}", self.terms.host),
            false => to.address,
        };
        // The parser takes no other type, and takes this one off; what is behind it may be any octets (RFC 3461 §4.2).
        let original_recipient = to.orcpt.map(|address| format!("rfc822;{address}")).unwrap_or_default();
        match address.contains('@') {
            true => Next::Recipient(Addressee { address, notify, original_recipient }),
            false => say(reply::BAD_RECIPIENT),
        }
    }

    /// A recipient is somebody here.
    pub(crate) fn take_recipient(&mut self, addressee: Addressee) {
        if let Some(transaction) = &mut self.transaction {
            transaction.addressees.push(addressee);
        }
    }

    fn data(&mut self) -> Next {
        match &self.transaction {
            None => say(reply::MAIL_FIRST),
            Some(transaction) if transaction.addressees.is_empty() => say(reply::NO_RECIPIENTS),
            // RFC 3030 §3 and §2
            Some(transaction) if transaction.has_chunks || transaction.is_binary => say(reply::NO_DATA_BESIDE_CHUNKS),
            Some(_) => Next::Data,
        }
    }

    /// RFC 3030 §2: a chunk's octets come whatever is thought of it.
    fn chunk(&mut self, size: usize, is_last: bool) -> Next {
        let refused = match &mut self.transaction {
            None => Some(reply::MAIL_FIRST.into()),
            Some(transaction) if transaction.addressees.is_empty() => Some(reply::NO_RECIPIENTS.into()),
            Some(transaction) => {
                transaction.has_chunks = true;
                None
            }
        };
        Next::Chunk { size, is_last, refused }
    }

    /// Whether a transaction is under way: what has come of its message is its alone.
    pub(crate) fn has_transaction(&self) -> bool {
        self.transaction.is_some()
    }

    /// Ends the transaction: what is to be done with it is the caller's.
    pub(crate) fn end_transaction(&mut self) -> Transaction {
        self.transaction.take().unwrap_or_default()
    }

    pub(crate) fn protocol(&self) -> Protocol {
        self.terms.protocol
    }

    pub(crate) fn max_octets(&self) -> u64 {
        self.terms.max_octets
    }
}

/// What of reports a recipient's parameters ask for (RFC 3461 §4.1); nothing where they say never and something.
fn notify(flags: u64) -> Option<String> {
    let asked: Vec<&str> = [
        (RCPT_NOTIFY_NEVER, "NEVER"),
        (RCPT_NOTIFY_SUCCESS, "SUCCESS"),
        (RCPT_NOTIFY_FAILURE, "FAILURE"),
        (RCPT_NOTIFY_DELAY, "DELAY"),
    ]
    .into_iter()
    .filter(|(flag, _)| flags & flag != 0)
    .map(|(_, word)| word)
    .collect();
    (!asked.contains(&"NEVER") || asked.len() == 1).then(|| asked.join(","))
}

fn say(reply: impl Into<Reply>) -> Next {
    Next::Say(reply.into())
}

#[cfg(test)]
mod tests;
