//! Messages of any values: each reads back, and none becomes a field, a part or a recipient.
#![no_main]

#[path = "../../crates/mime/tests/properties/compose.rs"]
mod compose;

use libfuzzer_sys::arbitrary::{Result, Unstructured};
use libfuzzer_sys::fuzz_target;
use mime::{Attachment, BodyKind, Composition, NameAddr};

fuzz_target!(|data: &[u8]| {
    if let Ok(composition) = composition(&mut Unstructured::new(data)) {
        compose::holds(&composition);
    }
});

fn composition(u: &mut Unstructured<'_>) -> Result<Composition> {
    Ok(Composition {
        from: people(u)?,
        sender: if u.arbitrary()? { Some(person(u)?) } else { None },
        to: people(u)?,
        cc: people(u)?,
        bcc: people(u)?,
        reply_to: people(u)?,
        subject: u.arbitrary()?,
        fields: list(u, field)?,
        body_kind: if u.arbitrary()? { BodyKind::Html } else { BodyKind::Text },
        body: u.arbitrary()?,
        attachments: list(u, attachment)?,
        boundary_seed: "5eed".to_owned(),
    })
}

fn list<T>(u: &mut Unstructured<'_>, one: impl Fn(&mut Unstructured<'_>) -> Result<T>) -> Result<Vec<T>> {
    (0..u.int_in_range(0..=3)?).map(|_| one(u)).collect()
}

fn people(u: &mut Unstructured<'_>) -> Result<Vec<NameAddr>> {
    list(u, person)
}

fn person(u: &mut Unstructured<'_>) -> Result<NameAddr> {
    Ok(NameAddr { name: u.arbitrary()?, address: u.arbitrary()? })
}

fn field(u: &mut Unstructured<'_>) -> Result<(String, String)> {
    let names = ["X-Fuzz", "Comments", "In-Reply-To", "References", "List-Unsubscribe", "List-Id", "Auto-Submitted"];
    let name = if u.ratio(1, 8)? { u.arbitrary()? } else { (*u.choose(&names)?).to_owned() };
    // Whoever composes refuses a name that has a member of its own.
    let is_own = OWN.iter().any(|own| own.eq_ignore_ascii_case(&name));
    Ok((if is_own { "X-Fuzz".to_owned() } else { name }, u.arbitrary()?))
}

const OWN: [&str; 7] = ["From", "Sender", "Reply-To", "To", "Cc", "Bcc", "Subject"];

fn attachment(u: &mut Unstructured<'_>) -> Result<Attachment> {
    let types = ["image/png", "text/plain", "message/rfc822", "message/delivery-status"];
    Ok(Attachment {
        name: u.arbitrary()?,
        media_type: if u.ratio(1, 4)? { u.arbitrary()? } else { (*u.choose(&types)?).to_owned() },
        content_id: u.arbitrary()?,
        is_inline: u.arbitrary()?,
        octets: u.arbitrary::<Vec<u8>>()?.into(),
    })
}
