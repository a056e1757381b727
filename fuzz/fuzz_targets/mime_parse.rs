//! Any octets are a message: everything can be asked of it, its octets are the ones given, its spans are in order, and
//! the time is bounded: that of the processor, since the machine may have other work.
#![no_main]

use bytes::Bytes;
use cpu_time::ThreadTime;
use libfuzzer_sys::fuzz_target;
use mime::{Date, Message, NameAddr, msg_ids, pieces};
use std::time::Duration;

/// How deep attached messages are opened.
const DEPTH: usize = 3;

fuzz_target!(|data: &[u8]| {
    let began = ThreadTime::now();
    ask_everything(Bytes::copy_from_slice(data), DEPTH);
    let limit = Duration::from_secs(1) + Duration::from_micros(20) * u32::try_from(data.len()).unwrap_or(u32::MAX);
    assert!(began.elapsed() < limit, "{} octets took {:?}", data.len(), began.elapsed());
});

fn ask_everything(octets: Bytes, depth: usize) {
    let message = Message::parse(octets.clone());
    assert_eq!(*message.octets(), octets);
    spans_are_in_order(&message);
    header(&message);
    message.body();
    message.unique_body();
    message.text_body();
    assert!(message.body_preview().chars().filter(|&c| c != '\r').count() <= 255);
    for part in message.parts() {
        message.parameter(part, "method");
        message.is_alternative(part);
        message.decoded_text(part, usize::MAX);
        let decoded = message.decoded(part);
        assert!(decoded.len() <= part.body.len() + part.body.len() / 2, "nothing is made up");
        if let (Some(attached), true) = (message.attached(part), depth > 0) {
            ask_everything(attached.octets().clone(), depth - 1);
        }
    }
    assert!(message.attachments().count() < message.parts().len() + 1);
    message.has_attachments();
}

fn header(message: &Message) {
    for field in message.fields() {
        assert!(!field.text().contains(char::is_control));
        NameAddr::parse_field(&field);
        Date::parse(&field.body());
        msg_ids(&field.body());
    }
    message.opening();
    message.line_end();
    message.message_id();
    let cuts = message.cuts("Bcc");
    let left: usize = pieces(message.octets(), &cuts).iter().map(Bytes::len).sum();
    assert_eq!(left + cuts.octets(), message.octets().len());
}

fn spans_are_in_order(message: &Message) {
    let parts = message.parts();
    assert!(parts[0].parent.is_none() && parts[0].body.end <= message.octets().len());
    for (index, part) in parts.iter().enumerate() {
        assert!(part.header.start <= part.header.end && part.header.end == part.body.start && part.body.start <= part.body.end);
        let Some(parent) = part.parent else {
            assert_eq!(index, 0);
            continue;
        };
        assert!(parent < index, "a part stands behind its multipart");
        let within = &parts[parent].body;
        assert!(within.start <= part.header.start && part.body.end <= within.end, "a part stands within its multipart");
        let before = parts[..index].iter().rfind(|p| p.parent == part.parent);
        assert!(before.is_none_or(|b| b.body.end <= part.header.start), "parts don't overlap");
    }
}
