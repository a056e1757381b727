//! A browser as far as forms need one: it keeps cookies, reads forms from pages, fills them in and presses their buttons.

use crate::{Answer, Server};
use std::collections::BTreeMap;

/// A browser that looks at a page of a server.
pub struct Browser<'s> {
    server: &'s Server,
    cookies: BTreeMap<String, String>,
    from: Option<String>,
}

/// A form of a page.
#[derive(Debug, Clone, Default)]
pub struct Form {
    /// Where it leads.
    pub action: String,
    /// Its fields and what they hold.
    pub fields: Vec<(String, String)>,
    /// Its buttons: name, value.
    pub buttons: Vec<(String, String)>,
}

impl Browser<'_> {
    /// A browser that has seen nothing yet.
    pub fn new(server: &Server) -> Browser<'_> {
        Browser { server, cookies: BTreeMap::new(), from: None }
    }

    /// One of which a proxy says that it is at this address.
    pub fn at<'s>(server: &'s Server, address: &str) -> Browser<'s> {
        Browser { from: Some(address.to_owned()), ..Browser::new(server) }
    }

    /// Opens an address of the server, which begins with a slash.
    pub async fn open(&mut self, path: &str) -> Answer {
        let fields = self.fields();
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let answer = self.server.get_with(path, &fields).await;
        self.keep_cookies(&answer);
        answer
    }

    /// Sends a page's form: what these fields hold now, and the button that was pressed.
    pub async fn send(&mut self, page: &Answer, filled: &[(&str, &str)], button: &str) -> Answer {
        self.send_form(&form(page), filled, button).await
    }

    /// The same with a form that was read before.
    pub async fn send_form(&mut self, form: &Form, filled: &[(&str, &str)], button: &str) -> Answer {
        let mut pairs: Vec<(&str, &str)> = Vec::new();
        for (name, value) in &form.fields {
            let typed = filled.iter().find(|(field, _)| field == name).map(|(_, typed)| *typed);
            pairs.push((name, typed.unwrap_or(value)));
        }
        assert!(filled.iter().all(|(name, _)| pairs.iter().any(|(field, _)| field == name)), "the form has all of {filled:?}");
        let pressed = form.buttons.iter().find(|(_, value)| value == button);
        let (name, value) = pressed.unwrap_or_else(|| panic!("the button {button} is in {form:?}"));
        pairs.push((name, value));
        let fields = self.fields();
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let answer = self.server.post_form_with(&form.action, &fields, &pairs).await;
        self.keep_cookies(&answer);
        answer
    }

    fn fields(&self) -> Vec<(String, String)> {
        let pairs: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let cookie = (!pairs.is_empty()).then(|| ("cookie".to_owned(), pairs.join("; ")));
        cookie.into_iter().chain(self.from.iter().map(|from| ("x-forwarded-for".to_owned(), from.clone()))).collect()
    }

    fn keep_cookies(&mut self, answer: &Answer) {
        for field in answer.headers.get_all("set-cookie") {
            let pair = field.to_str().expect("a cookie is text").split(';').next().unwrap_or_default();
            let (name, value) = pair.split_once('=').expect("a cookie has a value");
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
    }
}

/// The form of a page, which has one.
#[track_caller]
pub fn form(page: &Answer) -> Form {
    let html = String::from_utf8(page.body.to_vec()).expect("a page is text");
    let inside = html.split_once("<form ").and_then(|(_, rest)| rest.split_once("</form>"));
    let inside = inside.unwrap_or_else(|| panic!("a form is in {html}")).0;
    let mut form = Form::default();
    for tag in format!("<form {inside}").split('<').skip(1) {
        let (tag, _) = tag.split_once('>').expect("a tag ends");
        let (element, rest) = tag.split_once(' ').unwrap_or((tag, ""));
        let attributes = attributes(rest);
        let value = |name: &str| attributes.get(name).cloned().unwrap_or_default();
        match element {
            "form" => form.action = value("action"),
            "input" => form.fields.push((value("name"), value("value"))),
            "button" => form.buttons.push((value("name"), value("value"))),
            _ => {}
        }
    }
    form
}

/// Attributes as this server writes them: in double quotes, or without a value.
fn attributes(text: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let end = rest.find(['=', ' ']).unwrap_or(rest.len());
        let (name, behind) = rest.split_at(end);
        let (value, behind) = match behind.strip_prefix("=\"").and_then(|behind| behind.split_once('"')) {
            Some((value, behind)) => (plain_text(value), behind),
            None => (String::new(), behind),
        };
        found.insert(name.to_owned(), value);
        rest = behind.trim_start();
    }
    found
}

fn plain_text(html: &str) -> String {
    let plain = html.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#39;", "'");
    plain.replace("&amp;", "&")
}
