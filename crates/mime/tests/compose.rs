//! Composed messages read back, whatever their values are; no value becomes a field, a part or a recipient.

#[path = "properties/compose.rs"]
mod compose;

use mime::{Attachment, BodyKind, Composition, NameAddr};
use proptest::collection::vec;
use proptest::prelude::*;

/// What values are made of to break out of where they stand.
const FRAGMENTS: [&str; 44] = [
    "\r\n",
    "\n",
    "\r",
    "\0",
    "\t",
    " ",
    "   ",
    "\u{7F}",
    "\u{85}",
    "\u{2028}",
    "\"",
    "\\",
    "<",
    ">",
    "(",
    ")",
    "@",
    ",",
    ";",
    ":",
    "=",
    "?",
    "%",
    "'",
    "*",
    ".",
    "a@x.example",
    "> , <evil@x.example",
    "\r\nEvil: 1",
    "\r\n\r\n",
    "=?utf-8?Q?x=0D=0AEvil:_1?=",
    "=?utf-8?B?",
    "?=",
    "--=_mixed_5eed",
    "\r\n--=_alternative_5eed\r\n",
    "\r\n--=_related_5eed--\r\n",
    "From ",
    "\nFrom me",
    "ä",
    "你好",
    "😀",
    "e\u{301}",
    "word",
    "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz",
];

fn hostile() -> impl Strategy<Value = String> {
    let fragment =
        prop_oneof![8 => prop::sample::select(&FRAGMENTS[..]).prop_map(str::to_owned), 1 => any::<char>().prop_map(String::from)];
    prop_oneof![9 => vec(fragment, 0..12).prop_map(|parts| parts.concat()), 1 => "[ -~]{0,3000}"]
}

fn person() -> impl Strategy<Value = NameAddr> {
    let address = prop_oneof![Just("a@x.example".to_owned()), hostile()];
    (hostile(), address).prop_map(|(name, address)| NameAddr { name, address })
}

fn field() -> impl Strategy<Value = (String, String)> {
    let names =
        ["X-Hostile", "Comments", "Thread-Topic", "In-Reply-To", "References", "List-Unsubscribe", "List-Id", "Auto-Submitted"];
    let name = prop_oneof![9 => prop::sample::select(names.to_vec()).prop_map(str::to_owned), 1 => hostile()];
    (name, hostile())
}

fn attachment() -> impl Strategy<Value = Attachment> {
    let types = ["image/png", "TEXT/plain", "message/rfc822", "message/global", "message/delivery-status", "multipart/mixed", ""];
    let media_type = prop_oneof![prop::sample::select(types.to_vec()).prop_map(str::to_owned), hostile()];
    let octets = prop_oneof![vec(any::<u8>(), 0..200), hostile().prop_map(String::into_bytes)];
    (hostile(), media_type, proptest::option::of(hostile()), any::<bool>(), octets).prop_map(
        |(name, media_type, content_id, is_inline, octets)| Attachment {
            name,
            media_type,
            content_id,
            is_inline,
            octets: octets.into(),
        },
    )
}

prop_compose! {
    fn composition()(
        people in (vec(person(), 0..2), proptest::option::of(person()), vec(person(), 0..4), vec(person(), 0..2), vec(person(), 0..2)),
        subject in hostile(),
        fields in vec(field(), 0..4),
        is_html in any::<bool>(),
        body in hostile(),
        attachments in vec(attachment(), 0..4),
    ) -> Composition {
        let (from, sender, to, cc, bcc) = people;
        let body_kind = if is_html { BodyKind::Html } else { BodyKind::Text };
        let (reply_to, boundary_seed) = (to.clone(), "5eed".to_owned());
        Composition { from, sender, to, cc, bcc, reply_to, subject, fields, body_kind, body, attachments, boundary_seed }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_value_reads_back_and_none_breaks_out(composition in composition()) {
        compose::holds(&composition);
    }
}
