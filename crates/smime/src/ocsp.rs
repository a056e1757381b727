//! What an authority answered about a certificate (OCSP, RFC 6960): a response that was given, or that came with a signature
//! (RFC 5940). Nobody is asked here.

use crate::ber::{CONTEXT_0, OBJECT_IDENTIFIER, SEQUENCE, after, element};
use crate::certificate::seconds;
use crate::cms::as_time;
use crate::error::SmimeError;
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::ocsp::{OcspCertId, OcspCertStatus, OcspFlag, OcspResponse, OcspResponseStatus};
use openssl::stack::Stack;
use openssl::x509::store::{X509Store, X509StoreBuilder};
use openssl::x509::verify::{X509VerifyFlags, X509VerifyParam};
use openssl::x509::{X509, X509Ref};
use std::sync::Arc;

/// id-ri-ocsp-response, 1.3.6.1.5.5.7.16.2 (RFC 5940 §2.1)
const OCSP_RESPONSE: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x10, 0x02];
/// `[1]`: the revocation information of a SignedData, and in it what is no list (RFC 5652 §10.2.1).
const CONTEXT_1: u8 = 0xa1;

/// A response (DER), as it was given.
#[derive(Debug, Clone)]
pub(crate) struct Response(Arc<[u8]>);

/// What a response says of a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Word {
    /// It was good, by a response that is current.
    Good,
    /// It was revoked.
    Revoked,
}

impl Response {
    /// # Errors
    /// [`SmimeError::Key`]: it is no response, or tells of no certificate.
    pub(crate) fn read(der: &[u8]) -> Result<Response, SmimeError> {
        let response = OcspResponse::from_der(der).ok().filter(|response| response.status() == OcspResponseStatus::SUCCESSFUL);
        let refused = || SmimeError::Key("these octets are no answer of an OCSP responder".to_owned());
        response.and_then(|response| response.basic().ok()).map(|_| Response(der.into())).ok_or_else(refused)
    }

    /// Those that came with a SignedData: the structure without its content, in BER.
    pub(crate) fn stapled(around: &[u8]) -> Vec<Response> {
        let of_structure = || {
            let mut content_info = element(around).filter(|(found, _)| found.tag == SEQUENCE)?.0.elements();
            let explicit = content_info.nth(1).filter(|found| found.tag == CONTEXT_0)?;
            let structure = explicit.elements().next()?;
            structure.elements().find(|found| found.tag == CONTEXT_1)
        };
        let others = of_structure().into_iter().flat_map(|found| found.elements()).filter(|found| found.tag == CONTEXT_1);
        let responses = others.filter_map(|other| {
            let (kind, response) = element(other.content)?;
            let is_response = kind.tag == OBJECT_IDENTIFIER && kind.content == OCSP_RESPONSE;
            Response::read(after(response).filter(|_| is_response)?.0).ok()
        });
        responses.collect()
    }

    /// What it says of `subject`, whose issuer is trusted, at a time in seconds since 1970. Nothing where it speaks of another
    /// one, isn't the issuer's word or that of somebody whom the issuer lets answer (RFC 6960 §4.2.2.2), or is not of that time.
    pub(crate) fn says(&self, subject: &X509Ref, issuer: &X509, at: i64) -> Option<Word> {
        let basic = OcspResponse::from_der(&self.0).and_then(|response| response.basic()).ok()?;
        let (store, known) = trusting(issuer, at).ok()?;
        basic.verify(&known, &store, OcspFlag::empty()).ok()?;
        [MessageDigest::sha1(), MessageDigest::sha256()].into_iter().find_map(|digest| {
            let id = OcspCertId::from_cert(digest, subject, issuer).ok()?;
            let found = basic.find_status(&id)?;
            let begun = seconds(as_time(found.this_update)).is_some_and(|begin| begin <= at);
            // Without an end, newer ones are always to be had (RFC 6960 §4.2.2.1): it says nothing for long.
            let current = found.next_update().and_then(|end| seconds(as_time(end))).is_some_and(|end| at <= end);
            match found.status {
                OcspCertStatus::REVOKED if begun => Some(Word::Revoked),
                OcspCertStatus::GOOD if begun && current => Some(Word::Good),
                _ => None,
            }
        })
    }
}

/// A store in which the issuer alone is trusted, and the issuer for a responder that isn't named.
fn trusting(issuer: &X509, at: i64) -> Result<(X509Store, Stack<X509>), ErrorStack> {
    let mut store = X509StoreBuilder::new()?;
    store.add_cert(issuer.clone())?;
    let mut parameters = X509VerifyParam::new()?;
    parameters.set_time(at);
    parameters.set_flags(X509VerifyFlags::PARTIAL_CHAIN)?;
    store.set_param(&parameters)?;
    let mut known = Stack::new()?;
    known.push(issuer.clone())?;
    Ok((store.build(), known))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_response_is_refused_and_nothing_is_stapled_to_it() {
        for octets in [&b""[..], b"hello", &[0x30, 3, 0x0a, 1, 6]] {
            assert!(Response::read(octets).is_err(), "{octets:?}");
            assert!(Response::stapled(octets).is_empty());
        }
    }
}
