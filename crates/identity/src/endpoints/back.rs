//! The way back to an app: an answer at its redirect URI (RFC 6749 §4.1.2, OAuth 2.0 Multiple Response Types §2.1).

use super::SignIn;
use super::page;
use super::refusal::Refusal;
use crate::error::OAuthError;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use url::{Url, form_urlencoded};

/// Where in the address, or in a form, the answer stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ResponseMode {
    FormPost,
    Fragment,
    Query,
}

impl ResponseMode {
    /// The mode of this name; the query where none is named.
    pub(super) fn named(name: Option<&str>) -> Option<ResponseMode> {
        match name {
            None | Some("query") => Some(ResponseMode::Query),
            Some("fragment") => Some(ResponseMode::Fragment),
            Some("form_post") => Some(ResponseMode::FormPost),
            Some(_) => None,
        }
    }
}

/// The way back. There is one only to an address that was found registered.
#[derive(Debug)]
pub(super) struct Back {
    pub(super) redirect_uri: String,
    pub(super) response_mode: ResponseMode,
    pub(super) state: Option<String>,
}

impl Back {
    /// Gives the app its code. A client is known that reads `code=…&session_state=`, so the two stand side by side.
    pub(super) fn give(&self, sign_in: &SignIn, code: &str) -> Response {
        let session_state = (sign_in.new_id)();
        self.answer(sign_in, &[("code", code), ("session_state", &session_state)])
    }

    /// Tells the app why it gets none.
    pub(super) fn refuse(&self, sign_in: &SignIn, error: OAuthError) -> Response {
        let refusal: Refusal = sign_in.refusal(error);
        self.answer(sign_in, &[("error", refusal.word), ("error_description", &refusal.description())])
    }

    /// Where the answer goes, as a source of Content Security Policy: browsers hold a form's redirects to it too.
    pub(super) fn source(&self) -> Option<String> {
        let url = Url::parse(&self.redirect_uri).ok()?;
        match url.scheme() {
            "http" | "https" => Some(url.origin().ascii_serialization()),
            scheme => Some(format!("{scheme}:")),
        }
    }

    fn answer(&self, sign_in: &SignIn, pairs: &[(&str, &str)]) -> Response {
        let mut pairs = pairs.to_vec();
        pairs.extend(self.state.as_deref().map(|state| ("state", state)));
        let text = form_urlencoded::Serializer::new(String::new()).extend_pairs(&pairs).finish();
        let mark = match self.response_mode {
            ResponseMode::FormPost => {
                let next = self.source().unwrap_or_else(|| "'none'".to_owned());
                let page = page::form_post(&self.redirect_uri, &pairs, &next);
                return page.unwrap_or_else(|error| page::refused(&sign_in.refusal(error)));
            }
            ResponseMode::Fragment => '#',
            ResponseMode::Query if self.redirect_uri.contains('?') => '&', // its own query is kept (RFC 6749 §3.1.2)
            ResponseMode::Query => '?',
        };
        let fields = [
            (header::LOCATION, format!("{}{mark}{text}", self.redirect_uri)),
            (header::CACHE_CONTROL, "no-store".to_owned()),
            (header::REFERRER_POLICY, "no-referrer".to_owned()),
        ];
        (StatusCode::FOUND, fields).into_response()
    }
}
