//! Which properties of a resource may stand in `$filter` and `$orderby`, and what they are.

use odata::PropertyPath;
use store::{Collection, Field};

/// A property, or one within another, that may be named.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Declared {
    /// Its path with slashes, as Graph writes it. Empty for a member of a collection that is a value itself.
    pub(crate) path: &'static str,
    pub(crate) kind: Kind,
    pub(crate) stored: Stored,
}

/// Where the store has a property.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Stored {
    /// It is always there, and nothing but that can be asked of it.
    Always,
    Collection(Collection),
    Field(Field),
    /// The resource is made as it is asked for.
    Nowhere,
}

/// What a property is.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    Boolean,
    /// Members, each with these properties.
    Collection(&'static [Declared]),
    DateTime,
    /// The members of an enumeration, in the order of their values.
    Enumeration(&'static [&'static str]),
    /// Extended properties, with one value each or with many.
    Extended {
        many: bool,
    },
    /// A text of which each octet counts: ids.
    Exact,
    Number,
    /// Something that no condition and no order speaks of.
    Opaque,
    /// Something with properties of its own: it is there, or it is null.
    Object,
    /// A text that compares without case, as Exchange compares.
    Text,
}

impl Declared {
    pub(crate) const fn new(path: &'static str, kind: Kind) -> Declared {
        Declared { path, kind, stored: Stored::Nowhere }
    }

    pub(crate) const fn of(path: &'static str, kind: Kind, stored: Stored) -> Declared {
        Declared { path, kind, stored }
    }

    /// The one of this path among those of a resource.
    pub(crate) fn find<'d>(declared: &'d [Declared], path: Option<&PropertyPath>) -> Option<&'d Declared> {
        declared.iter().find(|one| path.map_or(one.path.is_empty(), |path| path.is(one.path)))
    }
}

impl Kind {
    /// The name of the type (OData: `Edm.String`), for the words of an error.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Kind::Boolean => "Edm.Boolean",
            Kind::Collection(_) | Kind::Extended { .. } => "Collection",
            Kind::DateTime => "Edm.DateTimeOffset",
            Kind::Enumeration(_) => "Enumeration",
            Kind::Exact | Kind::Text => "Edm.String",
            Kind::Number => "Edm.Int64",
            Kind::Object => "Object",
            Kind::Opaque => "Untyped",
        }
    }
}
