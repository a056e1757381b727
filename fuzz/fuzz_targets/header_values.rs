//! Values of header fields: whatever stands in one, nothing that is read from it can end a header line.
#![no_main]

use bytes::Bytes;
use cpu_time::ThreadTime;
use libfuzzer_sys::fuzz_target;
use mime::{AddrSpec, Date, Message, NameAddr, msg_ids, unfold};
use std::time::Duration;

fuzz_target!(|data: &[u8]| {
    let began = ThreadTime::now();
    addresses(data);
    dates(data);
    for id in msg_ids(data) {
        assert!(id.starts_with('<') && id.ends_with('>') && id.len() > 2 && is_one_line(&id), "{id:?}");
    }
    assert!(!unfold(data).contains(&b'\n'));
    for name in ["Subject: ", "To: ", "Message-ID: ", "Content-Type: ", "Content-Disposition: attachment; filename*="] {
        fields(name, data);
    }
    assert!(began.elapsed() < Duration::from_secs(2), "{} octets took {:?}", data.len(), began.elapsed());
});

fn addresses(data: &[u8]) {
    for NameAddr { name, address } in NameAddr::parse_list(data) {
        assert!(is_one_line(&name), "{name:?}");
        assert!(!(name.is_empty() && address.is_empty()));
        if let Some(spec) = AddrSpec::parse(&address) {
            assert!(is_one_line(spec.as_str()) && !spec.domain().is_empty(), "{spec:?}");
            let again = NameAddr::parse_list(format!("<{}>", spec.as_str()).as_bytes());
            assert_eq!(again.first().map(|m| &m.address), Some(&address), "an address reads back");
        }
    }
}

fn dates(data: &[u8]) {
    if let Some(instant) = Date::parse(data) {
        let text = Date::format(instant);
        assert_eq!(Date::parse(text.as_bytes()), Some(instant), "{text}");
    }
}

fn fields(name: &str, data: &[u8]) {
    let octets = Bytes::from([name.as_bytes(), data, b"\r\n\r\nbody"].concat());
    let message = Message::parse(octets.clone());
    for field in message.fields() {
        assert!(is_one_line(&field.text()), "{}", field.name);
        assert!(field.span.end <= octets.len());
    }
    for part in message.parts() {
        message.parameter(part, "charset");
        message.decoded(part);
    }
    message.message_id();
}

fn is_one_line(text: &str) -> bool {
    !text.contains(char::is_control)
}
