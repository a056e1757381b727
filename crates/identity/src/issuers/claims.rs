//! What a foreign token says, in the words of Entra ID and of Keycloak.

use super::TrustedIssuer;
use crate::error::AuthError;
use serde_json::{Map, Value};
use store::Timestamp;

/// Seconds by which an issuer's clock may differ from ours (RFC 7519 §4.1.4).
const SKEW: i64 = 60;

/// The claims of a token whose signature, issuer and audience are right.
pub(super) struct Claims(Map<String, Value>);

/// Who a token speaks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Subject {
    /// An app for itself.
    App,
    /// A person of this address.
    Address(String),
    /// A person of this id.
    Id(uuid::Uuid),
}

impl Claims {
    pub(super) fn new(claims: Map<String, Value>) -> Claims {
        Claims(claims)
    }

    /// Until when the token is good.
    ///
    /// # Errors
    /// [`AuthError::Expired`] where that is over or has not begun, [`AuthError::Invalid`] where it doesn't say.
    pub(super) fn good_until(&self, now: Timestamp) -> Result<Timestamp, AuthError> {
        let expires = self.time("exp")?.ok_or(AuthError::Invalid)?;
        let until = Timestamp::from_seconds(expires.saturating_add(SKEW));
        let begins = self.time("nbf")?.unwrap_or(i64::MIN).saturating_sub(SKEW);
        if until <= now || Timestamp::from_seconds(begins) > now { Err(AuthError::Expired) } else { Ok(until) }
    }

    /// Whether it is of the tenant that is trusted: an issuer may have others.
    pub(super) fn is_of_tenant(&self, trusted: &TrustedIssuer) -> bool {
        let tid = || self.text("tid").unwrap_or_default();
        trusted.tenant.as_ref().is_none_or(|tenant| tenant.eq_ignore_ascii_case(tid()))
    }

    /// The app that got the token: Entra's v1.0 tokens say it in `appid`, all others in `azp`; RFC 9068 §2.2 has `client_id`.
    pub(super) fn client_id(&self) -> Option<&str> {
        ["appid", "azp", "client_id"].into_iter().find_map(|name| self.text(name))
    }

    /// Who the token speaks for; nothing where it names nobody.
    pub(super) fn subject(&self, trusted: &TrustedIssuer) -> Option<Subject> {
        if self.is_app() {
            return Some(Subject::App);
        }
        match trusted.person.as_deref() {
            None => ["preferred_username", "upn", "email"].into_iter().find_map(|name| self.address(name)),
            Some(id @ ("oid" | "sub")) => uuid::Uuid::try_parse(self.text(id)?).ok().map(Subject::Id),
            Some(name) => self.address(name),
        }
    }

    /// An app's roles, or what a person let an app do: `scp` (Entra), else `scope` (Keycloak, RFC 9068 §2.2.3), names joined by
    /// spaces. A person's roles are what a person may do elsewhere and grant nothing here.
    pub(super) fn permissions(&self, subject: &Subject) -> String {
        match subject {
            Subject::App => match self.0.get("roles") {
                Some(Value::Array(roles)) => roles.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" "),
                _ => String::new(),
            },
            Subject::Address(_) | Subject::Id(_) => {
                ["scp", "scope"].into_iter().find_map(|name| self.text(name)).unwrap_or_default().to_owned()
            }
        }
    }

    /// Whether an app speaks for itself. A person's token must never pass for one, whatever roles it lists, so there must be a
    /// sign of it: `idtyp`, or else what Entra and Keycloak give to apps alone.
    fn is_app(&self) -> bool {
        match self.text("idtyp") {
            Some(kind) => kind == "app",
            None => self.text("scp").is_none() && (self.is_entras_app() || self.is_keycloaks_app()),
        }
    }

    /// Entra's apps have the same `oid` and `sub`, where a person's `sub` is another for each app. Other issuers may give both to
    /// people, and then name them.
    fn is_entras_app(&self) -> bool {
        let of_people = ["scope", "preferred_username", "upn", "unique_name", "email", "name", "given_name", "family_name"];
        self.has_same("oid", "sub") && !of_people.into_iter().any(|name| self.0.contains_key(name))
    }

    /// Keycloak's apps have an account of their own, and `client_id`, which people's sessions don't have (`clientId` where the
    /// client was made before Keycloak 21). People might choose a name, but not the other.
    fn is_keycloaks_app(&self) -> bool {
        let account = self.text("preferred_username").and_then(|name| name.strip_prefix("service-account-"));
        let is_own = account.is_some_and(|id| self.text("azp").is_some_and(|azp| azp.eq_ignore_ascii_case(id)));
        is_own && (self.has_same("client_id", "azp") || self.has_same("clientId", "azp"))
    }

    fn has_same(&self, one: &str, other: &str) -> bool {
        self.text(one).is_some_and(|text| self.text(other) == Some(text))
    }

    /// A claim that is an address. `email` may be what somebody typed, so the issuer must have verified it (OpenID Connect
    /// Core §5.1).
    fn address(&self, name: &str) -> Option<Subject> {
        let is_verified = name != "email" || self.0.get("email_verified").is_some_and(|said| *said == Value::Bool(true));
        let text = self.text(name).filter(|text| is_verified && text.contains('@'))?;
        Some(Subject::Address(text.to_owned()))
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
    }

    /// Seconds since 1970, which may have fractions (RFC 7519 §2).
    fn time(&self, name: &str) -> Result<Option<i64>, AuthError> {
        match self.0.get(name) {
            None => Ok(None),
            Some(value) => value.as_f64().map(|seconds| Some(seconds as i64)).ok_or(AuthError::Invalid),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issuers::FetchAddress;
    use serde_json::json;

    fn claims(value: Value) -> Claims {
        Claims(value.as_object().expect("an object").clone())
    }

    fn trusted(person: Option<&str>) -> TrustedIssuer {
        TrustedIssuer {
            issuer: "https://login.example".into(),
            metadata: FetchAddress::of_metadata("https://login.example").expect("an address"),
            metadata_name_issuer: true,
            audiences: vec!["api://restante".into()],
            tenant: None,
            person: person.map(str::to_owned),
        }
    }

    #[test]
    fn clocks_may_differ_by_a_minute() {
        let now = Timestamp::from_seconds(1_000_000);
        let good = |value: Value| claims(value).good_until(now);
        assert_eq!(good(json!({"exp": 1_000_100})), Ok(Timestamp::from_seconds(1_000_160)));
        assert_eq!(good(json!({"exp": 999_941, "nbf": 1_000_060})), Ok(Timestamp::from_seconds(1_000_001)));
        assert_eq!(good(json!({"exp": 1_000_100.9, "nbf": 0.5})), Ok(Timestamp::from_seconds(1_000_160)));
        assert_eq!(good(json!({"exp": 999_940})), Err(AuthError::Expired));
        assert_eq!(good(json!({"exp": 1_000_100, "nbf": 1_000_061})), Err(AuthError::Expired));
        assert_eq!(good(json!({"exp": -1e300})), Err(AuthError::Expired));
        assert!(good(json!({"exp": 1e300})).is_ok(), "an end that is far off");
        for wrong in [json!({}), json!({"exp": "soon"}), json!({"exp": null}), json!({"exp": 1_000_100, "nbf": "now"})] {
            assert_eq!(good(wrong), Err(AuthError::Invalid));
        }
    }

    #[test]
    fn people_are_named_by_what_their_issuer_vouches_for() {
        let address = |text: &str| Some(Subject::Address(text.into()));
        let by = |person: Option<&str>, value: Value| claims(value).subject(&trusted(person));
        assert_eq!(by(None, json!({"preferred_username": "a@b.c", "upn": "d@b.c"})), address("a@b.c"));
        assert_eq!(by(None, json!({"preferred_username": "ada", "upn": "d@b.c"})), address("d@b.c"), "a name is no address");
        assert_eq!(by(None, json!({"email": "a@b.c", "email_verified": true})), address("a@b.c"));
        for unverified in [json!({"email": "a@b.c"}), json!({"email": "a@b.c", "email_verified": "true"}), json!({})] {
            assert_eq!(by(None, unverified.clone()), None, "{unverified}");
            assert_eq!(by(Some("email"), unverified.clone()), None, "{unverified}");
        }
        assert_eq!(by(Some("mail"), json!({"mail": "m@b.c", "preferred_username": "a@b.c"})), address("m@b.c"));
        assert_eq!(by(Some("mail"), json!({"preferred_username": "a@b.c"})), None);
        let id = uuid::Uuid::from_u128(7);
        assert_eq!(by(Some("oid"), json!({"oid": id.to_string(), "preferred_username": "a@b.c"})), Some(Subject::Id(id)));
        assert_eq!(by(Some("sub"), json!({"sub": "ada"})), None);
    }

    #[test]
    fn a_person_never_passes_for_an_app() {
        let entra_v1 = json!({"appid": "c", "oid": "o", "sub": "o", "roles": ["Mail.Read", 7, "Mail.Send"]});
        let entra_v2 = json!({"azp": "c", "idtyp": "app", "oid": "o", "sub": "p", "roles": ["Mail.Read"]});
        let keycloak = json!({"azp": "Mailer", "client_id": "Mailer", "preferred_username": "service-account-mailer",
            "scope": "email", "roles": ["Mail.Read"]});
        let older = json!({"azp": "m", "clientId": "m", "preferred_username": "service-account-m", "roles": ["Mail.Read"]});
        for app in [&entra_v1, &entra_v2, &keycloak, &older] {
            let claims = claims(app.clone());
            assert_eq!(claims.subject(&trusted(None)), Some(Subject::App), "{app}");
            assert!(claims.permissions(&Subject::App).starts_with("Mail.Read") && claims.client_id().is_some(), "{app}");
        }
        let changed = |app: &Value, changes: Value| {
            let mut changed = app.as_object().expect("an object").clone();
            changed.extend(changes.as_object().expect("an object").clone());
            claims(Value::Object(changed))
        };
        for person in [
            changed(&entra_v1, json!({"sub": "pairwise"})),
            changed(&entra_v1, json!({"scp": "Mail.Read"})),
            changed(&entra_v1, json!({"oid": "", "sub": ""})),
            changed(&entra_v1, json!({"scope": "openid"})),
            changed(&entra_v1, json!({"preferred_username": "a@b.c"})),
            changed(&entra_v1, json!({"name": "Ada"})),
            changed(&entra_v2, json!({"idtyp": "user"})),
            changed(&entra_v2, json!({"idtyp": "user", "sub": "o"})),
            changed(&keycloak, json!({"client_id": null})),
            changed(&keycloak, json!({"client_id": "other"})),
            changed(&older, json!({"clientId": "other", "client_id": "other"})),
            changed(&keycloak, json!({"preferred_username": "service-account-other"})),
        ] {
            assert_ne!(person.subject(&trusted(None)), Some(Subject::App), "{:?}", person.0);
            let somebody = Subject::Address("a@b.c".into());
            assert!(!person.permissions(&somebody).contains("Mail.Send"), "roles grant a person nothing: {:?}", person.0);
        }
    }

    #[test]
    fn permissions_and_apps_have_two_spellings() {
        let somebody = Subject::Address("a@b.c".into());
        for (value, permissions) in [
            (json!({"scp": "Mail.Read", "scope": "Mail.Send"}), "Mail.Read"),
            (json!({"scope": "openid Mail.Send"}), "openid Mail.Send"),
            (json!({"roles": ["Mail.Read"]}), ""),
            (json!({}), ""),
        ] {
            assert_eq!(claims(value).permissions(&somebody), permissions);
        }
        assert_eq!(claims(json!({"roles": "Mail.Read"})).permissions(&Subject::App), "");
        let id = |value: Value| claims(value).client_id().map(str::to_owned);
        assert_eq!(id(json!({"azp": "a", "client_id": "c"})).as_deref(), Some("a"));
        assert_eq!(id(json!({"appid": "", "client_id": "c"})).as_deref(), Some("c"));
        assert_eq!(id(json!({"azp": 1})), None);
    }

    #[test]
    fn an_issuer_of_many_tenants_is_trusted_for_one() {
        let one = TrustedIssuer { tenant: Some("0D6A".into()), ..trusted(None) };
        assert!(claims(json!({"tid": "0d6a"})).is_of_tenant(&one));
        assert!(!claims(json!({"tid": "0d6b"})).is_of_tenant(&one) && !claims(json!({})).is_of_tenant(&one));
        assert!(claims(json!({"tid": "any"})).is_of_tenant(&trusted(None)));
    }
}
