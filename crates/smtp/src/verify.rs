//! Who sent what comes in: SPF (RFC 7208), DKIM (RFC 6376), ARC (RFC 8617) and DMARC (RFC 9989), told in one field
//! (RFC 8601). All questions together take two seconds at most; what is not known by then is a temporary error.

use crate::dns::Dns;
use bytes::Bytes;
use mail_auth::dmarc::Policy;
use mail_auth::dmarc::verify::DmarcParameters;
use mail_auth::headers::HeaderWriter;
use mail_auth::spf::verify::SpfParameters;
use mail_auth::{
    AuthenticatedMessage, AuthenticationResults, DkimOutput, DkimResult, DmarcOutput, DmarcResult, MessageAuthenticator,
    SpfOutput, SpfResult,
};
use std::fmt::Write;
use std::net::IpAddr;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::time::{Instant, timeout_at};

/// For all that is asked about one message.
const PATIENCE: Duration = Duration::from_secs(2);
/// What the verifier says of a body that is not the signed one, and what is meant.
const CHANGED_BODY: (&str, &str) = ("=neutral (body hash did not verify)", "=fail (body hash did not verify)");
/// Signatures that are told of, of however many there are.
const TOLD: usize = 10;
/// Octets that are hashed where others wait; more than that is done beside them.
const AT_ONCE: usize = 256 * 1024;

/// Who is asked, and what follows.
#[derive(Clone)]
pub struct Checks {
    /// Whom the questions go to.
    pub dns: Dns,
    /// Whether a message is refused that its author's domain wants refused (DMARC's `p=reject`).
    pub refuses: bool,
}

/// From where a message comes.
#[derive(Debug, Clone)]
pub(crate) struct Origin {
    /// Who we are: the name in the field.
    pub(crate) host: String,
    pub(crate) peer: IpAddr,
    pub(crate) helo: String,
    /// Empty for a report.
    pub(crate) reverse_path: String,
}

/// What was found out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// A whole `Authentication-Results` field, with its CR LF.
    pub(crate) field: String,
    /// The author's domain, where it wants the message refused.
    pub(crate) refused_by: Option<String>,
}

impl Checks {
    /// Looks into a message's origin.
    pub(crate) async fn verify(&self, octets: Bytes, origin: Origin) -> Verdict {
        let authenticator = self.dns.authenticator.clone();
        let host = origin.host.clone();
        let verdict = match octets.len() > AT_ONCE {
            false => verify(&authenticator, &octets, &origin).await,
            true => {
                let beside = move || Handle::current().block_on(verify(&authenticator, &octets, &origin));
                tokio::task::spawn_blocking(beside).await.unwrap_or_else(|_| Verdict::of(&AuthenticationResults::new(&host), ""))
            }
        };
        Verdict { refused_by: verdict.refused_by.filter(|_| self.refuses), ..verdict }
    }
}

impl Verdict {
    fn of(results: &AuthenticationResults<'_>, unknown: &str) -> Verdict {
        let field = results.to_header();
        // A body that was changed is a failure in the words of RFC 8601 §2.7.1, and no oddity of the signature's.
        let field = field.trim_end().replace(CHANGED_BODY.0, CHANGED_BODY.1);
        Verdict { field: format!("{field}{unknown}\r\n"), refused_by: None }
    }
}

async fn verify(authenticator: &MessageAuthenticator, octets: &[u8], origin: &Origin) -> Verdict {
    let deadline = Instant::now() + PATIENCE;
    let spf_of = match origin.reverse_path.as_str() {
        "" => SpfParameters::helo(origin.peer, &origin.helo, &origin.host), // RFC 7208 §2.4
        sender => SpfParameters::mail_from(origin.peer, &origin.helo, &origin.host, sender),
    };
    let results = AuthenticationResults::new(&origin.host);
    let Some(message) = AuthenticatedMessage::parse(octets) else {
        let spf = timeout_at(deadline, authenticator.verify_spf(spf_of)).await.unwrap_or_else(|_| late_spf(origin));
        return Verdict::of(&results.with_spf_result(&spf, &spf_of), "");
    };
    let (spf, dkim, arc) = tokio::join!(
        timeout_at(deadline, authenticator.verify_spf(spf_of)),
        timeout_at(deadline, authenticator.verify_dkim(&message)),
        timeout_at(deadline, authenticator.verify_arc(&message)),
    );
    let spf = spf.unwrap_or_else(|_| late_spf(origin));
    let mut unknown = String::new();
    let mut late = |method: &str| {
        let _ = write!(unknown, ";\r\n\t{method}=temperror (no answer within {} seconds)", PATIENCE.as_secs()); // a String takes all
    };
    let author = message.first_from_address();
    let mut results = results.with_spf_result(&spf, &spf_of);
    match &dkim {
        Ok(dkim) if dkim.is_empty() => {}
        Ok(dkim) => results.set_dkim_results(dkim.get(..TOLD).unwrap_or(dkim), author),
        Err(_) => late("dkim"),
    }
    match &arc {
        Ok(arc) if *arc.result() == DkimResult::None => {}
        Ok(arc) => results.set_arc_result(arc, origin.peer),
        Err(_) => late("arc"),
    }
    let is_whole = dkim.is_ok();
    let dkim = dkim.unwrap_or_default();
    let mut refused_by = None;
    match timeout_at(deadline, dmarc(authenticator, &message, &dkim, &spf, origin)).await {
        // Where a signature could not be looked at, nothing speaks against the message for good.
        Ok(dmarc) if !is_whole && dmarc.result() != DmarcResult::Pass => late("dmarc"),
        Ok(dmarc) => {
            results.set_dmarc_result(&dmarc);
            let is_refused = matches!(dmarc.result(), DmarcResult::Fail(_)) && dmarc.policy() == Policy::Reject;
            refused_by = is_refused.then(|| dmarc.domain().to_owned());
        }
        Err(_) => late("dmarc"),
    }
    Verdict { refused_by, ..Verdict::of(&results, &unknown) }
}

async fn dmarc<'m>(
    authenticator: &MessageAuthenticator,
    message: &'m AuthenticatedMessage<'m>,
    dkim: &'m [DkimOutput<'m>],
    spf: &'m SpfOutput,
    origin: &'m Origin,
) -> DmarcOutput {
    let domain = origin.reverse_path.rsplit_once('@').map_or(origin.helo.as_str(), |(_, domain)| domain);
    authenticator.verify_dmarc(DmarcParameters::new(message, dkim, domain, spf)).await
}

fn late_spf(origin: &Origin) -> SpfOutput {
    SpfOutput::new(origin.helo.clone()).with_result(SpfResult::TempError)
}
