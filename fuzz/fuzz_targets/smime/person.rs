//! Somebody with a key that signs and opens, made anew by each process: what it makes is never compared.

use crate::keys::NOW;
use openssl::asn1::Asn1Time;
use openssl::bn::BigNum;
use openssl::ec::{EcGroup, EcKey};
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::x509::{X509, X509NameBuilder};
use smime::{Key, Trust};
use std::sync::OnceLock;

pub struct Person {
    pub key: Key,
    pub trust: Trust,
}

pub fn ann() -> &'static Person {
    static ANN: OnceLock<Person> = OnceLock::new();
    ANN.get_or_init(|| {
        let curve = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).expect("P-256");
        let key = PKey::from_ec_key(EcKey::generate(&curve).expect("a key")).expect("a key");
        let certificate = certificate(&key).expect("a certificate").to_pem().expect("PEM");
        let mut trust = Trust::default();
        trust.add_roots(&certificate).expect("a certificate");
        let key = Key::from_pem(&certificate, &key.private_key_to_pem_pkcs8().expect("PEM"), "").expect("a key");
        Person { key, trust }
    })
}

fn certificate(key: &PKey<Private>) -> Result<X509, ErrorStack> {
    let mut name = X509NameBuilder::new()?;
    name.append_entry_by_nid(Nid::COMMONNAME, "Ann")?;
    let name = name.build();
    let mut builder = X509::builder()?;
    builder.set_version(2)?;
    let serial = BigNum::from_u32(7)?.to_asn1_integer()?;
    builder.set_serial_number(&serial)?;
    builder.set_subject_name(&name)?;
    builder.set_issuer_name(&name)?;
    let (begin, end) = (Asn1Time::from_unix(NOW - 1000)?, Asn1Time::from_unix(NOW + 1000)?);
    builder.set_not_before(&begin)?;
    builder.set_not_after(&end)?;
    builder.set_pubkey(key)?;
    builder.sign(key, MessageDigest::sha256())?;
    Ok(builder.build())
}
