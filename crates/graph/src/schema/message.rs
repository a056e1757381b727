//! The message resource: each property declared once.

mod declared;

pub(crate) use declared::DECLARED;

use super::annotated;
use super::edm::{self, Edm};
use super::event_message::{DerivedSelection, InZone, Invited, Told};
use super::expand::{Expansion, NAVIGATION};
use super::property::{self, Property, Returned, object, selected};
use super::smime;
use crate::basics;
use crate::error::ApiError;
use crate::html;
use crate::ids;
use crate::prefer::BodyForm;
use encodify::base64::STANDARD;
use mailbox::{Content, Hung, Meeting, Sight};
use mime::{ItemBody, Message};
use odata::{Options, SelectItem};
use serde_json::{Map, Value, json};
use store::{MessageId, MessageRecord, Recipient, Timestamp};

/// A message as it is shown: its row, and its octets where something of them is asked for.
pub(crate) struct View {
    source: Source,
    shown: Shown,
    hung: Hung,
    /// What it is worth, where that is asked for.
    verdict: Option<Value>,
}

enum Source {
    Content(Box<Content>),
    Record(Box<MessageRecord>),
}

/// How a client wants messages shown.
#[derive(Debug, Clone)]
pub(crate) struct Shown {
    /// Scheme, host and port that the client used.
    pub(crate) origin: String,
    pub(crate) body_form: BodyForm,
    /// HTML as it is stored.
    pub(crate) unsafe_html: bool,
    /// For what happens at a time.
    pub(crate) zone: InZone,
}

/// In Graph's order.
const PROPERTIES: &[Property<View>] = &[
    of("id", Edm::String, |v| ids::message(v.record().id).into()),
    of("createdDateTime", Edm::DateTimeOffset, |v| date(v.record().created_date_time)),
    of("lastModifiedDateTime", Edm::DateTimeOffset, |v| date(v.record().last_modified_date_time)),
    of("changeKey", Edm::String, |v| change_key(v.record()).into()),
    of("categories", Edm::Collection(&Edm::String), |v| json!(v.record().categories)),
    of("receivedDateTime", Edm::DateTimeOffset, |v| date(v.record().received_date_time)),
    of("sentDateTime", Edm::DateTimeOffset, |v| date(v.record().sent_date_time)),
    of("hasAttachments", Edm::Boolean, |v| v.record().has_attachments.into()),
    of("internetMessageId", Edm::String, |v| v.record().internet_message_id.as_str().into()),
    of("subject", Edm::String, |v| v.record().subject.as_str().into()),
    of("bodyPreview", Edm::String, |v| v.record().body_preview.as_str().into()),
    of("importance", Edm::Enum(&edm::IMPORTANCE), |v| v.record().importance.as_str().into()),
    of("parentFolderId", Edm::String, |v| ids::folder(v.record().folder).into()),
    of("conversationId", Edm::String, |v| ids::conversation(v.record().conversation_id).into()),
    of("conversationIndex", Edm::Binary, |v| STANDARD.encode(&v.record().conversation_index).into()),
    of("isDeliveryReceiptRequested", Edm::Boolean, |v| v.record().is_delivery_receipt_requested.into()),
    of("isReadReceiptRequested", Edm::Boolean, |v| v.record().is_read_receipt_requested.into()),
    of("isRead", Edm::Boolean, |v| v.record().is_read.into()),
    of("isDraft", Edm::Boolean, |v| v.record().is_draft.into()),
    of("webLink", Edm::String, |v| v.web_link().into()),
    of("inferenceClassification", Edm::Enum(&edm::INFERENCE_CLASSIFICATION_TYPE), |v| {
        v.record().inference_classification.as_str().into()
    }),
    of("body", Edm::Complex(&edm::ITEM_BODY), View::body),
    of("sender", Edm::Complex(&edm::RECIPIENT), |v| v.record().sender.first().map_or(Value::Null, recipient)),
    of("from", Edm::Complex(&edm::RECIPIENT), |v| v.record().from.first().map_or(Value::Null, recipient)),
    of("toRecipients", RECIPIENTS, |v| recipients(&v.record().to_recipients)),
    of("ccRecipients", RECIPIENTS, |v| recipients(&v.record().cc_recipients)),
    of("bccRecipients", RECIPIENTS, |v| recipients(&v.record().bcc_recipients)),
    of("replyTo", RECIPIENTS, |v| recipients(&v.record().reply_to)),
    of("flag", Edm::Complex(&edm::FOLLOWUP_FLAG), |v| serde_json::from_str(&v.record().flag).unwrap_or(Value::Null)),
    on_select(HEADERS, Edm::Collection(&Edm::Complex(&edm::INTERNET_MESSAGE_HEADER)), View::internet_message_headers),
    on_select("uniqueBody", Edm::Complex(&edm::ITEM_BODY), View::unique_body),
];

const HEADERS: &str = "internetMessageHeaders";

const RECIPIENTS: Edm = Edm::Collection(&Edm::Complex(&edm::RECIPIENT));

/// The names of a message's properties, and their types.
pub(crate) fn types() -> Vec<(&'static str, Edm)> {
    property::types(PROPERTIES)
}

/// Those that are read from the octets.
const OF_OCTETS: [&str; 3] = ["body", HEADERS, "uniqueBody"];

const fn of(name: &'static str, edm: Edm, read: fn(&View) -> Value) -> Property<View> {
    Property::by_default(name, edm, read)
}

const fn on_select(name: &'static str, edm: Edm, read: fn(&View) -> Value) -> Property<View> {
    Property::on_select(name, edm, read)
}

/// Which properties of messages are asked for, and what is to be expanded.
#[derive(Clone)]
pub(crate) struct Selection {
    properties: Vec<&'static Property<View>>,
    /// Of messages about meetings, what more.
    derived: DerivedSelection,
    expansion: Expansion,
    /// Whether the type is shown too.
    typed: bool,
    /// As the context of the answer names them.
    names: Option<Vec<String>>,
}

impl Default for Selection {
    fn default() -> Self {
        let by_default = PROPERTIES.iter().filter(|p| p.returned == Returned::ByDefault).collect();
        let (derived, expansion) = (DerivedSelection::default(), Expansion::default());
        Selection { properties: by_default, derived, expansion, typed: false, names: None }
    }
}

impl Selection {
    /// What `$select` and `$expand` name, for somebody who sees so much of messages.
    ///
    /// # Errors
    /// For a property that is none, or one that can't be expanded; `ErrorAccessDenied` for what is hidden.
    pub(crate) fn seen(options: &Options, sight: Sight) -> Result<Selection, ApiError> {
        let mut selection = Selection::of(options)?;
        if sight == Sight::Basics {
            let is_named = |name: &String| basics::is_hidden(name);
            let is_expanded = !selection.expansion.names().is_empty() || selection.expansion.has_event();
            if is_expanded || selection.names.iter().flatten().any(is_named) {
                return Err(ApiError::access_denied("Mail.ReadBasic hides what is asked for by name"));
            }
            selection.properties.retain(|property| !basics::is_hidden(property.name));
        }
        Ok(selection)
    }

    /// What `$select` and `$expand` name.
    ///
    /// # Errors
    /// For a property that is none, or one that can't be expanded.
    pub(crate) fn of(options: &Options) -> Result<Selection, ApiError> {
        let items = options.select()?;
        let selected_names = select_names(&items);
        let (derived, written) = DerivedSelection::of(&items)?;
        let properties = selected(PROPERTIES, selected_names.as_deref(), "message")?;
        let expansion = Expansion::of(options, |name| PROPERTIES.iter().any(|p| p.name.eq_ignore_ascii_case(name)))?;
        let selected = selected_names.into_iter().flatten().chain(written);
        let names: Vec<String> = selected.chain(expansion.names().iter().cloned()).collect();
        Ok(Selection { properties, derived, expansion, typed: false, names: (!names.is_empty()).then_some(names) })
    }

    /// What is shown of an attached item: its header fields too, unless `$select` names others (Graph: attachment-get).
    ///
    /// # Errors
    /// As [`Selection::of`].
    pub(crate) fn of_attached(options: &Options) -> Result<Selection, ApiError> {
        let mut selection = Selection::of(options)?;
        if options.select()?.is_empty() {
            selection.properties.extend(PROPERTIES.iter().filter(|property| property.name == HEADERS));
        }
        Ok(selection)
    }

    /// Everything that a message has by default, and its extensions.
    pub(crate) fn with_extensions() -> Selection {
        Selection { expansion: Expansion::of_extensions(), ..Selection::default() }
    }

    /// Everything that a message has by default, and its type.
    pub(crate) fn typed() -> Selection {
        Selection { typed: true, ..Selection::default() }
    }

    /// What the context of an answer names, if it names anything.
    pub(crate) fn names(&self) -> Option<&[String]> {
        self.names.as_deref()
    }

    /// Whether a property is among them.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.properties.iter().any(|property| property.name == name)
    }

    /// Whether nothing but extended properties is to be expanded.
    pub(crate) fn expands_extended_alone(&self) -> bool {
        self.expansion.is_of_extended_alone()
    }

    /// Whether the octets must be at hand.
    pub(crate) fn needs_octets(&self) -> bool {
        self.expansion.needs_octets() || self.properties.iter().any(|p| OF_OCTETS.contains(&p.name))
    }

    /// What must be looked up of what clients hung on a message: properties, and whether extensions.
    pub(crate) fn hung(&self) -> Option<(Vec<String>, bool)> {
        self.expansion.hung()
    }
}

/// The properties that `$select` names; nothing where it names none. A path into a property stands for all of it. What can
/// be expanded, annotations and the properties of types that we have none of are passed over.
fn select_names(items: &[SelectItem]) -> Option<Vec<String>> {
    let name = |item: &SelectItem| match item {
        SelectItem::All => Some("*".to_owned()),
        SelectItem::Property(path) => path.segments().first().cloned(),
    };
    let passed_over =
        |name: &String| name.contains(['.', '@']) || NAVIGATION.iter().any(|navigation| navigation.eq_ignore_ascii_case(name));
    (!items.is_empty()).then(|| items.iter().filter_map(name).filter(|name| !passed_over(name)).collect())
}

impl View {
    pub(crate) fn of_content(content: Content, shown: Shown) -> View {
        View { source: Source::Content(Box::new(content)), shown, hung: Hung::default(), verdict: None }
    }

    pub(crate) fn of_record(record: MessageRecord, shown: Shown) -> View {
        View { source: Source::Record(Box::new(record)), shown, hung: Hung::default(), verdict: None }
    }

    /// The same, with what clients hung on it.
    pub(crate) fn with(self, hung: Hung) -> View {
        View { hung, ..self }
    }

    /// The same, with what it is worth.
    pub(crate) fn with_verdict(self, verdict: Option<Value>) -> View {
        View { verdict, ..self }
    }

    /// The message as JSON.
    pub(crate) fn render(&self, selection: &Selection) -> Value {
        let mut value = Map::new();
        let invited = self.invited();
        match &invited {
            Some(invited) => _ = value.insert("@odata.type".to_owned(), invited.odata_type().into()),
            None if selection.typed => _ = value.insert("@odata.type".to_owned(), "#microsoft.graph.message".into()),
            None => {}
        }
        value.insert("@odata.etag".to_owned(), etag(self.record()).into());
        if let Some(verdict) = &self.verdict {
            value.insert(smime::ANNOTATION.to_owned(), verdict.clone());
        }
        value.extend(object(&selection.properties, self));
        if let Some(invited) = invited {
            invited.insert(&mut value, &selection.derived);
            if selection.expansion.has_event() {
                value.insert("event".to_owned(), self.event(&invited));
            }
        }
        let content = self.content().map(|content| (content, &self.shown));
        selection.expansion.insert(&mut value, self, content, &self.hung);
        value.into()
    }

    /// What is asked for of the message and nothing else, with the types that JSON doesn't tell. Its id is only there where it is
    /// named.
    pub(crate) fn annotated(&self, selection: &Selection) -> Value {
        let mut value = Map::new();
        let is_named = |name: &str| selection.names().is_some_and(|names| names.iter().any(|one| one.eq_ignore_ascii_case(name)));
        for property in selection.properties.iter().filter(|property| property.name != "id" || is_named("id")) {
            annotated::insert(&mut value, property.name, property.edm, (property.read)(self));
        }
        selection.expansion.insert(&mut value, self, None, &self.hung);
        value.into()
    }

    /// The body in every form in which a client may have read it.
    pub(crate) fn bodies(mut self) -> Vec<Value> {
        let forms = [(BodyForm::AsStored, false), (BodyForm::AsStored, true), (BodyForm::Html, false), (BodyForm::Text, false)];
        let mut in_form = |(body_form, unsafe_html)| {
            (self.shown.body_form, self.shown.unsafe_html) = (body_form, unsafe_html);
            self.body()
        };
        forms.into_iter().map(&mut in_form).collect()
    }

    /// The meeting that it is about.
    fn invited(&self) -> Option<Invited> {
        Meeting::of_row(self.record()).map(|meeting| Invited { meeting, zone: self.shown.zone.clone() })
    }

    /// The event that it tells of.
    fn event(&self, invited: &Invited) -> Value {
        let Some((content, event)) = self.content().and_then(|content| Some((content, content.event()?))) else {
            return Value::Null;
        };
        let told = Told {
            event,
            record: self.record().clone(),
            web_link: self.web_link(),
            body: self.body(),
            zone: self.shown.zone.clone(),
            has_travelled: content.field_text("Received").is_some(),
            is_response: invited.meeting.message_type.is_response(),
        };
        told.render()
    }

    /// Its row.
    pub(crate) fn record(&self) -> &MessageRecord {
        match &self.source {
            Source::Content(content) => &content.record,
            Source::Record(record) => record,
        }
    }

    /// Its octets, where they are at hand.
    pub(crate) fn content(&self) -> Option<&Content> {
        match &self.source {
            Source::Content(content) => Some(content),
            Source::Record(_) => None,
        }
    }

    /// Where a person may open it.
    pub(crate) fn web_link(&self) -> String {
        web_link(&self.shown.origin, self.record())
    }

    fn message(&self) -> Option<&Message> {
        self.content().map(Content::shown)
    }

    fn body(&self) -> Value {
        self.message().map_or(Value::Null, |message| match self.shown.body_form {
            BodyForm::Text => self.item_body(ItemBody::Text(message.text_body())),
            BodyForm::AsStored | BodyForm::Html => self.item_body(message.body()),
        })
    }

    fn unique_body(&self) -> Value {
        self.message().map_or(Value::Null, |message| self.item_body(message.unique_body()))
    }

    /// A text in the form that is asked for, unsafe HTML taken out unless it is asked for too.
    fn item_body(&self, body: ItemBody) -> Value {
        match (body, self.shown.body_form) {
            (ItemBody::Html(html), BodyForm::Text) => json!({"contentType": "text", "content": mime::html_to_text(&html)}),
            (ItemBody::Html(content), _) if self.shown.unsafe_html => json!({"contentType": "html", "content": content}),
            (ItemBody::Html(content), _) => json!({"contentType": "html", "content": html::cleaned(&content)}),
            (ItemBody::Text(text), BodyForm::Html) => json!({"contentType": "html", "content": html::of_text(&text)}),
            (ItemBody::Text(content), _) => json!({"contentType": "text", "content": content}),
        }
    }

    /// Every header field of this copy, generated ones first.
    fn internet_message_headers(&self) -> Value {
        let Some(content) = self.content() else { return Value::Null };
        content.header_fields().into_iter().map(|(name, value)| json!({"name": name, "value": value})).collect()
    }
}

/// Where a person may open the message (Graph: the address of Outlook on the web, on this server).
fn web_link(origin: &str, record: &MessageRecord) -> String {
    format!("{origin}/owa/?ItemID={}&exvsurl=1&viewmodel=ReadMessageItem", ids::message(record.id))
}

/// A date as Graph writes it: UTC, to the second.
pub(crate) fn date(at: Timestamp) -> Value {
    date_text(at).into()
}

/// The same as text.
pub(crate) fn date_text(at: Timestamp) -> String {
    jiff::Timestamp::from_second(at.seconds()).unwrap_or_default().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// The message's version as header fields name it (Graph: weak, of the change key).
pub(crate) fn etag(record: &MessageRecord) -> String {
    etag_of(record.id, record.modseq)
}

/// The same of a message that was in this version.
pub(crate) fn etag_of(id: MessageId, modseq: i64) -> String {
    format!("W/\"{}\"", change_key_of(id, modseq))
}

/// The `modseq` that an etag or a change key of ours stands for.
pub(crate) fn version(etag: &str) -> Option<i64> {
    let key = etag.trim().strip_prefix("W/").unwrap_or(etag.trim()).trim_matches('"');
    let octets: [u8; 16] = STANDARD.decode(key).ok()?.try_into().ok()?;
    octets.first_chunk().map(|modseq| i64::from_be_bytes(*modseq))
}

/// Changes with each write (Graph: outlookItem).
pub(crate) fn change_key(record: &MessageRecord) -> String {
    change_key_of(record.id, record.modseq)
}

fn change_key_of(id: MessageId, modseq: i64) -> String {
    STANDARD.encode([&modseq.to_be_bytes()[..], &id.0[8..]].concat())
}

pub(crate) fn recipients(list: &[Recipient]) -> Value {
    list.iter().map(recipient).collect()
}

/// A recipient; one without a name is shown by its address.
fn recipient(of: &Recipient) -> Value {
    let name = if of.name.is_empty() { &of.address } else { &of.name };
    json!({"emailAddress": {"name": name, "address": of.address}})
}
