//! The attachment resources (Graph: fileAttachment, itemAttachment, referenceAttachment): views of a message's parts.

use super::edm::Edm;
use super::message::{self, Shown, date};
use super::property::Property;
use crate::error::ApiError;
use crate::ids;
use crate::query::{Declared, Kind, SmallList};
use mailbox::{AttachedPart, Content};
use mime::{EncodedBody, Message, Part, PartKind};
use odata::{ExpandItem, Options, PropertyPath, SelectItem};
use serde_json::{Map, Value};

/// Which of the three an attachment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Derived {
    File,
    Item,
    Reference,
}

/// An attachment as it is shown.
pub(crate) struct View {
    pub(crate) derived: Derived,
    id: String,
    last_modified_date_time: Value,
    name: Option<String>,
    content_type: Option<String>,
    is_inline: bool,
    content_id: Option<String>,
    content_location: Option<String>,
    source_url: Option<String>,
    pub(crate) body: EncodedBody,
}

/// A property, and the type that has it; nothing for one that all have.
struct Own {
    of: Option<Derived>,
    property: Property<View>,
}

/// In Graph's order.
const PROPERTIES: &[Own] = &[
    of_all("id", Edm::String, |v| v.id.as_str().into()),
    of_all("lastModifiedDateTime", Edm::DateTimeOffset, |v| v.last_modified_date_time.clone()),
    of_all("name", Edm::String, |v| v.name.clone().into()),
    of_all("contentType", Edm::String, |v| v.content_type.clone().into()),
    of_all("size", Edm::Int32, |v| v.body.decoded_size().into()),
    of_all("isInline", Edm::Boolean, |v| v.is_inline.into()),
    of_one(Derived::File, "contentId", Edm::String, |v| v.content_id.clone().into()),
    of_one(Derived::File, "contentLocation", Edm::String, |v| v.content_location.clone().into()),
    of_one(Derived::File, CONTENT_BYTES, Edm::Binary, |v| v.body.to_base64().into()),
    of_one(Derived::Reference, "sourceUrl", Edm::String, |v| v.source_url.clone().into()),
];

/// The names of the properties that one of the three has of its own, or that all have, and their types.
pub(crate) fn types(of: Option<Derived>) -> Vec<(&'static str, Edm)> {
    PROPERTIES.iter().filter(|own| own.of == of).map(|own| (own.property.name, own.property.edm)).collect()
}

const CONTENT_BYTES: &str = "contentBytes";

/// What `$filter` and `$orderby` may name: what all attachments have.
const DECLARED: &[Declared] = &[
    Declared::new("contentType", Kind::Text),
    Declared::new("id", Kind::Exact),
    Declared::new("isInline", Kind::Boolean),
    Declared::new("lastModifiedDateTime", Kind::DateTime),
    Declared::new("name", Kind::Text),
    Declared::new("size", Kind::Number),
];

/// Items within items that are shown (Graph: attachment-get).
const LEVELS: usize = 30;

const fn of_all(name: &'static str, edm: Edm, read: fn(&View) -> Value) -> Own {
    Own { of: None, property: Property::by_default(name, edm, read) }
}

const fn of_one(derived: Derived, name: &'static str, edm: Edm, read: fn(&View) -> Value) -> Own {
    Own { of: Some(derived), property: Property::by_default(name, edm, read) }
}

impl Derived {
    /// Of a part: a message, a link to something elsewhere (RFC 2046 §5.2.3), or a file.
    pub(crate) fn of(part: &Part) -> Derived {
        match part.kind {
            PartKind::Message => Derived::Item,
            _ if part.media_type.essence == "message/external-body" => Derived::Reference,
            _ => Derived::File,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Derived::File => "fileAttachment",
            Derived::Item => "itemAttachment",
            Derived::Reference => "referenceAttachment",
        }
    }
}

/// Which properties of attachments are asked for, and whether what is attached is shown with them.
#[derive(Clone)]
pub(crate) struct Selection {
    properties: Vec<&'static Property<View>>,
    names: Option<Vec<String>>,
    /// What is shown of attached items, and how many levels of them.
    items: Option<(Box<message::Selection>, usize)>,
}

impl Default for Selection {
    fn default() -> Self {
        Selection { properties: PROPERTIES.iter().map(|own| &own.property).collect(), names: None, items: None }
    }
}

impl Selection {
    /// What `$select` and `$expand` name.
    ///
    /// # Errors
    /// For a property that attachments don't have: what only a file has is named with its type (behaviour 6.13), and for
    /// anything but an item that is expanded.
    pub(crate) fn of(options: &Options) -> Result<Selection, ApiError> {
        let mut selection = Selection::default();
        let items = options.select()?;
        if !items.is_empty() {
            let named = items.iter().map(selected).collect::<Result<Vec<_>, _>>()?.concat();
            let wanted = |own: &&Own| own.property.name == "id" || named.contains(&own.property.name);
            selection.properties = PROPERTIES.iter().filter(wanted).map(|own| &own.property).collect();
            selection.names = Some(items.iter().map(spelt).collect());
        }
        for item in options.expand()? {
            selection.items = Some((Box::new(expanded(&item)?), LEVELS));
        }
        Ok(selection)
    }

    /// The names in `$select`, as they were written.
    pub(crate) fn names(&self) -> Option<&[String]> {
        self.names.as_deref()
    }

    /// The attachments of an item: whole, and a level less of items in them.
    fn within(items: &message::Selection, levels: usize) -> Selection {
        let items = levels.checked_sub(1).filter(|levels| *levels > 0).map(|levels| (Box::new(items.clone()), levels));
        Selection { items, ..Selection::default() }
    }
}

/// The properties that an item of `$select` names.
fn selected(item: &SelectItem) -> Result<Vec<&'static str>, ApiError> {
    let SelectItem::Property(path) = item else { return Ok(PROPERTIES.iter().map(|own| own.property.name).collect()) };
    let unknown = || ApiError::no_such_property(&path.to_string(), "attachment");
    let (derived, name) = match path.segments() {
        [annotation] if annotation.starts_with('@') => return Ok(Vec::new()),
        [name] => (None, name),
        [derived, name] => (Some(type_named(derived).ok_or_else(unknown)?), name),
        _ => return Err(unknown()),
    };
    if derived == Some(Derived::Item) && name.eq_ignore_ascii_case("item") {
        return Ok(Vec::new()); // it comes where it is expanded
    }
    let fits = |own: &&Own| own.property.name.eq_ignore_ascii_case(name) && (own.of.is_none() || own.of == derived);
    let found = PROPERTIES.iter().find(fits).map(|own| vec![own.property.name]);
    found.ok_or_else(|| ApiError::no_such_property(name, derived.map_or("attachment", Derived::name)))
}

fn spelt(item: &SelectItem) -> String {
    match item {
        SelectItem::All => "*".to_owned(),
        SelectItem::Property(path) => path.to_string(),
    }
}

fn type_named(name: &str) -> Option<Derived> {
    let name = name.to_ascii_lowercase();
    let name = name.strip_prefix("microsoft.graph.")?;
    [Derived::File, Derived::Item, Derived::Reference].into_iter().find(|derived| derived.name().eq_ignore_ascii_case(name))
}

/// What of an item is shown that `$expand` names (Graph: attachment-get): `microsoft.graph.itemAttachment/item`.
fn expanded(item: &ExpandItem) -> Result<message::Selection, ApiError> {
    let is_item = |path: &PropertyPath| path.is("microsoft.graph.itemAttachment/item") || path.is("item");
    if is_item(&item.path) {
        return message::Selection::of_attached(&item.options);
    }
    Err(ApiError::no_such_property(&item.path.to_string(), "attachment"))
}

/// All attachments of a message, in order.
pub(crate) fn render_all(content: &Content, selection: &Selection, shown: &Shown) -> Vec<Value> {
    content.attachments().map(|attached| render(content, attached, selection, shown)).collect()
}

/// Those that `$filter` leaves, in the order that `$orderby` asks for.
///
/// # Errors
/// For a condition or an order that can't be read.
pub(crate) fn list(content: &Content, options: &Options) -> Result<Vec<usize>, ApiError> {
    const PLACE: &str = "#";
    let list = SmallList::of(options, "attachment", DECLARED)?;
    let described = content.attachments().enumerate().map(|(place, attached)| {
        let view = View::of(content, attached);
        let properties = PROPERTIES.iter().filter(|own| own.of.is_none()).map(|own| &own.property);
        let mut value: Map<String, Value> = properties.map(|p| (p.name.to_owned(), (p.read)(&view))).collect();
        value.insert(PLACE.to_owned(), place.into());
        Value::Object(value)
    });
    let places = list.apply(described.collect()).into_iter().filter_map(|value| value[PLACE].as_u64());
    Ok(places.filter_map(|place| usize::try_from(place).ok()).collect())
}

/// One attachment.
pub(crate) fn render(content: &Content, attached: AttachedPart<'_>, selection: &Selection, shown: &Shown) -> Value {
    let view = View::of(content, attached);
    let mut value = Map::new();
    value.insert("@odata.type".to_owned(), format!("#microsoft.graph.{}", view.derived.name()).into());
    if view.derived == Derived::File {
        value.insert("@odata.mediaContentType".to_owned(), view.content_type.clone().into());
    }
    let is_own = |property: &&&Property<View>| {
        PROPERTIES.iter().any(|own| own.property.name == property.name && own.of.is_none_or(|of| of == view.derived))
    };
    value.extend(selection.properties.iter().filter(is_own).map(|p| (p.name.to_owned(), (p.read)(&view))));
    if let Some((items, levels)) = &selection.items
        && let Some(item) = content.item(attached)
    {
        value.insert("item".to_owned(), render_item(item, items, *levels, shown));
    }
    value.into()
}

/// A message that is attached, with its attachments: it has no id of its own, and stands in no folder.
fn render_item(item: Content, selection: &message::Selection, levels: usize, shown: &Shown) -> Value {
    let attachments = item.record.has_attachments.then(|| render_all(&item, &Selection::within(selection, levels), shown));
    let mut value = Map::from_iter([("@odata.type".to_owned(), "#microsoft.graph.message".into())]);
    if let Value::Object(message) = message::View::of_content(item, shown.clone()).render(selection) {
        value.extend(message.into_iter().filter(|(name, _)| !OF_STORED_MESSAGES.contains(&name.as_str())));
    }
    value.insert("id".to_owned(), "".into());
    if let Some(attachments) = attachments {
        value.insert("attachments".to_owned(), attachments.into());
    }
    value.into()
}

const OF_STORED_MESSAGES: [&str; 3] = ["@odata.etag", "changeKey", "parentFolderId"];

impl View {
    pub(crate) fn of(content: &Content, attached: AttachedPart<'_>) -> View {
        let AttachedPart { message, part, .. } = attached;
        let derived = Derived::of(part);
        let content_type = match derived {
            Derived::File => Some(part.media_type.essence.clone()),
            Derived::Item => None, // as Graph has it
            Derived::Reference => message.attached_elsewhere(part),
        };
        View {
            derived,
            id: ids::attachment(content.record.id, attached.key),
            last_modified_date_time: date(content.record.last_modified_date_time),
            name: name(message, part),
            content_type,
            is_inline: part.is_inline(),
            content_id: part.content_id.clone(),
            content_location: message.content_location(part),
            source_url: message.parameter(part, "url"),
            body: message.encoded_body(part),
        }
    }
}

/// The file name; an attached message without one has its subject.
fn name(message: &Message, part: &Part) -> Option<String> {
    part.file_name.clone().or_else(|| message.attached(part)?.text("Subject"))
}
