//! `[[issuers]]`: whose tokens are taken beside our own.

use super::raw::RawIssuer;
use identity::{FetchAddress, TrustedIssuer};
use std::path::PathBuf;

/// An issuer, and the file of the authorities by which its certificate is checked; the system's where there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuerConfig {
    /// Who, and for what.
    pub trusted: TrustedIssuer,
    /// A file in PEM.
    pub ca: Option<PathBuf>,
}

/// The issuers of a file of settings. What is wrong with one is noted, and it is left out.
pub(super) fn issuers(raw: &[RawIssuer], errors: &mut Vec<String>) -> Vec<IssuerConfig> {
    let mut issuers: Vec<IssuerConfig> = Vec::new();
    for one in raw {
        let found = errors.len();
        if one.issuer.trim().is_empty() {
            errors.push("An entry of issuers has no issuer; it must be what iss is in its tokens.".to_owned());
        }
        if issuers.iter().any(|other| other.trusted.issuer == one.issuer) {
            errors.push(format!("The issuer \"{}\" stands twice.", one.issuer));
        }
        if one.audiences.is_empty() || one.audiences.iter().any(|audience| audience.trim().is_empty()) {
            errors.push(format!("The issuer \"{}\" must have audiences, one at least, and none of them empty.", one.issuer));
        }
        for (name, value) in [("tenant", &one.tenant), ("person", &one.person)] {
            if value.as_ref().is_some_and(|text| text.trim().is_empty()) {
                errors.push(format!("{name} of the issuer \"{}\" is empty; leave it out, or say what it must be.", one.issuer));
            }
        }
        let metadata = metadata(one, errors);
        if let Some(metadata) = metadata.filter(|_| errors.len() == found) {
            issuers.push(IssuerConfig { trusted: trusted(one, metadata), ca: one.ca.clone() });
        }
    }
    issuers
}

fn metadata(one: &RawIssuer, errors: &mut Vec<String>) -> Option<FetchAddress> {
    let found = match &one.discovery {
        Some(address) => FetchAddress::parse(address),
        None => FetchAddress::of_metadata(&one.issuer),
    };
    if found.is_none() {
        let address = one.discovery.as_ref().unwrap_or(&one.issuer);
        errors.push(format!(
            "\"{address}\" is no address from which keys may come; it must begin with https:// (http:// only on this machine)."
        ));
    }
    found
}

fn trusted(one: &RawIssuer, metadata: FetchAddress) -> TrustedIssuer {
    TrustedIssuer {
        issuer: one.issuer.clone(),
        metadata,
        metadata_name_issuer: one.discovery.is_none(),
        audiences: one.audiences.clone(),
        tenant: one.tenant.clone(),
        person: one.person.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::RawConfig;

    fn read(text: &str) -> (Vec<IssuerConfig>, Vec<String>) {
        let raw: RawConfig = toml::from_str(text).expect("TOML");
        let mut errors = Vec::new();
        (issuers(&raw.issuers, &mut errors), errors)
    }

    #[test]
    fn an_issuer_is_its_address_unless_another_is_named() {
        let (found, errors) = read(
            "[[issuers]]\nissuer = 'https://login.example/t/v2.0'\naudiences = ['api://restante']\n[[issuers]]
             issuer = 'https://sts.example/t/'\ndiscovery = 'https://login.example/t/.well-known/openid-configuration'
             audiences = ['a', 'b']\ntenant = 't'\nperson = 'oid'\nca = 'ca.pem'",
        );
        assert_eq!(errors, Vec::<String>::new());
        let [first, second] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!(first.trusted.metadata.as_str(), "https://login.example/t/v2.0/.well-known/openid-configuration");
        assert!(first.trusted.metadata_name_issuer && !second.trusted.metadata_name_issuer);
        assert_eq!(second.trusted.metadata.as_str(), "https://login.example/t/.well-known/openid-configuration");
        assert_eq!((second.trusted.person.as_deref(), &second.ca), (Some("oid"), &Some("ca.pem".into())));
        assert_eq!((second.trusted.tenant.as_deref(), second.trusted.audiences.len()), (Some("t"), 2));
    }

    #[test]
    fn what_would_trust_too_much_is_refused() {
        let good = "[[issuers]]\nissuer = 'https://a.example'\naudiences = ['x']\n";
        for (text, named) in [
            ("issuer = 'http://login.example'\naudiences = ['x']", "https://"),
            ("issuer = 'https://b.example'\ndiscovery = 'http://b.example/c'\naudiences = ['x']", "\"http://b.example/c\""),
            ("issuer = 'https://b.example'", "audiences"),
            ("issuer = 'https://b.example'\naudiences = []", "audiences"),
            ("issuer = 'https://b.example'\naudiences = ['']", "audiences"),
            ("issuer = 'https://b.example'\naudiences = ['x']\ntenant = ''", "tenant"),
            ("issuer = 'https://b.example'\naudiences = ['x']\nperson = ' '", "person"),
            ("issuer = 'https://a.example'\naudiences = ['x']", "twice"),
            ("audiences = ['x']\ndiscovery = 'https://b.example/c'", "no issuer"),
        ] {
            let (found, errors) = read(&format!("{good}[[issuers]]\n{text}"));
            assert_eq!((found.len(), errors.len()), (1, 1), "{text}: {errors:?}");
            assert!(errors[0].contains(named) && errors[0].ends_with('.'), "{errors:?}");
        }
    }
}
