//! A message goes over a connection (RFC 5321 §3.3): many recipients in one transaction, each with an outcome of its own.

use super::connection::{Broken, Connection, END_OF_DATA, REPLY};
use super::letter::Letter;
use crate::wire::form::Dots;
use mailbox::{Outcome, Said};
use smtp_proto::{
    EXT_8BIT_MIME, EXT_BINARY_MIME, EXT_CHUNKING, EXT_DSN, EXT_PIPELINING, EXT_REQUIRE_TLS, EXT_SIZE, EXT_SMTP_UTF8, Response,
};
use store::ForwardPath;

/// Recipients of one transaction (RFC 5321 §4.5.3.1.8: servers take 100).
const RECIPIENTS: usize = 100;
/// Octets of a chunk: large ones, since each has a reply.
const CHUNK: usize = 4 * 1024 * 1024;

/// Each recipient with what became of him.
pub(super) type Outcomes = Vec<(String, Outcome)>;

/// How far a transaction came: what became of recipients, who is left for the next one, and why the connection can't be used
/// any more.
pub(super) struct Carried<'p> {
    pub(super) outcomes: Outcomes,
    pub(super) rest: &'p [ForwardPath],
    pub(super) broken: Option<Broken>,
    was_answered: bool,
}

impl Carried<'_> {
    /// Whether the host has answered nothing.
    pub(super) fn is_unheard(&self) -> bool {
        !self.was_answered
    }
}

/// Carries a letter to as many of these recipients as one transaction has, the first first.
pub(super) async fn carry<'p>(connection: &mut Connection, letter: &Letter, paths: &'p [ForwardPath]) -> Carried<'p> {
    let mut outcomes = Outcomes::new();
    if let Some(outcome) = cannot(connection, letter) {
        outcomes.extend(paths.iter().map(|path| (path.address.clone(), outcome.clone())));
        return Carried { outcomes, rest: &[], broken: None, was_answered: true };
    }
    let (some, rest) = paths.split_at(paths.len().min(RECIPIENTS));
    let mut transaction = Transaction { connection, letter, outcomes: &mut outcomes, taken: Vec::new(), was_answered: false };
    let ran = transaction.run(some).await;
    let was_answered = transaction.was_answered;
    if let Err(broken) = ran {
        let said = local(connection, [4, 4, 2], broken.to_string());
        // Those who were answered have their answer; of all others nothing is known.
        let left: Vec<_> = paths.iter().filter(|path| !outcomes.iter().any(|(address, _)| *address == path.address)).collect();
        outcomes.extend(left.into_iter().map(|path| (path.address.clone(), Outcome::Later(said.clone()))));
        return Carried { outcomes, rest: &[], broken: Some(broken), was_answered };
    }
    connection.forget();
    Carried { outcomes, rest, broken: None, was_answered }
}

/// Why the letter can't go to this host as it is. It is not converted, so it can't go at all.
fn cannot(connection: &Connection, letter: &Letter) -> Option<Outcome> {
    let has = |extension| connection.has(extension);
    let takes_binary = has(EXT_BINARY_MIME) && has(EXT_CHUNKING);
    let most = connection.offers.size as u64;
    let why = match () {
        () if letter.needs.binary && !takes_binary => (
            [5, 6, 1],
            "The message holds a NUL or a bare CR, which this host's lines can't carry (it has no BINARYMIME)".to_owned(),
        ),
        () if letter.needs.eight_bit && !has(EXT_8BIT_MIME) && !takes_binary => {
            ([5, 6, 3], "The message holds octets above 127, and this host takes none (it has no 8BITMIME)".to_owned())
        }
        () if letter.is_utf8_envelope && !has(EXT_SMTP_UTF8) => {
            ([5, 6, 7], "An address is not in ASCII, and this host takes no such addresses (it has no SMTPUTF8)".to_owned())
        }
        () if letter.requires_tls && !has(EXT_REQUIRE_TLS) => {
            ([5, 7, 30], "The sender requires TLS all the way, and this host does not promise it (REQUIRETLS)".to_owned())
        }
        () if has(EXT_SIZE) && most > 0 && letter.needs.octets() > most => {
            ([5, 3, 4], format!("The message has {} octets, and this host takes {most} at most", letter.needs.octets()))
        }
        () => return None,
    };
    Some(Outcome::Never(local(connection, why.0, why.1)))
}

/// What we found, and no host said.
fn local(connection: &Connection, status: [u8; 3], text: String) -> Said {
    Said { next_hop: connection.host.clone(), status, text, is_reply: false }
}

struct Transaction<'t> {
    connection: &'t mut Connection,
    letter: &'t Letter,
    outcomes: &'t mut Outcomes,
    /// Recipients that the host will take.
    taken: Vec<String>,
    was_answered: bool,
}

impl Transaction<'_> {
    async fn run(&mut self, paths: &[ForwardPath]) -> Result<(), Broken> {
        self.connection.messages += 1;
        let (mail, rcpts) = (self.mail_from(), paths.iter().map(|path| self.rcpt_to(path)).collect::<Vec<_>>());
        let is_pipelined = self.connection.has(EXT_PIPELINING);
        self.connection.say(&mail);
        if is_pipelined {
            rcpts.iter().for_each(|rcpt| self.connection.say(rcpt));
        }
        self.connection.flush().await?;
        let sender = self.connection.reply(REPLY).await?;
        self.was_answered = true;
        if !is_pipelined && sender.code / 100 != 2 {
            self.refuse(paths.iter().map(|path| &path.address), &sender);
            return Ok(());
        }
        for (path, rcpt) in paths.iter().zip(&rcpts) {
            if !is_pipelined {
                self.connection.say(rcpt);
                self.connection.flush().await?;
            }
            let reply = self.connection.reply(REPLY).await?;
            match (sender.code / 100, reply.code / 100) {
                (2, 2) => self.taken.push(path.address.clone()),
                (2, _) => self.refuse(std::iter::once(&path.address), &reply),
                // Whoever refuses the sender says so to all that is behind it.
                _ => self.refuse(std::iter::once(&path.address), &sender),
            }
        }
        if self.taken.is_empty() {
            return if sender.code / 100 == 2 { self.connection.ask("RSET").await.map(|_| ()) } else { Ok(()) };
        }
        let reply = self.content().await?;
        let taken = std::mem::take(&mut self.taken);
        let outcomes = taken.into_iter().map(|address| (address, self.outcome(&reply)));
        let outcomes: Vec<_> = outcomes.collect();
        self.outcomes.extend(outcomes);
        Ok(())
    }

    fn mail_from(&self) -> String {
        let (letter, connection) = (self.letter, &*self.connection);
        let mut line = format!("MAIL FROM:<{}>", letter.reverse_path);
        if connection.has(EXT_SIZE) {
            line += &format!(" SIZE={}", letter.needs.octets());
        }
        if self.goes_binary() {
            line += " BODY=BINARYMIME";
        } else if letter.needs.eight_bit {
            line += " BODY=8BITMIME";
        }
        // Not for a header alone: a host further on that lacks the extension would send it back (RFC 6531 §3.2).
        if letter.is_utf8_envelope {
            line += " SMTPUTF8";
        }
        if letter.requires_tls {
            line += " REQUIRETLS";
        }
        if connection.has(EXT_DSN) {
            if !letter.returns.is_empty() {
                line += &format!(" RET={}", letter.returns);
            }
            line += &format!(" ENVID={}", xtext(&letter.envelope_id));
        }
        line
    }

    fn rcpt_to(&self, path: &ForwardPath) -> String {
        let mut line = format!("RCPT TO:<{}>", path.address);
        if self.connection.has(EXT_DSN) {
            if !path.notify.is_empty() {
                line += &format!(" NOTIFY={}", path.notify);
            }
            // The type is an atom (RFC 3461 §4.2): whatever else stands there must not become a command.
            if let Some(("rfc822", address)) = path.original_recipient.split_once(';') {
                line += &format!(" ORCPT=rfc822;{}", xtext(address));
            }
        }
        line
    }

    /// Whether the octets go as they are, lines or not: where they would be converted, and the host can be spared that.
    fn goes_binary(&self) -> bool {
        let needs = &self.letter.needs;
        let takes_binary = self.connection.has(EXT_BINARY_MIME) && self.connection.has(EXT_CHUNKING);
        takes_binary && (needs.binary || needs.is_converted() || (needs.eight_bit && !self.connection.has(EXT_8BIT_MIME)))
    }

    async fn content(&mut self) -> Result<Response<String>, Broken> {
        match self.connection.has(EXT_CHUNKING) {
            true => self.chunks().await,
            false => self.data().await,
        }
    }

    async fn data(&mut self) -> Result<Response<String>, Broken> {
        let reply = self.connection.ask("DATA").await?;
        if reply.code != 354 {
            return Ok(reply);
        }
        let mut dots = Dots::default();
        for chunk in self.letter.octets(false) {
            for some in chunk.chunks(CHUNK / 64) {
                self.connection.put(|out| dots.write(some, out)).await?;
            }
        }
        self.connection.put(|out| out.extend_from_slice(b".\r\n")).await?;
        self.connection.flush().await?;
        self.connection.reply(END_OF_DATA).await
    }

    /// RFC 3030. A chunk that is refused ends it.
    async fn chunks(&mut self) -> Result<Response<String>, Broken> {
        let is_binary = self.goes_binary();
        let (mut queue, mut size) = (Vec::new(), 0);
        let mut octets = self.letter.octets(is_binary);
        loop {
            let next = octets.next();
            if let Some(chunk) = &next {
                size += chunk.len();
                queue.push(chunk.clone());
            }
            if next.is_some() && size < CHUNK {
                continue;
            }
            let is_last = next.is_none();
            self.connection.say(&format!("BDAT {size}{}", if is_last { " LAST" } else { "" }));
            for chunk in queue.drain(..) {
                self.connection.write(&chunk).await?;
            }
            self.connection.flush().await?;
            let reply = self.connection.reply(END_OF_DATA).await?;
            if is_last || reply.code / 100 != 2 {
                return Ok(reply);
            }
            size = 0;
        }
    }

    fn refuse<'a>(&mut self, addresses: impl Iterator<Item = &'a String>, reply: &Response<String>) {
        let refused: Vec<_> = addresses.map(|address| (address.clone(), self.outcome(reply))).collect();
        self.outcomes.extend(refused);
    }

    fn outcome(&self, reply: &Response<String>) -> Outcome {
        let said = said(&self.connection.host, reply);
        // RFC 5321 §4.5.3.1.10: too many recipients is told by 452, and by older servers by 552.
        let is_too_many = reply.code == 552 && reply.esc == [5, 5, 3];
        match reply.code / 100 {
            2 => Outcome::Relayed { said, passes_reports: self.connection.has(EXT_DSN) },
            5 if !is_too_many => Outcome::Never(said),
            _ => Outcome::Later(said),
        }
    }
}

/// A host's reply, for rows and reports.
pub(super) fn said(host: &str, reply: &Response<String>) -> Said {
    let class = u8::try_from(reply.code / 100).unwrap_or(4);
    let has_status = reply.esc != [0, 0, 0];
    let status = if has_status { reply.esc } else { [class, 0, 0] };
    let number = if has_status { format!("{}.{}.{} ", reply.esc[0], reply.esc[1], reply.esc[2]) } else { String::new() };
    let words: Vec<&str> = reply.message.split_whitespace().collect();
    Said { next_hop: host.to_owned(), status, text: format!("{} {number}{}", reply.code, words.join(" ")), is_reply: true }
}

/// RFC 3461 §4
fn xtext(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut out, octet| {
        match octet {
            b'+' | b'=' | 0..=32 | 127.. => out += &format!("+{octet:02X}"),
            _ => out.push(char::from(octet)),
        }
        out
    })
}
