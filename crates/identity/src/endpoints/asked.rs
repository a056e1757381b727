//! One request of sign-in: of which tenant, by which address, with which parameters.

use super::{FORM, SignIn};
use crate::Source;
use crate::error::OAuthError;
use axum::extract::Request;
use axum::http::{HeaderMap, header};
use std::collections::HashMap;
use std::net::Ipv4Addr;
use url::form_urlencoded;

/// Names that stand for the tenant of whoever asks: there is one here.
const ANY_TENANT: [&str; 2] = ["common", "organizations"];

/// A request.
pub(super) struct Asked {
    /// Scheme, host and port by which the client knows this server.
    pub(super) origin: String,
    /// The tenant as the client names it.
    pub(super) tenant: String,
    /// Where the request comes from.
    pub(super) source: Source,
    pub(super) headers: HeaderMap,
    pub(super) query: Parameters,
    pub(super) form: Parameters,
}

impl Asked {
    /// Reads a request to its end.
    ///
    /// # Errors
    /// [`OAuthError::TenantNotFound`]; [`OAuthError::Invalid`] where the body is no form or the host isn't named, and
    /// [`OAuthError::Repeated`].
    pub(super) async fn read(sign_in: &SignIn, request: Request) -> Result<Asked, OAuthError> {
        let (parts, body) = request.into_parts();
        let tenant = parts.uri.path().split('/').nth(1).unwrap_or_default().to_owned();
        if !sign_in.is_tenant(&tenant) {
            return Err(OAuthError::TenantNotFound);
        }
        let origin = (sign_in.origin)(&parts)
            .ok_or(OAuthError::Invalid("The request must name one host, and one for which this server answers."))?;
        let octets = axum::body::to_bytes(body, FORM).await.map_err(|_| OAuthError::Invalid("The body is too large."))?;
        if !octets.is_empty() && !is_form(&parts.headers) {
            return Err(OAuthError::Invalid("The body must be application/x-www-form-urlencoded."));
        }
        let query = Parameters::parse(parts.uri.query().unwrap_or_default())?;
        let form = Parameters::parse(&String::from_utf8_lossy(&octets))?;
        // Where nobody says it, all share one allowance of wrong passwords.
        let source = parts.extensions.get().copied().unwrap_or(Source(Ipv4Addr::UNSPECIFIED.into()));
        Ok(Asked { origin, tenant, source, headers: parts.headers, query, form })
    }

    /// An address of the tenant as this client knows it.
    pub(super) fn address(&self, path: &str) -> String {
        format!("{}/{}/{path}", self.origin, self.tenant)
    }

    /// Whether the client reached this server over TLS.
    pub(super) fn is_secure(&self) -> bool {
        self.origin.starts_with("https:")
    }

    /// Who issues ID tokens, as this client knows it (OpenID Connect Discovery §4.3).
    pub(super) fn issuer(&self, sign_in: &SignIn) -> String {
        format!("{}/{}/v2.0", self.origin, sign_in.identity.tenant())
    }
}

impl SignIn {
    /// Whether a name is this tenant's.
    pub(super) fn is_tenant(&self, name: &str) -> bool {
        self.tenant_names().any(|known| known.eq_ignore_ascii_case(name))
    }

    /// All names of this tenant.
    pub(super) fn tenant_names(&self) -> impl Iterator<Item = &str> {
        [self.identity.tenant(), &self.domain].into_iter().chain(ANY_TENANT)
    }
}

fn is_form(headers: &HeaderMap) -> bool {
    let media_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

/// Parameters of a query or a form.
#[derive(Debug, Default)]
pub(super) struct Parameters {
    text: String,
    values: HashMap<String, String>,
}

impl Parameters {
    /// RFC 6749 §3.1: one without a value is as if it were not there, and none may stand twice.
    fn parse(text: &str) -> Result<Parameters, OAuthError> {
        let mut values = HashMap::new();
        for (name, value) in form_urlencoded::parse(text.as_bytes()).filter(|(_, value)| !value.is_empty()) {
            if values.insert(name.into_owned(), value.into_owned()).is_some() {
                return Err(OAuthError::Repeated);
            }
        }
        Ok(Parameters { text: text.to_owned(), values })
    }

    /// All of them as they came.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The value of a parameter, if there is one.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    /// The value of a parameter that must be there.
    ///
    /// # Errors
    /// [`OAuthError::Missing`].
    pub(super) fn required(&self, name: &'static str) -> Result<&str, OAuthError> {
        self.get(name).ok_or(OAuthError::Missing(name))
    }

    /// Whether nothing was given.
    pub(super) fn is_empty(&self) -> bool {
        self.values.is_empty()
    }
}
