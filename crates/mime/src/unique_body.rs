//! What is new in a message's text: the messages that it quotes are cut.
//!
//! Nothing marks a quotation in a way that all writers follow, so these are the marks that the common ones leave. Where no
//! mark is found, everything is new.

mod html;

pub(crate) use html::of_html;

/// The names of From and of Subject in the block that Outlook puts above what it quotes, in the languages met most.
const BLOCK_BEGINS: [&str; 8] = ["From", "Von", "De", "Da", "Van", "Från", "Fra", "Od"];
const BLOCK_ENDS: [&str; 9] = ["Subject", "Betreff", "Objet", "Asunto", "Oggetto", "Onderwerp", "Ämne", "Emne", "Assunto"];
/// Lines of such a block: From, Sent, To, Cc, Subject, Attachments and their continuations.
const BLOCK_LINES: usize = 10;
/// Lines that an attribution is wrapped to.
const ATTRIBUTION_LINES: usize = 3;

/// The lines of a plain text that quote nothing.
pub(crate) fn of_text(text: &str) -> String {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let mut kept: Vec<&str> = Vec::new();
    let mut quoting = false; // an attribution has been seen: from there on `>` begins a quotation
    for (index, line) in lines.iter().enumerate() {
        if is_separator(line) || begins_block(&lines[index..]) {
            cut_rule(&mut kept);
            break;
        }
        if line.starts_with('>') {
            quoting = quoting || cut_attribution(&mut kept);
            if quoting {
                continue;
            }
        }
        kept.push(line);
    }
    kept.concat()
}

/// `-----Original Message-----`, in any language.
fn is_separator(line: &str) -> bool {
    let inner = line.trim().strip_prefix("-----").and_then(|rest| rest.strip_suffix("-----"));
    inner.is_some_and(|text| text.chars().any(char::is_alphabetic) && text.chars().count() < 60)
}

fn begins_block(lines: &[&str]) -> bool {
    names(lines[0], &BLOCK_BEGINS) && lines.iter().skip(1).take(BLOCK_LINES).any(|line| names(line, &BLOCK_ENDS))
}

/// Whether a line begins with one of the names and a colon; stars around it are bold type made plain.
fn names(line: &str, names: &[&str]) -> bool {
    let line = line.trim_start_matches(['*', ' ', '\t', '\u{a0}']);
    names
        .iter()
        .any(|name| line.strip_prefix(name).is_some_and(|rest| rest.trim_start_matches(['*', ' ', '\u{a0}']).starts_with(':')))
}

/// Takes the rule back that stands above a quotation.
fn cut_rule(kept: &mut Vec<&str>) {
    let blank = |line: &&str| line.trim().is_empty();
    let end = kept.iter().rposition(|line| !blank(line)).map_or(0, |at| at + 1);
    let is_rule = end > 0 && kept[end - 1].trim().len() >= 5 && kept[end - 1].trim().chars().all(|c| c == '_' || c == '-');
    if is_rule {
        kept.truncate(end - 1);
    }
}

/// Takes the attribution back that stands above a first `>`: the paragraph that ends in a colon, names an address or a
/// date and so has an `@` or a figure. Answers whether there is one.
fn cut_attribution(kept: &mut Vec<&str>) -> bool {
    let end = kept.iter().rposition(|line| !line.trim().is_empty()).map_or(0, |at| at + 1);
    let lines = kept[..end].iter().rev().take(ATTRIBUTION_LINES).take_while(|line| !line.trim().is_empty()).count();
    let begin = end - lines;
    let paragraph = kept[begin..end].concat();
    let is_attribution = paragraph.trim_end().ends_with(':') && paragraph.contains(|c: char| c == '@' || c.is_ascii_digit());
    if is_attribution {
        kept.truncate(begin);
    }
    is_attribution
}

#[cfg(test)]
mod tests;
