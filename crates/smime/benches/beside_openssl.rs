//! How fast the four verbs are beside OpenSSL's own, called by its crate in the same process: both make the same letter into
//! what a message has as its body, and read the same messages. Beside that, what OpenSSL takes for structures in DER alone,
//! without a message around them. Rounds take turns, and each is compared with its neighbour; medians count.
//!
//!     cargo bench --ignore-rust-version -p restante-smime --bench beside_openssl [-- WORDS]
//!
//! WORDS are of the lines that are wanted, such as `verify` or `clear P-256 8`.
//! Prints a table; fails where ours is slower than 0.8 of theirs.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a measure that can't go on should say where")]

#[path = "beside_openssl/person.rs"]
mod person;

use bytes::Bytes;
use mime::Message;
use openssl::base64;
use openssl::cms::{CMSOptions, CmsContentInfo};
use openssl::stack::Stack;
use openssl::symm;
use openssl::x509::X509;
use openssl::x509::store::{X509Store, X509StoreBuilder};
use openssl::x509::verify::{X509VerifyFlags, X509VerifyParam};
use person::{Authority, NOW, Person};
use smime::{Cipher, Encryption, HeaderProtection, Opened, Protection, Signing, Status, With, open, protect};
use std::io::{self, Write};
use std::process::ExitCode;
use std::time::{Duration, Instant};

const BOUNDARY: &str = "=_that_nobody_has";
const SMALL: usize = 8 * 1024;
const LARGE: usize = 64 * 1024 * 1024;
/// Ours per theirs, at least.
const LEAST: f64 = 0.8;
/// What a round takes, at least: shorter ones measure the clock, and in longer ones others have their turn at the processor.
const ROUND: Duration = Duration::from_millis(4);

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == "--test" || argument == "--list") {
        return ExitCode::SUCCESS; // who runs all targets as tests wants no figures
    }
    let wanted: Vec<String> = arguments.into_iter().filter(|argument| !argument.starts_with("--")).collect();
    println!("| verb | key | message | ours | OpenSSL's | ratio | OpenSSL's, DER alone | ratio |");
    println!("|---|---|---|---|---|---|---|---|");
    let authority = Authority::new();
    let mut least = f64::MAX;
    for person in [authority.person(person::rsa()), authority.person(person::p256())] {
        least = least.min(measured((&authority, &person), SMALL, 301, &wanted));
    }
    least = least.min(measured((&authority, &authority.person(person::p256())), LARGE, 9, &wanted));
    println!("\nThe least ratio is {least:.2}; {LEAST} is demanded.");
    if least < LEAST { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// A message, signed and encrypted by either.
struct Stage<'s> {
    authority: &'s Authority,
    person: &'s Person,
    letter: Bytes,
    store: X509Store,
    wanted: &'s [String],
}

/// Measures each verb with one key and one size, and returns the least ratio.
fn measured((authority, person): (&Authority, &Person), size: usize, rounds: usize, wanted: &[String]) -> f64 {
    let mut store = X509StoreBuilder::new().unwrap();
    store.add_cert(authority.certificate.clone()).unwrap();
    let mut parameters = X509VerifyParam::new().unwrap();
    parameters.set_time(NOW);
    parameters.set_flags(X509VerifyFlags::PARTIAL_CHAIN).unwrap();
    store.set_param(&parameters).unwrap();
    let stage = Stage { authority, person, letter: letter(size), store: store.build(), wanted };
    let mut least = f64::MAX;
    for opaque in [false, true] {
        least = least.min(stage.signatures(opaque, rounds));
    }
    for cipher in [Cipher::Aes256Cbc, Cipher::Aes256Gcm] {
        least = least.min(stage.envelopes(cipher, rounds));
    }
    least
}

impl Stage<'_> {
    fn signatures(&self, opaque: bool, rounds: usize) -> f64 {
        let kind = if opaque { "opaque" } else { "clear" };
        let (sign, verify) = (format!("sign {kind}"), format!("verify {kind}"));
        if !self.wants(&sign) && !self.wants(&verify) {
            return f64::MAX;
        }
        let signing = Signing { key: &self.person.key, opaque, pss: false, now: NOW };
        let ours = |out: &mut dyn Write| self.protect(Some(signing), None, out);
        let (mut message, der) = (Vec::new(), self.their_signature(opaque));
        ours(&mut message);
        let bare = || drop(self.their_signature(opaque));
        let theirs = || drop(base64::encode_block(&self.their_signature(opaque)));
        let sign = self.compared(&sign, rounds, [&|| ours(&mut io::sink()), &theirs, &bare]);
        let message = Bytes::from(message);
        let beside = (!opaque).then(|| part_of(&message));
        let ours = || assert_eq!(self.opened(&message).verdict.status, Status::Valid);
        let theirs = || self.their_verification(CmsContentInfo::smime_read_cms(&message).unwrap(), beside.as_deref());
        let beside_der = (!opaque).then_some(&self.letter[..]);
        let bare = || self.their_verification(CmsContentInfo::from_der(&der).unwrap(), beside_der);
        sign.min(self.compared(&verify, rounds, [&ours, &theirs, &bare]))
    }

    fn envelopes(&self, cipher: Cipher, rounds: usize) -> f64 {
        let (encrypt, decrypt) = (format!("encrypt {cipher:?}"), format!("decrypt {cipher:?}"));
        if !self.wants(&encrypt) && !self.wants(&decrypt) {
            return f64::MAX;
        }
        let to = [self.person.key.certificate().clone()];
        let ours = |out: &mut dyn Write| self.protect(None, Some(Encryption { to: &to, cipher, oaep: false }), out);
        let (mut message, der) = (Vec::new(), self.their_envelope(cipher));
        ours(&mut message);
        let bare = || drop(self.their_envelope(cipher));
        let theirs = || drop(base64::encode_block(&self.their_envelope(cipher)));
        let encrypt = self.compared(&encrypt, rounds, [&|| ours(&mut io::sink()), &theirs, &bare]);
        let message = Bytes::from(message);
        let ours = || assert!(self.opened(&message).verdict.layers[0].opened_for.is_some());
        let theirs = || self.their_content(&CmsContentInfo::smime_read_cms(&message).unwrap());
        let bare = || self.their_content(&CmsContentInfo::from_der(&der).unwrap());
        encrypt.min(self.compared(&decrypt, rounds, [&ours, &theirs, &bare]))
    }

    fn protect(&self, sign: Option<Signing<'_>>, encrypt: Option<Encryption<'_>>, out: &mut dyn Write) {
        let message = Message::parse(self.letter.clone());
        let header = HeaderProtection::Baseline;
        protect(&message, Protection { sign, encrypt, header, boundary: BOUNDARY }, out).unwrap();
    }

    fn opened(&self, message: &Bytes) -> Opened {
        let keys = std::slice::from_ref(&self.person.key);
        let with = With { keys, trust: &self.authority.trust, now: NOW, max_octets: u64::MAX };
        open(Message::parse(message.clone()), with, &mut || Ok(Box::new(Vec::new()))).unwrap()
    }

    fn their_signature(&self, opaque: bool) -> Vec<u8> {
        let flags = if opaque { CMSOptions::BINARY } else { CMSOptions::BINARY | CMSOptions::DETACHED };
        let (certificate, key) = (Some(&*self.person.certificate), Some(&*self.person.private));
        CmsContentInfo::sign(certificate, key, None, Some(&self.letter), flags).unwrap().to_der().unwrap()
    }

    fn their_verification(&self, mut cms: CmsContentInfo, beside: Option<&[u8]>) {
        let mut out = Vec::new();
        cms.verify(None, Some(&self.store), beside, beside.is_none().then_some(&mut out), CMSOptions::BINARY).unwrap();
    }

    fn their_envelope(&self, cipher: Cipher) -> Vec<u8> {
        let mut to: Stack<X509> = Stack::new().unwrap();
        to.push(self.person.certificate.clone()).unwrap();
        let cipher = if cipher == Cipher::Aes256Gcm { symm::Cipher::aes_256_gcm() } else { symm::Cipher::aes_256_cbc() };
        CmsContentInfo::encrypt(&to, &self.letter, cipher, CMSOptions::BINARY).unwrap().to_der().unwrap()
    }

    fn their_content(&self, cms: &CmsContentInfo) {
        let content = cms.decrypt(&self.person.private, &self.person.certificate).unwrap();
        assert!(content.len() >= self.letter.len());
    }

    /// How the line of a verb begins.
    fn line(&self, verb: &str) -> String {
        let size = if self.letter.len() < LARGE { "8 KB" } else { "64 MB" };
        format!("| {verb} | {} | {size} |", self.person.algorithm)
    }

    fn wants(&self, verb: &str) -> bool {
        self.wanted.iter().all(|word| self.line(verb).contains(word.as_str()))
    }

    /// Prints how often ours, theirs and theirs alone are done in a second, or how many MB of the message, and returns the
    /// ratio of the first two.
    fn compared(&self, verb: &str, rounds: usize, deeds: [&dyn Fn(); 3]) -> f64 {
        if !self.wants(verb) {
            return f64::MAX;
        }
        let times = deeds.map(often);
        let mut all = [const { Vec::new() }; 3];
        for _ in 0..rounds {
            for (index, deed) in deeds.iter().enumerate() {
                all[index].push(round(times[index], deed));
            }
        }
        let ratio = |theirs: &[f64]| median(theirs.iter().zip(&all[0]).map(|(theirs, ours)| theirs / ours).collect());
        let (ratio, ratio_bare) = (ratio(&all[1]), ratio(&all[2]));
        let [ours, theirs, bare] = all.map(median);
        let shown = |seconds: f64| match self.letter.len() {
            LARGE.. => format!("{:.0} MB/s", self.letter.len() as f64 / 1e6 / seconds),
            _ => format!("{:.0}/s", 1.0 / seconds),
        };
        let (shown, shown_bare) = (format!("{} | {}", shown(ours), shown(theirs)), shown(bare));
        println!("{} {shown} | {ratio:.2} | {shown_bare} | {ratio_bare:.2} |", self.line(verb));
        ratio
    }
}

/// The part of a message that a signature beside it is over.
fn part_of(message: &Bytes) -> Bytes {
    let at = |what: &str| memchr::memmem::find(message, what.as_bytes()).unwrap();
    let begin = format!("--{BOUNDARY}\r\n");
    message.slice(at(&begin) + begin.len()..at(&format!("\r\n--{BOUNDARY}\r\nContent-Type: application/pkcs7-signature")))
}

/// A letter with an attachment that fills it, of at least so many octets.
fn letter(size: usize) -> Bytes {
    let mut out = String::from(
        "From: Ann <ann@smime.example>\r\nTo: bob@smime.example\r\nSubject: Speed\r\nDate: Wed, 25 Nov 2026 10:00:00 +0000\r\n\
         Message-ID: <1@smime.example>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=m\r\n\r\n--m\r\n\r\n\
         See there.\r\n--m\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\
         Content-Disposition: attachment; filename=large.bin\r\n\r\n",
    );
    while out.len() < size {
        out.push_str("UmVzdGFudGVSZXN0YW50ZVJlc3RhbnRlUmVzdGFudGVSZXN0YW50ZVJlc3RhbnRlUmVzdGFudGVS\r\n");
    }
    out.push_str("--m--\r\n");
    out.into()
}

/// How often it is done until a round's time is over.
fn often(deed: &dyn Fn()) -> u32 {
    deed(); // what the first one makes for all is no part of it
    let began = Instant::now();
    let mut times = 0;
    while began.elapsed() < ROUND {
        deed();
        times += 1;
    }
    times
}

/// Seconds that one takes, when it is done so often.
fn round(times: u32, deed: &dyn Fn()) -> f64 {
    let began = Instant::now();
    (0..times).for_each(|_| deed());
    began.elapsed().as_secs_f64() / f64::from(times)
}

fn median(mut seconds: Vec<f64>) -> f64 {
    seconds.sort_by(f64::total_cmp);
    seconds[seconds.len() / 2]
}
