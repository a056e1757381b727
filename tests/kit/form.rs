//! Forms and addresses beside Graph, such as those of sign-in.

use crate::{Answer, Server};
use bytes::Bytes;
use http_body_util::Full;
use hyper::Request;
use std::collections::BTreeMap;
use std::fmt::Write;

impl Server {
    /// Gets an address of the server, which begins with a slash.
    pub async fn get(&self, path: &str) -> Answer {
        self.get_with(path, &[]).await
    }

    /// The same, with header fields.
    pub async fn get_with(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.ask(Request::get(format!("{}{path}", self.origin())), fields, String::new()).await
    }

    /// Posts a form to an address of the server.
    pub async fn post_form(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        self.post_form_with(path, &[], form).await
    }

    /// The same, with header fields.
    pub async fn post_form_with(&self, path: &str, fields: &[(&str, &str)], form: &[(&str, &str)]) -> Answer {
        let request = Request::post(format!("{}{path}", self.origin()));
        let mut fields = fields.to_vec();
        if !fields.iter().any(|(name, _)| *name == "content-type") {
            fields.push(("content-type", "application/x-www-form-urlencoded"));
        }
        self.ask(request, &fields, form_text(form)).await
    }

    async fn ask(&self, mut request: hyper::http::request::Builder, fields: &[(&str, &str)], body: String) -> Answer {
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(Bytes::from(body))).expect("this is a request");
        self.client().attempt(request).await.expect("the server answers")
    }
}

/// The text of a form or a query.
pub fn form_text(form: &[(&str, &str)]) -> String {
    let pairs: Vec<String> = form.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    pairs.join("&")
}

/// The parameters of a query, a fragment or a form.
pub fn form_fields(text: &str) -> BTreeMap<String, String> {
    text.split('&').filter_map(|pair| pair.split_once('=')).map(|(name, value)| (name.to_owned(), decoded(value))).collect()
}

fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut encoded, octet| {
        if octet.is_ascii_alphanumeric() {
            encoded.push(char::from(octet))
        } else {
            write!(encoded, "%{octet:02X}").expect("a String takes all")
        }
        encoded
    })
}

fn decoded(text: &str) -> String {
    let mut octets = Vec::new();
    let mut rest = text.bytes();
    while let Some(octet) = rest.next() {
        octets.push(match octet {
            b'+' => b' ',
            b'%' => {
                let figures: Vec<u8> = rest.by_ref().take(2).collect();
                u8::from_str_radix(std::str::from_utf8(&figures).expect("figures are text"), 16).expect("two figures follow")
            }
            other => other,
        });
    }
    String::from_utf8(octets).expect("a parameter is text")
}
