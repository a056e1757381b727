//! Composed messages as a parser that we didn't write reads them: Python's `email`, with its strict policy. It finds no
//! defect, and every value is the one given.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that can't go on should say where")]

#[path = "oracle/shared.rs"]
#[allow(dead_code, reason = "the oracle's test needs more of it")]
mod shared;

use encodify::base64::STANDARD;
use mime::{Attachment, BodyKind, Composition, NameAddr, compose, html_to_text};
use serde_json::{Value, json};
use std::io::Write;
use std::process::{Command, Stdio};

#[test]
fn python_reads_what_was_given() {
    let texts = texts();
    let cases: Vec<Value> = (0..texts.len()).map(|n| case(&composition(&texts, n))).collect();
    assert!(cases.len() >= 50, "only {} messages", cases.len());
    let judge = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/judge.py");
    let judge = Command::new("python3").arg(judge).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let Ok(mut judge) = judge else { return shared::skipped("python3 can't be started") };
    let mut input = judge.stdin.take().expect("a pipe");
    input.write_all(json!(cases).to_string().as_bytes()).expect("the judge reads");
    drop(input);
    let verdict = judge.wait_with_output().expect("the judge ends");
    let differences = String::from_utf8_lossy(&verdict.stdout);
    assert!(verdict.status.success() && differences.is_empty(), "{differences}");
}

/// Texts of each kind that is written in another way: each is a subject, a name, a body and a file's name once.
fn texts() -> Vec<String> {
    let words =
        ["", "Hello", "a  b   c", "Grüße aus Köln", "你好，世界", "😀😀", "=?utf-8?Q?no?= word", "\"quoted\" \\ (c)", "a;b=c, d"];
    let mut texts: Vec<String> = words.map(str::to_owned).into();
    for length in [1, 20, 60, 70, 75, 76, 77, 78, 79, 80, 100, 250, 500, 900] {
        texts.push("x".repeat(length));
        texts.push("ä".repeat(length));
        texts.push("word ".repeat(length / 5 + 1).trim_end().to_owned());
    }
    texts.push("From me\nFrom you \n.\n..\n\ttab\t\n".to_owned());
    texts.push("line\r\n".repeat(300));
    texts
}

fn composition(texts: &[String], n: usize) -> Composition {
    let text = |offset: usize| texts[(n + offset) % texts.len()].clone();
    let line = |offset: usize| text(offset).replace(char::is_control, " ").trim().to_owned();
    let person = |offset: usize| NameAddr { name: line(offset), address: format!("a{offset}.x@mail{n}.example") };
    let identifiers: Vec<_> = (0..n).map(|k| format!("<{k}.{n}.identifier@mail.example>")).collect();
    let file = Attachment {
        name: format!("{}.bin", line(3)),
        media_type: "application/x-b".into(),
        octets: text(4).into(),
        ..Attachment::default()
    };
    let image = Attachment {
        is_inline: true,
        content_id: Some(format!("i{n}@x.example")),
        media_type: "image/png".into(),
        ..file.clone()
    };
    let attached = Attachment {
        name: "m.eml".into(),
        media_type: "message/rfc822".into(),
        octets: "Subject: within\n\nbody\n".into(),
        ..Attachment::default()
    };
    Composition {
        from: vec![person(1)],
        to: (0..n % 7).map(person).collect(),
        cc: vec![person(2), person(5)],
        subject: line(0),
        fields: vec![("X-Test".into(), line(6)), ("References".into(), identifiers.join(" "))],
        body_kind: if n.is_multiple_of(2) { BodyKind::Html } else { BodyKind::Text },
        body: text(7),
        attachments: [file, image, attached].into_iter().take(n % 4).collect(),
        boundary_seed: "5eed".into(),
        ..Composition::default()
    }
}

fn case(composition: &Composition) -> Value {
    let is_html = composition.body_kind == BodyKind::Html;
    let lines = |text: &str| text.replace("\r\n", "\n");
    let plain = if is_html { html_to_text(&composition.body) } else { composition.body.clone() };
    let people = |list: &[NameAddr]| list.iter().map(|a| json!([a.name, a.address])).collect::<Vec<_>>();
    let (inline, files): (Vec<_>, Vec<_>) = composition.attachments.iter().partition(|a| is_html && a.is_inline);
    let file = |a: &Attachment| {
        let disposition = if a.is_inline { "inline" } else { "attachment" };
        let identifier = a.content_id.as_ref().map(|id| format!("<{id}>"));
        json!([a.name, a.media_type, disposition, identifier, STANDARD.encode(&a.octets)])
    };
    let mut names =
        vec!["From", "To", "Cc", "Subject", "X-Test", "References", "MIME-Version", "Content-Type", "Content-Transfer-Encoding"];
    names.retain(|&name| match name {
        "To" => !composition.to.is_empty(),
        "Subject" => !composition.subject.is_empty(),
        "Content-Transfer-Encoding" => !is_html && composition.attachments.is_empty(),
        _ => true,
    });
    json!({
        "message": STANDARD.encode(mime::written(&compose(composition))),
        "expected": {
            "defects": [],
            "names": names,
            "from": people(&composition.from),
            "to": people(&composition.to),
            "cc": people(&composition.cc),
            "subject": Some(&composition.subject).filter(|s| !s.is_empty()),
            "x": composition.fields[0].1,
            "references": composition.fields[1].1,
            "plain": lines(&plain),
            "html": is_html.then(|| lines(&composition.body)),
            "files": inline.into_iter().chain(files).map(file).collect::<Vec<_>>(),
        },
    })
}
