//! Signatures checked (RFC 5652 §5.6, RFC 8550 §3 and §4).

use crate::ber::element;
use crate::certificate::Certificate;
use crate::cms::{Cms, Filter, SignerInfo};
use crate::error::SmimeError;
use crate::ocsp::Response;
use crate::split::{Content, ContentType, Split, split};
use crate::trust::{Chain, Stapled, Trust};
use crate::verdict::{ChainStatus, ChainVerdict, RevocationStatus, Signer, Status};
use bytes::Bytes;
use openssl::sha::Sha256;
use openssl::x509::{X509, X509KeyUsage};
use std::io::{self, Write};

const SET: u8 = 0x31;

/// Against what signatures are checked.
#[derive(Clone, Copy)]
pub(crate) struct Against<'t> {
    pub(crate) trust: &'t Trust,
    /// Seconds since 1970.
    pub(crate) now: i64,
}

/// The octets that a detached signature is over: those that stand there, with every line end made CRLF for the digest alone
/// (RFC 8551 §3.1.1).
pub(crate) struct Canonical {
    pub(crate) octets: u64,
    pub(crate) sha256: [u8; 32],
}

impl Canonical {
    fn of(signed: &[u8], sink: &mut dyn FnMut(&[u8]) -> Result<(), SmimeError>) -> Result<Canonical, SmimeError> {
        let (mut hash, mut count) = (Sha256::new(), 0);
        with_crlf(signed, &mut |octets| {
            hash.update(octets);
            count += octets.len() as u64;
            sink(octets)
        })?;
        Ok(Canonical { octets: count, sha256: hash.finish() })
    }
}

/// Checks a detached signature over `signed`; what that is, is told also where there is nothing to check.
pub(crate) fn detached(
    cms: impl Iterator<Item = Bytes>,
    signed: &[u8],
    against: Against<'_>,
) -> Result<(Canonical, Result<Vec<Signer>, SmimeError>), SmimeError> {
    let mut hash = Sha256::new();
    let split = split(cms, &mut |octets| {
        hash.update(octets);
        Ok(())
    });
    let structure = split.and_then(|split| {
        let enclosed = split.has_content.then(|| hash.finish());
        Ok((signed_data(&split)?, stapled(&split), enclosed))
    });
    let (structure, responses, enclosed) = match structure {
        Ok(structure) => structure,
        Err(error) => return Ok((Canonical::of(signed, &mut |_| Ok(()))?, Err(error))),
    };
    let filter = filter_of(&structure, false).ok();
    let Some(mut filter) = filter else { return Ok((Canonical::of(signed, &mut |_| Ok(()))?, Err(NO_DIGEST))) };
    let canonical = Canonical::of(signed, &mut |octets| filter.push(octets, &mut io::sink()))?;
    filter.finish(&mut io::sink())?;
    // A reader that looks at the one while the other is verified would be deceived.
    if enclosed.is_some_and(|enclosed| enclosed != canonical.sha256) {
        return Ok((canonical, Err(SmimeError::Malformed("the signature encloses another text than the one beside it"))));
    }
    let verified = verified(&structure, &filter, responses, against);
    Ok((canonical, verified))
}

const NO_DIGEST: SmimeError = SmimeError::Malformed("the signature names no digest that is known");

/// Checks a signature that encloses what it signs, which is written to `out`.
pub(crate) fn enclosing(
    content: Content<'_>,
    around: &Split,
    out: &mut dyn Write,
    against: Against<'_>,
) -> Result<Vec<Signer>, SmimeError> {
    let structure = signed_data(around)?;
    let mut filter = filter_of(&structure, true)?;
    content(&mut |octets| filter.push(octets, out))?;
    filter.finish(out)?;
    verified(&structure, &filter, stapled(around), against)
}

/// Responses that came along; of certificates there are no more.
fn stapled(split: &Split) -> Vec<Response> {
    Response::stapled(&split.around)
}

/// The most signers of a structure, and the most digests: the library nests its calls as deep as there are digests, and each
/// signer costs a chain.
const MAX_SIGNERS: usize = 16;
/// The most certificates of a structure, and the most revocation lists: each signer's are looked for among all.
const MAX_CERTIFICATES: usize = 256;

fn signed_data(split: &Split) -> Result<Cms, SmimeError> {
    if split.content_type != ContentType::Signed {
        return Err(SmimeError::Malformed("the structure is not a signature"));
    }
    match is_of_measure(&split.around) {
        Some(true) => Ok(Cms::read(&split.around)?),
        Some(false) => Err(SmimeError::Malformed("more signers or certificates than any message has")),
        None => Err(SmimeError::Malformed("a structure whose members can't be told apart")),
    }
}

/// Whether no member of SignedData (RFC 5652 §5.1) has too many of its own; nothing where that can't be said.
fn is_of_measure(around: &[u8]) -> Option<bool> {
    let (content_info, _) = element(around)?;
    let signed_data = content_info.elements().nth(1)?.elements().next()?;
    signed_data.count()?;
    let mut good = true;
    for member in signed_data.elements().filter(|member| member.is_constructed()) {
        // Sets are of digests and signers, what is tagged is of certificates and lists.
        let most = if member.tag == SET { MAX_SIGNERS } else { MAX_CERTIFICATES };
        good &= member.count()? <= most;
    }
    Some(good)
}

fn filter_of(structure: &Cms, keeps: bool) -> Result<Filter<'_>, SmimeError> {
    structure.filter(keeps).map_err(|_| NO_DIGEST)
}

fn verified(
    structure: &Cms,
    filter: &Filter<'_>,
    responses: Vec<Response>,
    against: Against<'_>,
) -> Result<Vec<Signer>, SmimeError> {
    let certificates = structure.certificates();
    let stapled = Stapled { crls: structure.crls(), responses };
    let infos = structure.signers();
    infos.iter().map(|info| signer(info, filter, (&certificates, &stapled), against)).collect()
}

/// Digests for which nobody can make two texts that have the same, by the library's names. MD5 and SHA-1, which RFC 8551
/// §B keeps for old mail alone, are none of them.
const DIGESTS: [&str; 12] = [
    "SHA224",
    "SHA256",
    "SHA384",
    "SHA512",
    "SHA512-224",
    "SHA512-256",
    "SHA3-224",
    "SHA3-256",
    "SHA3-384",
    "SHA3-512",
    "SHAKE128",
    "SHAKE256",
];

/// Digests for which anybody finds another text at once: what is signed with them is nobody's word (RFC 6149, RFC 6150, RFC 6151
/// §2).
const FORGED: [&str; 3] = ["MD2", "MD4", "MD5"];

fn signer(
    info: &SignerInfo<'_>,
    filter: &Filter<'_>,
    (certificates, stapled): (&[X509], &Stapled),
    against: Against<'_>,
) -> Result<Signer, SmimeError> {
    let (digest, signature) = info.algorithms();
    let signing_time = info.signing_time();
    let Some(own) = info.certificate().map(Certificate) else {
        let reason = "the signer's certificate is not in the message".to_owned();
        return Ok(Signer {
            status: Status::Invalid,
            reason: Some(reason),
            algorithms: vec![digest, signature],
            signing_time,
            ..Signer::default()
        });
    };
    let good = info.verifies(filter);
    let chain = chain_of(&own, certificates, stapled, signing_time, against)?;
    let forgeable = (!DIGESTS.contains(&digest.as_str())).then(|| format!("another text can be made that has the same {digest}"));
    let (status, reason) = match chain.reason.clone().or(forgeable) {
        _ if FORGED.contains(&digest.as_str()) => (Status::Invalid, Some(format!("{digest} can be forged"))),
        _ if !good => (Status::Invalid, Some("the signature is not that of this text".to_owned())),
        None => (Status::Valid, None),
        reason => (Status::Untrusted, reason),
    };
    let addresses = own.addresses();
    let encryption_certificates = match status {
        Status::Valid => encryption_certificates((&own, &addresses), (certificates, stapled), against)?,
        _ => Vec::new(),
    };
    let (not_before, not_after) = own.validity();
    Ok(Signer {
        status,
        reason,
        address: addresses.first().cloned(),
        addresses,
        subject: Some(own.subject()),
        issuer: Some(own.issuer()),
        serial_number: Some(own.serial_number()),
        fingerprint: Some(own.fingerprint()),
        usages: own.usages(),
        not_before: Some(not_before),
        not_after: Some(not_after),
        signing_time,
        algorithms: vec![digest, signature, own.key_algorithm()],
        encryption_certificates,
        chain,
        ..Signer::default() // who the author is, is not known here
    })
}

/// By which mail can be encrypted for a signer whom we trust: his own certificate, and others of his that came along (RFC 8551
/// §2.5.2: some have one for each purpose).
fn encryption_certificates(
    (own, addresses): (&Certificate, &[String]),
    (others, stapled): (&[X509], &Stapled),
    against: Against<'_>,
) -> Result<Vec<Certificate>, SmimeError> {
    let mut found: Vec<Certificate> = own.may_encrypt().then(|| own.clone()).into_iter().collect();
    // Those who vouch for him come along with every signature, and are nobody to write to.
    let vouches = |one: &X509| one.key_usage().is_some_and(|usage| usage.contains(X509KeyUsage::KEY_CERT_SIGN));
    for one in others.iter().filter(|one| !vouches(one) && **one != own.0).cloned().map(Certificate) {
        let is_his = || addresses.iter().any(|address| one.is_for(address));
        if !one.may_encrypt() || !is_his() || found.contains(&one) {
            continue;
        }
        let chain = against.trust.chain(&one.0, others, against.now)?;
        if chain.fault.is_none() && against.trust.revocation(&chain, stapled, against.now) != RevocationStatus::Revoked {
            found.push(one);
        }
    }
    Ok(found)
}

fn chain_of(
    own: &Certificate,
    others: &[X509],
    stapled: &Stapled,
    signing_time: Option<i64>,
    against: Against<'_>,
) -> Result<ChainVerdict, SmimeError> {
    let Against { trust, now } = against;
    let chain = trust.chain(&own.0, others, now)?;
    let then = match signing_time {
        // What is trusted now was trusted then, where all of it was valid: no signature needs to be checked again.
        Some(then) if chain.fault.is_none() && chain.covers(then) => Some(chain.clone()),
        Some(then) => Some(trust.chain(&own.0, others, then)?),
        None => None,
    };
    let revocation = trust.revocation(&chain, stapled, now);
    let reason = fault(own, &chain, revocation);
    Ok(ChainVerdict {
        status: status(reason.is_none()),
        reason,
        at_signing_time: then.map(|then| status(fault(own, &then, revocation).is_none())),
        revocation,
        subjects: chain.certificates.into_iter().map(|one| Certificate(one).subject()).collect(),
    })
}

fn status(good: bool) -> ChainStatus {
    if good { ChainStatus::Valid } else { ChainStatus::Invalid }
}

fn fault(own: &Certificate, chain: &Chain, revocation: RevocationStatus) -> Option<String> {
    let unfit = || (!own.may_sign()).then(|| "unsuitable certificate purpose".to_owned());
    let revoked = || (revocation == RevocationStatus::Revoked).then(|| "certificate revoked".to_owned());
    chain.fault.clone().or_else(unfit).or_else(revoked)
}

/// Gives octets with every line feed that has no carriage return before it made CRLF.
fn with_crlf(octets: &[u8], sink: &mut dyn FnMut(&[u8]) -> Result<(), SmimeError>) -> Result<(), SmimeError> {
    let mut from = 0;
    for at in memchr::memchr_iter(b'\n', octets) {
        if at == 0 || octets[at - 1] != b'\r' {
            sink(&octets[from..at])?;
            sink(b"\r\n")?;
            from = at + 1;
        }
    }
    sink(&octets[from..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_bare_line_feeds_become_crlf() {
        for (given, expected) in
            [(&b"a\nb\r\nc\rd\n\n"[..], &b"a\r\nb\r\nc\rd\r\n\r\n"[..]), (b"\n", b"\r\n"), (b"", b""), (b"a\r\n", b"a\r\n")]
        {
            let mut out = Vec::new();
            with_crlf(given, &mut |octets| {
                out.extend_from_slice(octets);
                Ok(())
            })
            .expect("a vector takes all");
            assert_eq!(out, expected);
        }
    }
}
