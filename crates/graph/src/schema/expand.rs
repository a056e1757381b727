//! `$expand` of messages: what is handed out with a message that is no property of it, each with options of its own
//! (Graph: message-get; singlevaluelegacyextendedproperty-get; opentypeextension-get).

use super::attachment;
use super::event_message::is_event;
use super::extended::{self, AskedProperty, HasProperties, reads_octets};
use super::extension::{self, ExtensionId};
use super::message::Shown;
use crate::error::{ApiError, ErrorCode};
use mailbox::{Content, Hung};
use odata::{ExpandItem, Options};
use serde_json::{Map, Value};

/// What a message has that can be expanded. `$select` may name it too, and means nothing by it without `$expand`.
pub(crate) const NAVIGATION: [&str; 4] =
    ["attachments", "extensions", "multiValueExtendedProperties", "singleValueExtendedProperties"];

/// What of messages is to be expanded.
#[derive(Clone, Default)]
pub(crate) struct Expansion {
    attachments: Option<attachment::Selection>,
    extensions: Option<ExtensionsAsked>,
    multiple: Vec<AskedProperty>,
    single: Vec<AskedProperty>,
    /// The event that a message tells of; where it tells of none that means nothing.
    event: bool,
    /// As the context of the answer names them.
    names: Vec<String>,
}

/// Which extensions.
#[derive(Clone)]
pub(crate) enum ExtensionsAsked {
    All,
    These(Vec<ExtensionId>),
}

impl Expansion {
    /// What `$expand` names; `is_property` knows the names of what has no need of it.
    ///
    /// # Errors
    /// For what a message doesn't have, and for options that it can't have there.
    pub(crate) fn of(options: &Options, is_property: fn(&str) -> bool) -> Result<Expansion, ApiError> {
        let mut expansion = Expansion::default();
        for item in options.expand()? {
            expansion.add(&item, is_property)?;
        }
        Ok(expansion)
    }

    /// All extensions, for a message that is answered with those that it was made with.
    pub(crate) fn of_extensions() -> Expansion {
        Expansion { extensions: Some(ExtensionsAsked::All), ..Expansion::default() }
    }

    fn add(&mut self, item: &ExpandItem, is_property: fn(&str) -> bool) -> Result<(), ApiError> {
        let ExpandItem { path, options } = item;
        let Some(name) = NAVIGATION.iter().find(|name| path.is(name)) else {
            if !is_event(path.segments()) {
                return Err(not_expandable(&path.to_string(), is_property));
            }
            self.event = true;
            return only(options, &[]);
        };
        let mut inside = String::new();
        match *name {
            "attachments" => {
                only(options, &["select", "expand"])?;
                let selection = attachment::Selection::of(options)?;
                inside = selection.names().unwrap_or_default().join(",");
                self.attachments = Some(selection);
            }
            "extensions" => {
                only(options, &["filter", "select"])?;
                let named = extended::ids(options)?;
                let these = |ids: Vec<String>| ExtensionsAsked::These(ids.iter().map(|id| ExtensionId::parse(id)).collect());
                self.extensions = Some(named.map_or(ExtensionsAsked::All, these));
            }
            name => {
                only(options, &["filter", "select"])?;
                let many = name == "multiValueExtendedProperties";
                let asked = if many { &mut self.multiple } else { &mut self.single };
                asked.extend(extended::asked(options, many)?);
            }
        }
        self.names.push(format!("{name}({inside})"));
        Ok(())
    }

    /// The names of what is expanded, as the context of an answer has them.
    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    /// Whether the event is to be expanded.
    pub(crate) fn has_event(&self) -> bool {
        self.event
    }

    /// Whether there is nothing but extended properties in it.
    pub(crate) fn is_of_extended_alone(&self) -> bool {
        self.attachments.is_none() && self.extensions.is_none() && !self.event
    }

    /// Whether a message's octets must be at hand.
    pub(crate) fn needs_octets(&self) -> bool {
        self.event || self.attachments.is_some() || self.single.iter().any(|asked| reads_octets(&asked.id))
    }

    /// What must be looked up of what clients hung on a message: properties, and whether extensions; nothing where
    /// neither is asked for.
    pub(crate) fn hung(&self) -> Option<(Vec<String>, bool)> {
        let properties: Vec<String> = self.single.iter().chain(&self.multiple).map(|asked| asked.id.key()).collect();
        let extensions = self.extensions.is_some();
        (extensions || !properties.is_empty()).then_some((properties, extensions))
    }

    /// Puts it into the JSON of a message.
    pub(crate) fn insert(
        &self,
        message: &mut Map<String, Value>,
        view: &impl HasProperties,
        content: Option<(&Content, &Shown)>,
        hung: &Hung,
    ) {
        if let (Some(selection), Some((content, shown))) = (&self.attachments, content) {
            message.insert("attachments".to_owned(), attachment::render_all(content, selection, shown).into());
        }
        if let Some(asked) = &self.extensions {
            message.insert("extensions".to_owned(), rendered(asked, hung));
        }
        extended::insert(message, "singleValueExtendedProperties", extended::render(&self.single, hung, view));
        extended::insert(message, "multiValueExtendedProperties", extended::render(&self.multiple, hung, view));
    }
}

fn rendered(asked: &ExtensionsAsked, hung: &Hung) -> Value {
    match asked {
        ExtensionsAsked::All => hung.extensions.iter().map(|one| extension::render(one, ExtensionId::of(&one.name))).collect(),
        ExtensionsAsked::These(ids) => {
            let found = |id: &ExtensionId| hung.extensions.iter().find(|one| id.names(&one.name));
            ids.iter().filter_map(|id| found(id).map(|one| extension::render(one, id.clone()))).collect()
        }
    }
}

/// Refuses options of an expanded thing but these: passed over, they would give a wrong answer.
pub(crate) fn only(options: &Options, known: &[&str]) -> Result<(), ApiError> {
    const ALL: [&str; 9] = ["select", "filter", "orderby", "search", "expand", "top", "skip", "count", "levels"];
    match options.system_names(&ALL).find(|name| !known.contains(&name.as_str())) {
        None => Ok(()),
        Some(name) => {
            let message = format!("The query option '${name}' is not answered here within $expand.");
            Err(ApiError::new(ErrorCode::NotImplemented, message))
        }
    }
}

/// OData's words for a property that is no way to something else, else for one that isn't there.
fn not_expandable(name: &str, is_property: fn(&str) -> bool) -> ApiError {
    if !is_property(name) {
        return ApiError::no_such_property(name, "message");
    }
    ApiError::bad_request(format!(
        "Parsing OData Select and Expand failed: Property '{name}' on type 'microsoft.graph.message' is not a navigation \
         property or complex property. Only navigation properties can be expanded."
    ))
}
