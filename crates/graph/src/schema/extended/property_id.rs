//! The id of an extended property (Graph: extended-properties-overview): its type, then a tag (`String 0x1000`), or the set
//! and the name or the number of a named property (`String {guid} Name Color`, `Integer {guid} Id 0x8012`; MS-OXCPRPT).

use crate::error::{ApiError, ErrorCode};
use uuid::Uuid;

/// Which property.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PropertyId {
    pub(crate) kind: PropertyType,
    /// It has a list of values.
    pub(crate) many: bool,
    pub(crate) tag: Tag,
}

/// By what a property is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Tag {
    /// A property of MAPI's own (MS-OXPROPS).
    Mapi(u16),
    /// A named property, by name; its case counts.
    Named(Uuid, String),
    /// A named property, by number.
    Numbered(Uuid, u32),
}

/// The type of a property (MS-OXCDATA §2.11.1), in Graph's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PropertyType {
    /// Octets in base64
    Binary,
    Boolean,
    /// A GUID
    Clsid,
    /// Also ApplicationTime, Currency and Float
    Double,
    /// 32 bits
    Integer,
    /// 64 bits
    Long,
    /// 16 bits
    Short,
    String,
    /// An instant
    SystemTime,
}

/// The words of the types. Object, Error and Null are no types of a value.
const TYPES: [(&str, PropertyType); 12] = [
    ("ApplicationTime", PropertyType::Double),
    ("Binary", PropertyType::Binary),
    ("Boolean", PropertyType::Boolean),
    ("CLSID", PropertyType::Clsid),
    ("Currency", PropertyType::Double),
    ("Double", PropertyType::Double),
    ("Float", PropertyType::Double),
    ("Integer", PropertyType::Integer),
    ("Long", PropertyType::Long),
    ("Short", PropertyType::Short),
    ("String", PropertyType::String),
    ("SystemTime", PropertyType::SystemTime),
];

/// Tags from here on stand for named properties, another one in each mailbox.
const NAMED: u16 = 0x8000;
/// Longest name, in characters (MS-OXCPRPT: 254).
const MAX_NAME: usize = 254;

impl PropertyType {
    /// Types whose values compare with each other are one in a key: Evolution asks for `Long 0xe08`, others for
    /// `Integer 0x0E08`.
    pub(crate) fn is_like(self, other: PropertyType) -> bool {
        self.word() == other.word()
    }

    fn word(self) -> &'static str {
        match self {
            PropertyType::Binary => "binary",
            PropertyType::Boolean => "boolean",
            PropertyType::Clsid => "clsid",
            PropertyType::Double => "double",
            PropertyType::Integer | PropertyType::Long | PropertyType::Short => "integer",
            PropertyType::String => "string",
            PropertyType::SystemTime => "systemTime",
        }
    }
}

impl PropertyId {
    /// Reads an id of a property with one value, or with many.
    ///
    /// # Errors
    /// Graph's, for a text that is no id, and for one of the other kind.
    pub(crate) fn of(text: &str, many: bool) -> Result<PropertyId, ApiError> {
        let id = PropertyId::parse(text).ok_or_else(|| {
            ApiError::new(
                ErrorCode::ErrorInvalidProperty,
                "PropertyId values may only be in one of the following formats: 'MapiPropertyType namespaceGuid Name \
                 propertyName', 'MapiPropertyType namespaceGuid Id propertyId' or 'MapiPropertyType propertyTag'.",
            )
        })?;
        if id.many == many {
            return Ok(id);
        }
        let message = "The extended property attribute combination is invalid.";
        let cause = if many { "a property with one value among those with many" } else { "a property with many values" };
        Err(ApiError::new(ErrorCode::ErrorInvalidExtendedProperty, message).because(cause))
    }

    fn parse(text: &str) -> Option<PropertyId> {
        let (word, rest) = text.trim().split_once(' ')?;
        let (word, many) = match word.len().checked_sub("Array".len()).and_then(|at| word.split_at_checked(at)) {
            Some((word, array)) if array.eq_ignore_ascii_case("Array") => (word, true),
            _ => (word, false),
        };
        let kind = TYPES.iter().find(|(name, _)| name.eq_ignore_ascii_case(word))?.1;
        Some(PropertyId { kind, many, tag: Tag::parse(rest.trim())? })
    }

    /// The one spelling under which the store keeps it.
    pub(crate) fn key(&self) -> String {
        let word = self.kind.word();
        let many = if self.many { "Array" } else { "" };
        match &self.tag {
            Tag::Mapi(tag) => format!("{word}{many} 0x{tag:04x}"),
            Tag::Named(set, name) => format!("{word}{many} {{{set}}} Name {name}"),
            Tag::Numbered(set, number) => format!("{word}{many} {{{set}}} Id 0x{number:04x}"),
        }
    }

    /// Whether it is the property of MAPI's own with this tag and a type like this.
    pub(crate) fn is_mapi(&self, tag: u16, kind: PropertyType) -> bool {
        self.tag == Tag::Mapi(tag) && self.kind.is_like(kind) && !self.many
    }
}

impl Tag {
    fn parse(text: &str) -> Option<Tag> {
        if let Some(hex) = hexadecimal(text) {
            return u16::try_from(hex).ok().filter(|tag| *tag < NAMED).map(Tag::Mapi);
        }
        let (set, rest) = text.split_once(' ')?;
        let set = Uuid::parse_str(set).ok()?;
        let (word, name) = rest.trim_start().split_once(' ')?;
        let name = name.trim();
        match word.to_ascii_lowercase().as_str() {
            "name" if (1..=MAX_NAME).contains(&name.chars().count()) => Some(Tag::Named(set, name.to_owned())),
            "id" => hexadecimal(name).or_else(|| name.parse().ok()).map(|number| Tag::Numbered(set, number)),
            _ => None,
        }
    }
}

/// A number after `0x`, whatever its case and leading zeros.
fn hexadecimal(text: &str) -> Option<u32> {
    let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"))?;
    let are_digits = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_hexdigit());
    are_digits.then(|| u32::from_str_radix(digits, 16).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_property_are_one() {
        for (spellings, key) in [
            (&["Integer 0x0E08", "Long 0xe08", "integer 0X00000e08", " Short  0x0e08"][..], "integer 0x0e08"),
            (
                &[
                    "String {66F5A359-4659-4830-9070-00047EC6AC6E} Name Color X",
                    "string 66f5a359-4659-4830-9070-00047ec6ac6e name Color X",
                ],
                "string {66f5a359-4659-4830-9070-00047ec6ac6e} Name Color X",
            ),
            (
                &[
                    "Integer {00062008-0000-0000-c000-000000000046} Id 0x8570",
                    "Integer {00062008-0000-0000-C000-000000000046} id 34160",
                ],
                "integer {00062008-0000-0000-c000-000000000046} Id 0x8570",
            ),
            (
                &["StringArray {66f5a359-4659-4830-9070-00047ec6ac6e} Name P"],
                "stringArray {66f5a359-4659-4830-9070-00047ec6ac6e} Name P",
            ),
            (&["CLSID {00062008-0000-0000-C000-000000000046} Name a"], "clsid {00062008-0000-0000-c000-000000000046} Name a"),
        ] {
            for spelling in spellings {
                assert_eq!(PropertyId::parse(spelling).map(|id| id.key()).as_deref(), Some(key), "{spelling}");
            }
        }
        let named = |name: &str| PropertyId::parse(&format!("String {{00020329-0000-0000-C000-000000000046}} Name {name}"));
        assert_ne!(named("a"), named("A"), "the case of a name counts");
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "",
            "String",
            "0x0E08",
            "Text 0x0E08",
            "Object 0x0E08",
            "Integer 0x",
            "Integer 0x+1",
            "Integer 0x8570",
            "Integer 0x10e08",
            "Integer 3592",
            "String {66f5a359} Name Color",
            "String {66f5a359-4659-4830-9070-00047ec6ac6e}",
            "String {66f5a359-4659-4830-9070-00047ec6ac6e} Name",
            "String {66f5a359-4659-4830-9070-00047ec6ac6e} Color x",
            "Integer {66f5a359-4659-4830-9070-00047ec6ac6e} Id x",
            "éArray 0x0E08",
        ] {
            assert_eq!(PropertyId::parse(text), None, "{text}");
        }
        let wrong = |text, many| PropertyId::of(text, many).map_err(|error| error.code);
        assert_eq!(wrong("x", false), Err(ErrorCode::ErrorInvalidProperty));
        assert_eq!(wrong("StringArray 0x1000", false), Err(ErrorCode::ErrorInvalidExtendedProperty));
        assert_eq!(wrong("String 0x1000", true), Err(ErrorCode::ErrorInvalidExtendedProperty));
    }
}
