//! What was found, for people and for programs.

use jiff::Timestamp;
use mime::{Message, Part};
use smime::{ChainStatus, Layer, Opened, RevocationStatus, Signer, SmimeError, Status, Verdict};
use std::error::Error;
use std::fmt::Write;

/// An error with its cause: at a terminal nobody asks for an oracle.
pub(super) fn told(error: &SmimeError) -> String {
    match error.source() {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}

/// The verdict, in lines or as JSON.
pub(super) fn verdict(verdict: &Verdict, json: bool) -> anyhow::Result<String> {
    if json {
        return Ok(format!("{}\n", serde_json::to_string_pretty(verdict)?));
    }
    let mut out = format!("{}{}\n", word(verdict.status), because(verdict.reason.as_ref()));
    for layer in &verdict.layers {
        let _ = writeln!(out, "  {}", layer_line(layer));
        layer.signers.iter().for_each(|signer| signer_lines(signer, &mut out));
    }
    if let Some(subject) = verdict.header.subject.as_deref().filter(|_| !verdict.header.fields.is_empty()) {
        let _ = writeln!(out, "  subject: {}", plain(subject));
    }
    for note in &verdict.notes {
        let _ = writeln!(out, "  note: {}", plain(&note.message));
    }
    Ok(out)
}

fn word(status: Status) -> &'static str {
    match status {
        Status::Invalid => "invalid",
        Status::Unsigned => "unsigned",
        Status::Undecryptable => "undecryptable",
        Status::Untrusted => "untrusted",
        Status::Valid => "valid",
    }
}

fn because(reason: Option<&String>) -> String {
    reason.map(|reason| format!(": {}", plain(reason))).unwrap_or_default()
}

fn layer_line(layer: &Layer) -> String {
    let kind = serde_json::to_value(layer.kind).ok().and_then(|kind| Some(kind.as_str()?.to_owned())).unwrap_or_default();
    let octets = layer.covers.as_ref().map(|covers| format!(", {} octets within", covers.octets)).unwrap_or_default();
    let opened = layer.opened_for.as_ref().map(|whose| format!(", opened for {}", plain(whose))).unwrap_or_default();
    let status = match layer.status {
        Status::Unsigned => String::new(), // it was not to be signed
        status => format!("{}{}; ", word(status), because(layer.reason.as_ref())),
    };
    format!("{kind}: {status}{}{opened}{octets}", layer.algorithms.join(", "))
}

fn signer_lines(signer: &Signer, out: &mut String) {
    let subject = signer.subject.as_deref().unwrap_or("nobody who is named");
    let _ = writeln!(out, "    signed by {}{}", plain(subject), because(signer.mismatch.as_ref()));
    let _ = writeln!(out, "      for {}", plain(&signer.addresses.join(", ")));
    if let Some(time) = signer.signing_time.and_then(|seconds| Timestamp::from_second(seconds).ok()) {
        let _ = writeln!(out, "      at {time}, by its own word");
    }
    let then = match signer.chain.at_signing_time {
        Some(ChainStatus::Valid) if signer.chain.status == ChainStatus::Invalid => "; it was good at that time",
        _ => "",
    };
    let revocation = match signer.chain.revocation {
        RevocationStatus::Good => "not revoked",
        RevocationStatus::Revoked => "revoked",
        RevocationStatus::Unchecked => "revocation not checked",
    };
    let chain = if signer.chain.status == ChainStatus::Valid { "trusted" } else { "not trusted" };
    let _ = writeln!(out, "      {chain}{}{then}; {revocation}", because(signer.chain.reason.as_ref()));
    for subject in signer.chain.subjects.iter().skip(1) {
        let _ = writeln!(out, "      vouched for by {}", plain(subject));
    }
}

/// The layers, each within the one before it, and the parts of what is within all of them.
pub(super) fn tree(opened: &Opened) -> String {
    let mut out = String::from("message\n");
    let layers = &opened.verdict.layers;
    for (depth, layer) in layers.iter().enumerate() {
        let _ = writeln!(out, "{}└─ {}", "   ".repeat(depth), layer_line(layer));
        for signer in &layer.signers {
            let subject = signer.subject.as_deref().unwrap_or("nobody who is named");
            let _ = writeln!(out, "{}   signed by {}", "   ".repeat(depth), plain(subject));
        }
    }
    parts(&opened.content, layers.len(), &mut out);
    opened.verdict.notes.iter().for_each(|note| out.push_str(&format!("note: {}\n", plain(&note.message))));
    out
}

fn parts(message: &Message, depth: usize, out: &mut String) {
    for part in message.parts() {
        let within = depth + ancestors(message, part);
        let name = part.file_name.as_deref().map(|name| format!(" {}", plain(name))).unwrap_or_default();
        let _ = writeln!(out, "{}└─ {}{name}, {} octets", "   ".repeat(within), plain(&part.media_type.essence), part.body.len());
    }
}

fn ancestors(message: &Message, part: &Part) -> usize {
    std::iter::successors(part.parent, |&index| message.parts().get(index)?.parent).count()
}

/// Text of strangers, without what would steer a terminal: controls, and marks that turn the direction of what follows.
fn plain(text: &str) -> String {
    let steers = |c: char| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars().map(|c| if steers(c) { '?' } else { c }).collect()
}
