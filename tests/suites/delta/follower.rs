//! Somebody who sees a list by its delta query alone.

use kit::Person;
use serde_json::Value;
use std::collections::BTreeMap;

/// Pages that a round may have before a test takes it for endless.
const PAGES: usize = 5000;

/// Somebody who follows a list, and what that list is by what was told.
pub struct Follower {
    person: Person,
    next: String,
    prefer: Option<String>,
    /// The latest state of each item, by id.
    pub items: BTreeMap<String, Value>,
    /// How many pages were read.
    pub pages: usize,
}

impl Follower {
    /// Somebody who begins.
    pub fn new(person: &Person, path: &str) -> Follower {
        Follower { person: person.clone(), next: path.replace(' ', "%20"), prefer: None, items: BTreeMap::new(), pages: 0 }
    }

    /// Somebody who goes on from a link.
    pub fn at(person: &Person, link: &str) -> Follower {
        Follower::new(person, link)
    }

    /// The same, who wants so many items a page.
    pub fn pages_of(mut self, size: usize) -> Follower {
        self.set_page(size);
        self
    }

    /// From now on wants so many items a page.
    pub fn set_page(&mut self, size: usize) {
        self.prefer = Some(format!("odata.maxpagesize={size}"));
    }

    /// What will be asked next.
    pub fn link(&self) -> &str {
        &self.next
    }

    /// The entries of the next page, and whether the round has more.
    pub async fn page(&mut self) -> (Vec<Value>, bool) {
        let headers: Vec<(&str, &str)> = self.prefer.iter().map(|prefer| ("prefer", prefer.as_str())).collect();
        let page = self.person.get_with(&self.next, &headers).await.demand(200).json();
        self.pages += 1;
        let (next, delta) = (page["@odata.nextLink"].as_str(), page["@odata.deltaLink"].as_str());
        assert!(next.is_some() != delta.is_some(), "a page has one of both links: {page}");
        next.or(delta).unwrap().clone_into(&mut self.next);
        let entries = page["value"].as_array().unwrap().clone();
        for entry in &entries {
            let id = entry["id"].as_str().expect("an entry has an id").to_owned();
            if entry["@removed"].is_null() {
                self.items.insert(id, entry.clone());
            } else {
                self.items.remove(&id);
            }
        }
        (entries, next.is_some())
    }

    /// Ends the round that is under way, if there is one.
    pub async fn end_round(&mut self) -> Vec<Value> {
        if self.next.contains("skiptoken") { self.round().await } else { Vec::new() }
    }

    /// The entries of a whole round, or of what is left of it.
    pub async fn round(&mut self) -> Vec<Value> {
        let mut all = Vec::new();
        for _ in 0..PAGES {
            let (entries, more) = self.page().await;
            all.extend(entries);
            if !more {
                return all;
            }
        }
        panic!("a round does not end");
    }

    /// What the list is after a round.
    pub async fn items_after_round(&mut self) -> &BTreeMap<String, Value> {
        self.round().await;
        &self.items
    }
}

/// The ids of entries.
pub fn ids(entries: &[Value]) -> Vec<&str> {
    entries.iter().map(|entry| entry["id"].as_str().unwrap()).collect()
}

/// The subjects of entries.
pub fn subjects(entries: &[Value]) -> Vec<&str> {
    entries.iter().map(|entry| entry["subject"].as_str().unwrap_or("none")).collect()
}
