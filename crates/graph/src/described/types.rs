//! The entity types, as far as the service has them. What a message or a folder has is told by the properties that it is
//! rendered by.

use crate::request::Version;
use crate::schema::attachment::{self, Derived};
use crate::schema::edm::{self, ComplexType, Edm, EnumType};
use crate::schema::event_message::DerivedType;
use crate::schema::{category, event_message, inference, mail_folder, mailbox_item, message, message_rule, subscription, user};
use std::collections::BTreeMap;

/// An entity type (OData CSDL 4.01 §6).
pub(super) struct EntityType {
    pub(super) name: &'static str,
    pub(super) base: Option<&'static str>,
    pub(super) form: Form,
    pub(super) properties: Vec<Typed>,
    pub(super) navigation: &'static [(&'static str, Edm)],
}

/// What else is told of a type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Abstract,
    /// With members of any name.
    Open,
    Plain,
    /// Open, and with a stream of octets.
    OpenStream,
    Stream,
}

/// A property and its type.
#[derive(Debug, Clone, Copy)]
pub(super) struct Typed {
    pub(super) name: &'static str,
    pub(super) edm: Edm,
    pub(super) nullable: bool,
}

/// The service's entry points: name, kind and type.
pub(super) const CONTAINER: [(&str, &str, &str); 3] =
    [("users", "EntitySet", "user"), ("me", "Singleton", "user"), ("subscriptions", "EntitySet", "subscription")];

/// What every outlookItem has.
const OF_ITEMS: [&str; 4] = ["categories", "changeKey", "createdDateTime", "lastModifiedDateTime"];

const EXTENDED: [(&str, Edm); 2] = [
    ("multiValueExtendedProperties", Edm::Collection(&Edm::Entity("multiValueLegacyExtendedProperty"))),
    ("singleValueExtendedProperties", Edm::Collection(&Edm::Entity("singleValueLegacyExtendedProperty"))),
];

/// All entity types of a version.
pub(super) fn entities(version: Version) -> Vec<EntityType> {
    let of_message = |wanted: fn(&Typed) -> bool| typed(message::types()).filter(wanted).collect();
    let is_of_items = |one: &Typed| OF_ITEMS.contains(&one.name);
    let is_own = |one: &Typed| one.name != "id" && !OF_ITEMS.contains(&one.name);
    let own = |types| typed(types).filter(|one| one.name != "id").collect::<Vec<_>>();
    let folder = own(mail_folder::types(version));
    let user = own(user::types()).into_iter().chain([SETTINGS]).collect();
    let rule = own(message_rule::property_types());
    let entity = |name, base, form, properties, navigation| EntityType { name, base, form, properties, navigation };
    let mut entities = vec![
        entity("entity", None, Form::Abstract, vec![required("id", Edm::String)], &[]),
        entity("outlookItem", Some("entity"), Form::Abstract, of_message(is_of_items), &[]),
        entity("message", Some("outlookItem"), Form::OpenStream, of_message(is_own), OF_MESSAGES),
        entity("mailFolder", Some("entity"), Form::Plain, folder, OF_FOLDERS),
        entity("messageRule", Some("entity"), Form::Plain, rule, &[]),
        entity("user", Some("entity"), Form::Plain, user, OF_USERS),
        entity("inferenceClassification", Some("entity"), Form::Plain, Vec::new(), OF_INFERENCE),
        entity("inferenceClassificationOverride", Some("entity"), Form::Plain, own(inference::types()), &[]),
        entity("outlookUser", Some("entity"), Form::Plain, Vec::new(), OF_OUTLOOK),
        entity("outlookCategory", Some("entity"), Form::Plain, own(category::types()), &[]),
    ];
    let item = typed(mailbox_item::item_types()).filter(is_own).collect();
    entities.push(entity("mailbox", Some("entity"), Form::Plain, Vec::new(), OF_MAILBOXES));
    entities.push(entity("mailboxFolder", Some("entity"), Form::Plain, own(mailbox_item::folder_types()), OF_MAILBOX_FOLDERS));
    entities.push(entity("mailboxItem", Some("outlookItem"), Form::Plain, item, &[]));
    entities.push(entity("mailSearchFolder", Some("mailFolder"), Form::Plain, own(mail_folder::search_types()), &[]));
    entities.push(entity("subscription", Some("entity"), Form::Plain, subscriptions(), &[]));
    entities.push(entity(
        "event",
        Some("outlookItem"),
        Form::Open,
        typed(event_message::event_types()).filter(is_own).collect(),
        &[],
    ));
    for DerivedType { name, base, own } in event_message::types() {
        let navigation = if base == "message" { OF_EVENT_MESSAGES } else { &[] };
        entities.push(entity(name, Some(base), Form::OpenStream, typed(own).collect(), navigation));
    }
    entities.extend(attachments());
    entities.extend(extensions());
    entities
}

fn attachments() -> Vec<EntityType> {
    let always = ["isInline", "size"];
    let of = |of: Option<Derived>| {
        let types = attachment::types(of).into_iter().filter(|(name, _)| *name != "id");
        types.map(|(name, edm)| Typed { name, edm, nullable: !always.contains(&name) }).collect()
    };
    let entity = |name, base, form, of_it| EntityType { name, base: Some(base), form, properties: of(of_it), navigation: &[] };
    vec![
        entity("attachment", "entity", Form::Abstract, None),
        entity("fileAttachment", "attachment", Form::Stream, Some(Derived::File)),
        EntityType {
            navigation: OF_ITEM_ATTACHMENTS,
            ..entity("itemAttachment", "attachment", Form::Plain, Some(Derived::Item))
        },
        entity("referenceAttachment", "attachment", Form::Plain, Some(Derived::Reference)),
    ]
}

fn subscriptions() -> Vec<Typed> {
    let always = ["changeType", "expirationDateTime", "notificationUrl", "resource"];
    let types = subscription::types().into_iter().filter(|(name, _)| *name != "id");
    types.map(|(name, edm)| Typed { name, edm, nullable: !always.contains(&name) }).collect()
}

fn extensions() -> [EntityType; 4] {
    let entity = |name, base, form, properties| EntityType { name, base: Some(base), form, properties, navigation: &[] };
    let texts = Edm::Collection(&Edm::String);
    [
        entity("extension", "entity", Form::Abstract, Vec::new()),
        entity("openTypeExtension", "extension", Form::Open, vec![required("extensionName", Edm::String)]),
        entity("singleValueLegacyExtendedProperty", "entity", Form::Plain, vec![optional("value", Edm::String)]),
        entity("multiValueLegacyExtendedProperty", "entity", Form::Plain, vec![optional("value", texts)]),
    ]
}

const OF_ITEM_ATTACHMENTS: &[(&str, Edm)] = &[("item", Edm::Entity("outlookItem"))];
const OF_MESSAGES: &[(&str, Edm)] = &[
    ("attachments", Edm::Collection(&Edm::Entity("attachment"))),
    ("extensions", Edm::Collection(&Edm::Entity("extension"))),
    EXTENDED[0],
    EXTENDED[1],
];
const OF_FOLDERS: &[(&str, Edm)] = &[
    ("childFolders", Edm::Collection(&Edm::Entity("mailFolder"))),
    ("messageRules", Edm::Collection(&Edm::Entity("messageRule"))),
    ("messages", Edm::Collection(&Edm::Entity("message"))),
    EXTENDED[0],
    EXTENDED[1],
];
const OF_EVENT_MESSAGES: &[(&str, Edm)] = &[("event", Edm::Entity("event"))];
const OF_MAILBOXES: &[(&str, Edm)] = &[("folders", Edm::Collection(&Edm::Entity("mailboxFolder")))];
const OF_MAILBOX_FOLDERS: &[(&str, Edm)] =
    &[("childFolders", Edm::Collection(&Edm::Entity("mailboxFolder"))), ("items", Edm::Collection(&Edm::Entity("mailboxItem")))];
const OF_USERS: &[(&str, Edm)] = &[
    ("inferenceClassification", Edm::Entity("inferenceClassification")),
    ("mailFolders", Edm::Collection(&Edm::Entity("mailFolder"))),
    ("messages", Edm::Collection(&Edm::Entity("message"))),
    ("outlook", Edm::Entity("outlookUser")),
];
const OF_INFERENCE: &[(&str, Edm)] = &[("overrides", Edm::Collection(&Edm::Entity("inferenceClassificationOverride")))];
const OF_OUTLOOK: &[(&str, Edm)] = &[("masterCategories", Edm::Collection(&Edm::Entity("outlookCategory")))];
/// What a person has that is the mailbox's.
const SETTINGS: Typed = optional("mailboxSettings", Edm::Complex(&edm::MAILBOX_SETTINGS));

fn typed(types: Vec<(&'static str, Edm)>) -> impl Iterator<Item = Typed> {
    types.into_iter().map(|(name, edm)| optional(name, edm))
}

const fn optional(name: &'static str, edm: Edm) -> Typed {
    Typed { name, edm, nullable: true }
}

const fn required(name: &'static str, edm: Edm) -> Typed {
    Typed { name, edm, nullable: false }
}

/// The complex types that may stand where their base is told.
const DERIVED: [Edm; 1] = [Edm::Complex(&edm::CUSTOM_TIME_ZONE)];

/// The complex types and enumerations that are reached from some types, by name.
#[derive(Default)]
pub(super) struct Reached {
    pub(super) complex: BTreeMap<&'static str, &'static ComplexType>,
    pub(super) enums: BTreeMap<&'static str, &'static EnumType>,
}

impl Reached {
    /// Those that are reached from these, and those that are derived from what is reached.
    pub(super) fn from(types: impl Iterator<Item = Edm>) -> Reached {
        let mut reached = Reached::default();
        types.chain(DERIVED).for_each(|edm| reached.add(edm));
        reached
    }

    fn add(&mut self, edm: Edm) {
        match edm {
            Edm::Collection(of) => self.add(*of),
            Edm::Complex(complex) => {
                if self.complex.insert(complex.name, complex).is_none() {
                    complex.base.into_iter().for_each(|base| self.add(Edm::Complex(base)));
                    complex.members.iter().for_each(|member| self.add(member.edm));
                }
            }
            Edm::Enum(one) => {
                self.enums.insert(one.name, one);
            }
            Edm::Binary
            | Edm::Stream
            | Edm::Boolean
            | Edm::DateTimeOffset
            | Edm::Entity(_)
            | Edm::Int32
            | Edm::Int64
            | Edm::String
            | Edm::TimeOfDay => {}
        }
    }
}
