//! The two pages of sign-in outside development mode: who it is, and what the app may do.

use super::{Browser, Choice, escape, page};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::fmt::Write;
use store::Person;

/// Names of the buttons' field, and what they say.
pub(in crate::endpoints) const ANSWER: &str = "answer";
pub(in crate::endpoints) const ACCEPT: &str = "accept";
pub(in crate::endpoints) const DECLINE: &str = "decline";

/// What went wrong with the form before.
pub(in crate::endpoints) struct Notice {
    pub(in crate::endpoints) status: StatusCode,
    pub(in crate::endpoints) text: String,
    /// Seconds, where one must wait.
    pub(in crate::endpoints) retry_after: Option<i64>,
}

/// Asks for name and password.
pub(in crate::endpoints) fn ask_password(
    browser: &Browser,
    choice: &Choice<'_>,
    mark: &str,
    username: &str,
    notice: Option<&Notice>,
) -> Response {
    let said = notice.map(|notice| format!("<p id=\"notice\" role=\"alert\">{}</p>", escape(&notice.text))).unwrap_or_default();
    let described = if notice.is_some() { " aria-describedby=\"notice\"" } else { "" };
    // Whoever is named already goes on with the password.
    let (at_name, at_password) = if username.is_empty() { (" autofocus", "") } else { ("", " autofocus") };
    let body = format!(
        "<main><h1>Sign in</h1><p>to go on to <b>{app}</b></p>{said}<form method=\"post\" action=\"{action}\">\
         <input type=\"hidden\" name=\"mark\" value=\"{mark}\">\
         <label for=\"username\">Your address</label>\
         <input id=\"username\" name=\"username\" inputmode=\"email\" autocomplete=\"username\" autocapitalize=\"none\" \
         spellcheck=\"false\" maxlength=\"320\" required value=\"{username}\"{at_name}{described}>\
         <label for=\"password\">Password</label>\
         <input id=\"password\" name=\"password\" type=\"password\" autocomplete=\"current-password\" required{at_password}\
         {described}>\
         <button class=\"first\" name=\"{ANSWER}\" value=\"{ACCEPT}\">Sign in</button>\
         <button name=\"{ANSWER}\" value=\"{DECLINE}\" formnovalidate>Cancel</button></form></main>",
        app = escape(choice.app),
        action = escape(&choice.action),
        mark = escape(mark),
        username = escape(username),
    );
    let status = notice.map_or(StatusCode::OK, |notice| notice.status);
    let mut answer = with_browser(browser, page(status, "Sign in", &body, &choice.form_action(), None));
    if let Some(seconds) = notice.and_then(|notice| notice.retry_after) {
        answer.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    answer
}

/// Asks a person who has signed in what the app may do.
pub(in crate::endpoints) fn ask_consent(
    browser: &Browser,
    choice: &Choice<'_>,
    (mark, ticket): (&str, &str),
    person: &Person,
    user_code: Option<&str>,
) -> Response {
    let app = escape(choice.app);
    let mut body = format!(
        "<main><h1>Let {app} in?</h1><p>You are {name}<br><small>{address}</small></p>",
        name = escape(&person.display_name),
        address = escape(&person.user_principal_name),
    );
    if let Some(code) = user_code {
        // Somebody else could have sent the code (RFC 8628 §5.4).
        let _ = write!(body, "<p>Accept only if your own device shows the code <b>{}</b> now.</p>", escape(&typed(code)));
    }
    let _ = write!(body, "<p><b>{app}</b> wants to:</p><ul><li>Know your name and address</li>"); // a String takes all
    for permission in &choice.permissions {
        let _ = write!(body, "<li>{} <small>{}</small></li>", sentence(permission), escape(permission));
    }
    if choice.stays {
        body.push_str("<li>Do so also while you are away</li>");
    }
    let _ = write!(
        body,
        "</ul><form method=\"post\" action=\"{action}\"><input type=\"hidden\" name=\"mark\" value=\"{mark}\">\
         <input type=\"hidden\" name=\"ticket\" value=\"{ticket}\">\
         <button class=\"first\" name=\"{ANSWER}\" value=\"{ACCEPT}\" autofocus>Accept</button>\
         <button name=\"{ANSWER}\" value=\"{DECLINE}\">Cancel</button></form></main>",
        action = escape(&choice.action),
        mark = escape(mark),
        ticket = escape(ticket),
    );
    with_browser(browser, page(StatusCode::OK, "Let an app in", &body, &choice.form_action(), None))
}

/// The page, for this browser.
pub(super) fn with_browser(browser: &Browser, page: Response) -> Response {
    ([(header::SET_COOKIE, browser.cookie())], page).into_response()
}

/// A device's code as devices show it: in two halves.
fn typed(code: &str) -> String {
    code.split_at_checked(code.len() / 2).map_or_else(|| code.to_owned(), |(one, other)| format!("{one}-{other}"))
}

/// What a permission lets an app do, for people who know no Graph.
fn sentence(permission: &str) -> &'static str {
    match permission {
        "Mail.Read" => "Read your mail",
        "Mail.Read.Shared" => "Read your mail and mail that others share with you",
        "Mail.ReadBasic" => "Read who wrote to you, when and about what, but no text",
        "Mail.ReadBasic.Shared" => "Read who wrote to you or to mailboxes shared with you, when and about what, but no text",
        "Mail.ReadWrite" => "Read, write, change and delete your mail",
        "Mail.ReadWrite.Shared" => "Read, write, change and delete your mail and mail that others share with you",
        "Mail.Send" => "Send mail as you",
        "Mail.Send.Shared" => "Send mail as you, and as others who let you",
        "User.Read" => "Read who you are",
        "User.Read.All" | "User.ReadBasic.All" | "Directory.Read.All" => "Read who is here",
        _ => "Use a permission of your administrator's",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_devices_code_is_shown_as_the_device_shows_it() {
        assert_eq!(typed("BCDFGHJK"), "BCDF-GHJK");
        assert_eq!(typed("ä"), "ä");
    }
}
