//! Mail to and from servers that others made: Postfix on both sides, Dovecot behind it.

mod inbound;
mod outbound;
mod submission;

use crate::corpus::File;

/// The octets as lines have them: the one conversion that SMTP's wire makes.
fn in_lines(octets: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(octets.len() + 64);
    for &octet in octets {
        if octet == b'\n' && out.last() != Some(&b'\r') {
            out.push(b'\r');
        }
        out.push(octet);
    }
    if !out.is_empty() && !out.ends_with(b"\n") {
        out.extend_from_slice(b"\r\n");
    }
    out
}

/// Whether lines can't hold the octets (RFC 5321 §2.3.8).
fn is_binary(octets: &[u8]) -> bool {
    octets.contains(&0) || octets.iter().enumerate().any(|(at, &octet)| octet == b'\r' && octets.get(at + 1) != Some(&b'\n'))
}

/// What Postfix changes whatever it is told, so that such a file can't be compared behind it.
fn changed_by_postfix(file: &File) -> Option<&'static str> {
    let mut lines = file.octets.split(|&octet| octet == b'\n');
    let first = lines.clone().next().unwrap_or_default();
    match () {
        () if first.trim_ascii().is_empty() => Some("it has no header"),
        () if first.starts_with(b"From ") || first.starts_with(b">From ") => Some("its first line is of a mailbox file"),
        () if !lines.by_ref().take_while(|line| !matches!(line, [] | [b'\r'])).all(is_of_header) => {
            Some("a line of its header is no field, or has white space before its colon")
        }
        () => None,
    }
}

fn is_of_header(line: &[u8]) -> bool {
    let name = line.split(|&octet| octet == b':').next().unwrap_or_default();
    let is_field = line.contains(&b':') && !name.is_empty() && name.iter().all(|octet| (33..127).contains(octet));
    is_field || line.starts_with(b" ") || line.starts_with(b"\t")
}

/// Whether a message is the octets, behind fields of these names alone.
fn is_behind_fields(message: &[u8], octets: &[u8], names: &[&str]) -> bool {
    let Some(before) = message.strip_suffix(octets) else { return false };
    let is_field = |line: &[u8]| {
        let name = line.split(|&octet| octet == b':').next().unwrap_or_default();
        line.starts_with(b" ") || line.starts_with(b"\t") || names.iter().any(|known| name.eq_ignore_ascii_case(known.as_bytes()))
    };
    before.split(|&octet| octet == b'\n').filter(|line| !line.is_empty()).all(is_field)
}

/// The fields that a server puts before what it passes on or files.
const TRACE: [&str; 3] = ["Received", "Return-Path", "Delivered-To"];

/// What became of the files, as a table of counts.
#[derive(Default)]
struct Counts {
    /// Equal but for the conversion.
    equal: usize,
    /// Equal to the last octet, without it.
    strictly: usize,
    /// Not carried, by why.
    left: std::collections::BTreeMap<&'static str, usize>,
}

impl Counts {
    fn leave(&mut self, why: &'static str) {
        *self.left.entry(why).or_default() += 1;
    }

    /// Demands that the document says so.
    fn demand(&self, section: &str, road: &str) {
        let mut text = format!("**{road}**\n\n| files | |\n|---|---|\n");
        text += &format!("| {} | equal; {} of them needed no conversion |\n", self.equal, self.strictly);
        text += &self.left.iter().map(|(why, count)| format!("| {count} | left out: {why} |\n")).collect::<String>();
        kit::demand_section("conformance/smtp.md", section, &text);
    }
}
