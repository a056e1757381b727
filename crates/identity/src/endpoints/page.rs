//! The pages that people see: plain HTML without script, which no other page can frame, and forms that only this server's
//! own pages can send.

use super::asked::Asked;
use super::refusal::Refusal;
use super::{DevelopmentPerson, SignIn};
use crate::error::OAuthError;
use crate::secret;
use aws_lc_rs::constant_time::verify_slices_are_equal;
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use encodify::base64::URL_SAFE_NO_PAD;
use std::fmt::Write;

pub(super) mod steps;

/// Marks a browser, so that a form can be tied to the page that it came from.
const COOKIE: &str = "restante_sign_in";
/// The same over TLS, where browsers let no other host and no other scheme set it (RFC 6265bis §4.1.3.2).
const SECURE_COOKIE: &str = "__Host-restante_sign_in";
/// Letters of its value: 32 octets.
const COOKIE_LENGTH: usize = 43;

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:28rem;margin:12vh auto;padding:0 1rem;color:#1b1b1b}\
h1{font-size:1.4rem}button,input{font:inherit;display:block;width:100%;box-sizing:border-box;margin:.5rem 0;padding:.7rem 1rem;\
text-align:left;background:#fff;border:1px solid #767676;border-radius:4px}button{cursor:pointer}\
button.first{background:#0b5cad;border-color:#0b5cad;color:#fff}button.first:hover,button.first:focus{background:#084a8c}\
label{display:block;margin-top:.8rem}[role=alert]{border-left:4px solid #b3261e;padding:.4rem .8rem;background:#fdf1f0}li{margin:.3rem 0}\
button:not(.first):hover,button:not(.first):focus{background:#eef4fb;border-color:#0b5cad}small{color:#555}code{word-break:break-all}";

/// Whom a page asks, and for what.
pub(super) struct Choice<'c> {
    /// The app that asks.
    pub(super) app: &'c str,
    /// The permissions that it asks for.
    pub(super) permissions: Vec<&'static str>,
    /// Whether it may go on when the person has left (OpenID Connect Core §11).
    pub(super) stays: bool,
    /// Where the answer goes: a path and query of this server.
    pub(super) action: String,
    /// What the answer is about; it goes with the form's mark.
    pub(super) subject: &'c str,
    /// Where the answer leads next, beside this server: a source of Content Security Policy.
    pub(super) next: Option<String>,
}

impl Choice<'_> {
    /// Where forms about it may lead: browsers hold a form's redirects to it too.
    fn form_action(&self) -> String {
        self.next.as_ref().map_or("'self'".to_owned(), |next| format!("'self' {next}"))
    }
}

/// A browser, by the mark that it was given.
pub(super) struct Browser {
    mark: String,
    is_secure: bool,
}

impl Browser {
    /// The one that asks, with a new mark where it has none.
    ///
    /// # Errors
    /// [`OAuthError::ServerError`].
    pub(super) fn of(asked: &Asked) -> Result<Browser, OAuthError> {
        let known = || Ok(Browser { mark: URL_SAFE_NO_PAD.encode(secret::random::<32>()?), is_secure: asked.is_secure() });
        Browser::known(asked).map_or_else(known, Ok)
    }

    /// The one that asks, if it has a mark.
    fn known(asked: &Asked) -> Option<Browser> {
        let is_secure = asked.is_secure();
        cookie(&asked.headers, is_secure).map(|mark| Browser { mark: mark.to_owned(), is_secure })
    }

    /// Its mark, which is letters, figures, `-` and `_`.
    pub(super) fn mark(&self) -> &str {
        &self.mark
    }

    /// The mark as a `Set-Cookie` field. A top-level POST from an app brings no cookie; then it gets a new one.
    fn cookie(&self) -> String {
        let (name, secure) = if self.is_secure { (SECURE_COOKIE, "; Secure") } else { (COOKIE, "") };
        format!("{name}={}; Path=/; HttpOnly; SameSite=Lax{secure}", self.mark)
    }
}

/// A page that says one thing.
pub(super) fn message(status: StatusCode, title: &str, text: &str) -> Response {
    let body = format!("<h1>{}</h1><p>{}</p>", escape(title), escape(text));
    page(status, title, &body, "'none'", None)
}

/// A page that says why not.
pub(super) fn refused(refusal: &Refusal) -> Response {
    let mut page = message(refusal.status, "You can't sign in here", &refusal.description());
    if let Some(seconds) = refusal.retry_after {
        page.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    page
}

/// A page that asks for the code that a device shows.
pub(super) fn ask_user_code(action: &str, is_unknown: bool) -> Response {
    let hint = if is_unknown { "<p>There is no such code, or its time is over.</p>" } else { "" };
    let body = format!(
        "<h1>Enter the code</h1>{hint}<form method=\"get\" action=\"{}\"><label>The code that your device shows \
         <input name=\"user_code\" autocomplete=\"off\" autofocus required></label><button>Next</button></form>",
        escape(action)
    );
    page(StatusCode::OK, "Enter the code", &body, "'self'", None)
}

/// An answer that the browser carries to the app in a form (OAuth 2.0 Form Post Response Mode §2). Without script the person
/// presses the button.
pub(super) fn form_post(action: &str, pairs: &[(&str, &str)], next: &str) -> Result<Response, OAuthError> {
    let nonce = URL_SAFE_NO_PAD.encode(secret::random::<16>()?);
    let mut body = format!("<h1>Signed in</h1><form method=\"post\" action=\"{}\">", escape(action));
    for (name, value) in pairs {
        let _ = write!(body, "<input type=\"hidden\" name=\"{}\" value=\"{}\">", escape(name), escape(value)); // a String takes all
    }
    let _ = write!(body, "<button>Go on</button></form><script nonce=\"{nonce}\">document.forms[0].submit()</script>");
    Ok(page(StatusCode::OK, "Signed in", &body, next, Some(&nonce)))
}

impl SignIn {
    /// A page on which somebody of development mode is chosen. Choosing is consenting: the page names what the app asks for.
    pub(super) fn choose(
        &self,
        asked: &Asked,
        people: &[DevelopmentPerson],
        choice: &Choice<'_>,
    ) -> Result<Response, OAuthError> {
        let browser = Browser::of(asked)?;
        let mut body = format!(
            "<h1>Sign in to {app}</h1><p>{app} asks to use: {permissions}.</p><form method=\"post\" action=\"{action}\">\
             <input type=\"hidden\" name=\"mark\" value=\"{mark}\">",
            app = escape(choice.app),
            permissions = if choice.permissions.is_empty() { "your name".to_owned() } else { choice.permissions.join(", ") },
            action = escape(&choice.action),
            mark = self.mark(&browser, choice.subject),
        );
        for DevelopmentPerson { person, .. } in people {
            let (name, address) = (escape(&person.display_name), escape(&person.user_principal_name));
            let _ = write!(body, "<button name=\"person\" value=\"{address}\">{name}<br><small>{address}</small></button>");
        }
        body.push_str("<button>Cancel</button></form><p><small>Development mode: nobody is asked for a password.</small></p>");
        Ok(steps::with_browser(&browser, page(StatusCode::OK, "Sign in", &body, &choice.form_action(), None)))
    }

    /// Demands that a form came from a page of this server, in the same browser and about the same thing.
    ///
    /// # Errors
    /// [`OAuthError::Invalid`].
    pub(super) fn demand_own_form(&self, asked: &Asked, subject: &str) -> Result<Browser, OAuthError> {
        let browser = Browser::known(asked).zip(asked.form.get("mark")).filter(|(browser, mark)| {
            let expected = self.mark(browser, subject);
            verify_slices_are_equal(expected.as_bytes(), mark.as_bytes()).is_ok()
        });
        let error = OAuthError::Invalid("The form is not of this server's page, or the browser keeps no cookies.");
        browser.map(|(browser, _)| browser).ok_or(error)
    }

    /// What ties a form to a browser and to what the form is about.
    pub(super) fn mark(&self, browser: &Browser, subject: &str) -> String {
        URL_SAFE_NO_PAD.encode(self.forms.tag(format!("{}\n{subject}", browser.mark).as_bytes()))
    }
}

/// The browser's mark, if it has one that was made here.
fn cookie(headers: &HeaderMap, is_secure: bool) -> Option<&str> {
    let name = if is_secure { SECURE_COOKIE } else { COOKIE };
    let pairs = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok()).flat_map(|text| text.split(';'));
    let mut values = pairs.filter_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='));
    values.find(|value| value.len() == COOKIE_LENGTH && URL_SAFE_NO_PAD.decode(value).is_ok())
}

/// A page whose forms may lead to `form_action` alone, and that no other page can frame.
fn page(status: StatusCode, title: &str, body: &str, form_action: &str, script: Option<&str>) -> Response {
    let html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>{}</title><style>{STYLE}</style></head><body>{body}</body></html>",
        escape(title)
    );
    let script = script.map(|nonce| format!("script-src 'nonce-{nonce}'; ")).unwrap_or_default();
    let policy = format!(
        "default-src 'none'; style-src 'unsafe-inline'; {script}base-uri 'none'; frame-ancestors 'none'; form-action {form_action}"
    );
    let fields: [(HeaderName, &str); 5] = [
        (header::CONTENT_SECURITY_POLICY, &policy),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (status, fields, Html(html)).into_response()
}

/// Text as it may stand in an element or between double quotes.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_page_is_taken_for_markup() {
        assert_eq!(escape("<a b=\"c\" d='e'>&"), "&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;");
    }

    #[test]
    fn a_browsers_mark_is_found_among_other_cookies() {
        let value = URL_SAFE_NO_PAD.encode([7; 32]);
        let mut headers = HeaderMap::new();
        let fields = format!("a=b; restante_sign_in_x=1; restante_sign_in={value}");
        headers.insert(header::COOKIE, fields.parse().expect("field"));
        assert_eq!(cookie(&headers, false), Some(value.as_str()));
        assert_eq!(cookie(&headers, true), None, "one that came without TLS can be anybody's");
        headers.insert(header::COOKIE, "restante_sign_in=short".parse().expect("field"));
        assert_eq!(cookie(&headers, false), None);
    }
}
