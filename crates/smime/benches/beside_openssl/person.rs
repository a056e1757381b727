//! Somebody, with a certificate of an authority's.

use openssl::asn1::Asn1Time;
use openssl::bn::BigNum;
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{Id, PKey, Private};
use openssl::rsa::Rsa;
use openssl::x509::extension::{BasicConstraints, ExtendedKeyUsage, KeyUsage, SubjectAlternativeName};
use openssl::x509::{X509, X509Builder, X509Name, X509NameBuilder};
use smime::{Key, Trust};

/// 2026-11-25
pub const NOW: i64 = 1_795_600_000;

pub struct Authority {
    pub certificate: X509,
    pub trust: Trust,
    private: PKey<Private>,
}

/// One key, as ours has it and as theirs does.
pub struct Person {
    pub algorithm: &'static str,
    pub key: Key,
    pub private: PKey<Private>,
    pub certificate: X509,
}

pub fn rsa() -> PKey<Private> {
    PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap()
}

pub fn p256() -> PKey<Private> {
    PKey::from_ec_key(EcKey::generate(&EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap()).unwrap()).unwrap()
}

fn name(common: &str) -> X509Name {
    let mut name = X509NameBuilder::new().unwrap();
    name.append_entry_by_nid(Nid::COMMONNAME, common).unwrap();
    name.build()
}

fn begun(subject: &str, serial: u32, key: &PKey<Private>) -> X509Builder {
    let mut builder = X509::builder().unwrap();
    builder.set_version(2).unwrap();
    builder.set_serial_number(&BigNum::from_u32(serial).unwrap().to_asn1_integer().unwrap()).unwrap();
    builder.set_subject_name(&name(subject)).unwrap();
    builder.set_issuer_name(&name("Authority")).unwrap();
    builder.set_not_before(&Asn1Time::from_unix(NOW - 1000).unwrap()).unwrap();
    builder.set_not_after(&Asn1Time::from_unix(NOW + 1000).unwrap()).unwrap();
    builder.set_pubkey(key).unwrap();
    builder
}

impl Authority {
    pub fn new() -> Authority {
        let private = rsa();
        let mut builder = begun("Authority", 1, &private);
        builder.append_extension(BasicConstraints::new().critical().ca().build().unwrap()).unwrap();
        builder.append_extension(KeyUsage::new().critical().key_cert_sign().crl_sign().build().unwrap()).unwrap();
        builder.sign(&private, MessageDigest::sha256()).unwrap();
        let certificate = builder.build();
        let mut trust = Trust::default();
        trust.add_roots(&certificate.to_pem().unwrap()).unwrap();
        Authority { certificate, trust, private }
    }

    pub fn person(&self, private: PKey<Private>) -> Person {
        let mut builder = begun("Ann", 2, &private);
        let context = builder.x509v3_context(Some(&self.certificate), None);
        let names = SubjectAlternativeName::new().email("ann@smime.example").build(&context).unwrap();
        builder.append_extension(names).unwrap();
        let usage = KeyUsage::new().digital_signature().key_encipherment().key_agreement().build().unwrap();
        builder.append_extension(usage).unwrap();
        builder.append_extension(ExtendedKeyUsage::new().email_protection().build().unwrap()).unwrap();
        builder.sign(&self.private, MessageDigest::sha256()).unwrap();
        let certificate = builder.build();
        let key = Key::from_pem(&certificate.to_pem().unwrap(), &private.private_key_to_pem_pkcs8().unwrap(), "").unwrap();
        let algorithm = if private.id() == Id::RSA { "RSA-2048" } else { "P-256" };
        Person { algorithm, key, private, certificate }
    }
}
