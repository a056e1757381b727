//! Whom we trust: chains of certificates from somebody's own to one that was declared good (RFC 5280 §6, RFC 8550 §4).

use crate::certificate::{Certificate, seconds};
use crate::error::SmimeError;
use crate::ocsp::{Response, Word};
use crate::verdict::RevocationStatus;
use openssl::stack::Stack;
use openssl::x509::store::X509StoreBuilder;
use openssl::x509::verify::{X509VerifyFlags, X509VerifyParam};
use openssl::x509::{CrlStatus, X509, X509Crl, X509KeyUsage, X509Ref, X509StoreContext, X509VerifyResult};
use std::fmt;
use std::sync::Arc;

/// The library's level of 80 bits: no RSA below 1024, no MD5 and no SHA-1 in a chain, which others could have made (RFC 8550
/// §4.3).
const STRENGTH: i32 = 1;

/// The most certificates between somebody's own and one that was declared good.
const MAX_DEPTH: i32 = 16;

/// Certificates that are trusted, and lists of what was revoked.
#[derive(Debug, Clone, Default)]
pub struct Trust {
    roots: Vec<X509>,
    crls: Vec<Crl>,
    responses: Vec<Response>,
}

/// What came with a signature about certificates that were revoked.
#[derive(Default)]
pub(crate) struct Stapled {
    pub(crate) crls: Vec<X509Crl>,
    pub(crate) responses: Vec<Response>,
}

/// A revocation list (RFC 5280 §5), which may be large: read once, and shared.
#[derive(Clone)]
struct Crl(Arc<X509Crl>);

impl fmt::Debug for Crl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Crl")
    }
}

/// A chain that was built, or why none could be.
#[derive(Debug, Clone)]
pub(crate) struct Chain {
    /// Somebody's own certificate first.
    pub(crate) certificates: Vec<X509>,
    /// Nothing where it leads to somebody whom we trust.
    pub(crate) fault: Option<String>,
}

impl Chain {
    /// Whether each certificate of it is valid at a time, in seconds since 1970.
    pub(crate) fn covers(&self, at: i64) -> bool {
        let valid = |one: &X509| {
            let (from, until) = (seconds(one.not_before()), seconds(one.not_after()));
            from.is_some_and(|from| from <= at) && until.is_some_and(|until| at <= until)
        };
        self.certificates.iter().all(valid)
    }
}

impl Trust {
    /// Trusts every certificate in `octets` (PEM, or one in DER).
    ///
    /// # Errors
    /// [`SmimeError::Key`].
    pub fn add_roots(&mut self, octets: &[u8]) -> Result<(), SmimeError> {
        self.roots.extend(Certificate::read(octets)?.into_iter().map(|one| one.0));
        Ok(())
    }

    /// A revocation list (PEM or DER).
    ///
    /// # Errors
    /// [`SmimeError::Key`].
    pub fn add_crl(&mut self, octets: &[u8]) -> Result<(), SmimeError> {
        let crl = X509Crl::from_pem(octets).or_else(|_| X509Crl::from_der(octets));
        let crl = crl.map_err(|_| SmimeError::Key("these octets are not a revocation list".to_owned()))?;
        self.crls.push(Crl(Arc::new(crl)));
        Ok(())
    }

    /// What a responder answered about a certificate (OCSP, in DER).
    ///
    /// # Errors
    /// [`SmimeError::Key`].
    pub fn add_ocsp(&mut self, octets: &[u8]) -> Result<(), SmimeError> {
        self.responses.push(Response::read(octets)?);
        Ok(())
    }

    /// Whether nobody is trusted.
    pub fn is_empty(&self) -> bool {
        self.roots.is_empty()
    }

    /// The chain of a certificate at a time, in seconds since 1970.
    pub(crate) fn chain(&self, of: &X509Ref, others: &[X509], at: i64) -> Result<Chain, SmimeError> {
        let strong = self.built(of, others, at, STRENGTH)?;
        if strong.fault.is_none() {
            return Ok(strong);
        }
        // What is weak is told before what is worse; the other fault is the one to tell.
        let any = self.built(of, others, at, 0)?;
        Ok(if any.fault.is_some() { any } else { strong })
    }

    fn built(&self, of: &X509Ref, others: &[X509], at: i64, strength: i32) -> Result<Chain, SmimeError> {
        let mut store = X509StoreBuilder::new()?;
        for root in &self.roots {
            store.add_cert(root.clone())?;
        }
        let mut parameters = X509VerifyParam::new()?;
        parameters.set_time(at);
        parameters.set_auth_level(strength);
        parameters.set_depth(MAX_DEPTH);
        // A certificate that was declared good ends the chain, self-signed or not (RFC 5280 §6.1.1 (d)).
        parameters.set_flags(X509VerifyFlags::PARTIAL_CHAIN)?;
        store.set_param(&parameters)?;
        let mut between = Stack::new()?;
        for other in others {
            between.push(other.clone())?;
        }
        let mut context = X509StoreContext::new()?;
        let (result, certificates) = context.init(&store.build(), of, &between, |context| {
            context.verify_cert()?;
            let chain = context.chain().map(|chain| chain.iter().map(ToOwned::to_owned).collect::<Vec<X509>>());
            Ok((context.error(), chain.unwrap_or_default()))
        })?;
        let fault = (result != X509VerifyResult::OK).then(|| result.error_string().to_owned());
        Ok(Chain { fault: fault.or_else(|| unfit(&certificates)), certificates })
    }

    /// Whether a list that was given names a certificate; whose issuer it is of goes by the name alone, since the operator gave it.
    pub fn revokes(&self, certificate: &Certificate) -> bool {
        let issuer = certificate.0.issuer_name();
        let is_of = |list: &X509Crl| list.issuer_name().try_cmp(issuer).is_ok_and(|order| order.is_eq());
        self.crls.iter().any(|list| is_of(&list.0) && revoked(&list.0, &certificate.0))
    }

    /// What lists and responses say of a chain that ends where we trust; `stapled` came with the message. What others revoke is nobody's
    /// word, and may be made to take any time.
    pub(crate) fn revocation(&self, chain: &Chain, stapled: &Stapled, at: i64) -> RevocationStatus {
        let own = || self.crls.iter().map(|crl| crl.0.as_ref());
        let anchored = chain.certificates.last().is_some_and(|last| self.roots.contains(last));
        if !anchored || chain.certificates.len() < 2 {
            return RevocationStatus::Unchecked;
        }
        let mut found = RevocationStatus::Good;
        for pair in chain.certificates.windows(2) {
            let [subject, issuer] = pair else { continue };
            let responses = self.responses.iter().chain(&stapled.responses);
            let said: Vec<Word> = responses.filter_map(|response| response.says(subject, issuer, at)).collect();
            if said.contains(&Word::Revoked) {
                return RevocationStatus::Revoked;
            }
            let lists: Vec<&X509Crl> = own().chain(&stapled.crls).filter(|list| is_of(list, issuer, at)).collect();
            let (current, outdated): (Vec<_>, Vec<_>) = lists.into_iter().partition(|list| is_current(list, at));
            // Who was revoked stays so: a list that is outdated says that still, but no longer that nobody was.
            let named = |lists: &[&X509Crl]| lists.iter().any(|list| revoked(list, subject));
            match current.is_empty() {
                true if named(&outdated) => return RevocationStatus::Revoked,
                true if said.is_empty() => found = RevocationStatus::Unchecked,
                true => {}
                false if named(&current) => return RevocationStatus::Revoked,
                false => {}
            }
        }
        found
    }
}

fn revoked(list: &X509Crl, subject: &X509) -> bool {
    matches!(list.get_by_cert(subject), CrlStatus::Revoked(_))
}

/// Whether a list is its issuer's, and was there at the time.
fn is_of(list: &X509Crl, issuer: &X509, at: i64) -> bool {
    let same_name = list.issuer_name().try_cmp(issuer.subject_name()).is_ok_and(|order| order.is_eq());
    let may = issuer.key_usage().is_none_or(|usage| usage.contains(X509KeyUsage::CRL_SIGN));
    let signed = || issuer.public_key().and_then(|key| list.verify(&key)).unwrap_or(false);
    let begun = seconds(list.last_update()).is_some_and(|begin| begin <= at);
    same_name && may && begun && signed()
}

fn is_current(list: &X509Crl, at: i64) -> bool {
    list.next_update().is_none_or(|end| seconds(end).is_some_and(|end| at <= end))
}

/// What RFC 8550 wants of a chain beyond RFC 5280: everybody in it is for mail.
fn unfit(certificates: &[X509]) -> Option<String> {
    let unfit = certificates.iter().any(|one| !Certificate(one.clone()).is_for_mail());
    unfit.then(|| "unsuitable certificate purpose".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_holds_no_certificate_is_refused() {
        let mut trust = Trust::default();
        for octets in [&b""[..], b"hello", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
            assert!(trust.add_roots(octets).is_err() && trust.add_crl(octets).is_err());
        }
        assert!(trust.is_empty());
    }
}
