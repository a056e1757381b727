//! Reading JSON that clients send: members in any case (`Message`, `message`), null as good as missing, and an error
//! that names the member.

use super::edm::EnumType;
use crate::error::ApiError;
use serde_json::{Map, Value};
use std::ops::RangeInclusive;

/// An object of a request, with the way to it for errors.
pub(crate) struct Members<'v> {
    path: String,
    members: &'v Map<String, Value>,
}

impl<'v> Members<'v> {
    /// The members of an object that must be one.
    pub(crate) fn of(value: &'v Value, path: &str) -> Result<Members<'v>, ApiError> {
        match value.as_object() {
            Some(members) => Ok(Members { path: path.to_owned(), members }),
            None => Err(ApiError::unreadable_member(path, "an object")),
        }
    }

    pub(crate) fn path_of(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    /// A member that is not null.
    pub(crate) fn get(&self, name: &str) -> Option<&'v Value> {
        let exact = self.members.get(name);
        let found = exact.or_else(|| self.members.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v));
        found.filter(|value| !value.is_null())
    }

    /// Refuses a member that is none of these; annotations aside (OData JSON 4.01 §4.6).
    pub(crate) fn only(&self, known: &[&str]) -> Result<(), ApiError> {
        let is_known = |name: &str| name.contains('@') || known.iter().any(|one| one.eq_ignore_ascii_case(name));
        match self.members.keys().find(|name| !is_known(name)) {
            Some(unknown) => Err(self.wrong(unknown, &format!("one of {}", known.join(", ")))),
            None => Ok(()),
        }
    }

    pub(crate) fn object(&self, name: &str) -> Result<Option<Members<'v>>, ApiError> {
        self.get(name).map(|value| Members::of(value, &self.path_of(name))).transpose()
    }

    pub(crate) fn text(&self, name: &str) -> Result<Option<&'v str>, ApiError> {
        let read = |value: &'v Value| value.as_str().ok_or_else(|| ApiError::unreadable_member(&self.path_of(name), "a string"));
        self.get(name).map(read).transpose()
    }

    /// A Boolean, also as a string: Microsoft's own samples send `"false"`.
    pub(crate) fn boolean(&self, name: &str) -> Result<Option<bool>, ApiError> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Bool(value)) => Ok(Some(*value)),
            Some(Value::String(text)) if text.eq_ignore_ascii_case("true") => Ok(Some(true)),
            Some(Value::String(text)) if text.eq_ignore_ascii_case("false") => Ok(Some(false)),
            Some(_) => Err(self.wrong(name, "a Boolean")),
        }
    }

    /// A number of octets that are to come: at least one.
    pub(crate) fn size(&self, name: &str) -> Result<u64, ApiError> {
        let size = self.get(name).and_then(Value::as_u64).filter(|size| *size > 0);
        size.ok_or_else(|| self.wrong(name, "the number of octets"))
    }

    /// A whole number within a range.
    pub(crate) fn number(&self, name: &str, range: RangeInclusive<i64>) -> Result<Option<i64>, ApiError> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let number = value.as_i64().filter(|number| range.contains(number));
        number.map(Some).ok_or_else(|| self.wrong(name, &format!("a number from {} to {}", range.start(), range.end())))
    }

    /// The items of a list, each read by `read`.
    pub(crate) fn list<T>(&self, name: &str, read: impl Fn(&'v Value, &str) -> Result<T, ApiError>) -> Result<Vec<T>, ApiError> {
        let Some(value) = self.get(name) else { return Ok(Vec::new()) };
        let items = value.as_array().ok_or_else(|| self.wrong(name, "a list"))?;
        items.iter().enumerate().map(|(index, item)| read(item, &format!("{}[{index}]", self.path_of(name)))).collect()
    }

    /// One of the words, in any case.
    pub(crate) fn word<T: std::marker::Copy>(&self, name: &str, words: &[(&str, T)]) -> Result<Option<T>, ApiError> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        let found = words.iter().find(|(word, _)| word.eq_ignore_ascii_case(text)).map(|(_, value)| *value);
        found.map(Some).ok_or_else(|| {
            let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            self.wrong(name, &format!("one of {}", known.join(", ")))
        })
    }

    /// A member of an enumeration, in any case, as Graph writes it.
    pub(crate) fn one_of(&self, name: &str, of: &EnumType) -> Result<Option<String>, ApiError> {
        let words: Vec<(&str, &str)> = of.members.iter().map(|(word, _)| (*word, *word)).collect();
        Ok(self.word(name, &words)?.map(str::to_owned))
    }

    pub(crate) fn wrong(&self, name: &str, expected: &str) -> ApiError {
        ApiError::unreadable_member(&self.path_of(name), expected)
    }
}
