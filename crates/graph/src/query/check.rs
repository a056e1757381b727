//! Whether an expression makes sense of a resource: its properties are there, its functions known, its literals of the
//! right type. Graph's words, with the place in the text.

use super::declared::{Declared, Kind};
use crate::error::{ApiError, ErrorCode};
use odata::{Comparison, Expr, Literal, OrderItem, Place, PropertyPath};

/// What names mean at some place in an expression: the resource's properties, and the members of the lambdas around it.
#[derive(Clone)]
pub(crate) struct Scope {
    resource: &'static str,
    declared: &'static [Declared],
    members: Vec<(String, &'static [Declared])>,
}

impl Scope {
    /// That of a whole expression about a resource, given by the name of its type.
    pub(crate) fn of(resource: &'static str, declared: &'static [Declared]) -> Scope {
        Scope { resource, declared, members: Vec::new() }
    }

    /// That of a lambda's predicate.
    pub(crate) fn within(&self, variable: &str, members: &'static [Declared]) -> Scope {
        let mut scope = self.clone();
        scope.members.push((variable.to_owned(), members));
        scope
    }

    /// What a property is.
    pub(crate) fn property(&self, path: &PropertyPath) -> Option<&'static Declared> {
        Declared::find(self.declared, Some(path))
    }

    /// What a lambda's member is, or a property of it.
    pub(crate) fn variable(&self, name: &str, path: Option<&PropertyPath>) -> Option<&'static Declared> {
        let (_, members) = self.members.iter().rev().find(|(variable, _)| variable == name)?;
        Declared::find(members, path)
    }

    /// What a value is; nothing for a literal, which is what it is compared with.
    pub(crate) fn kind(&self, expr: &Expr) -> Option<Kind> {
        match expr {
            Expr::Literal(_) | Expr::Cast { .. } => None,
            Expr::Property(path) => self.property(path).map(|one| one.kind),
            Expr::Variable { name, path } => self.variable(name, path.as_ref()).map(|one| one.kind),
            Expr::Call { function, arguments, .. } => match function.as_str() {
                "length" => Some(Kind::Number),
                "tolower" | "toupper" => arguments.first().and_then(|of| self.kind(of)).or(Some(Kind::Text)),
                _ => Some(Kind::Boolean),
            },
            _ => Some(Kind::Boolean),
        }
    }
}

/// Refuses an expression that is no condition on the resource.
///
/// # Errors
/// Graph's, with the place of what is wrong.
pub(crate) fn check(expr: &Expr, scope: &Scope) -> Result<(), ApiError> {
    match value(expr, scope)? {
        Some(Kind::Boolean) => Ok(()),
        None if matches!(expr, Expr::Literal(Literal::Boolean(_))) => Ok(()),
        _ => Err(invalid("The $filter expression must evaluate to a single boolean value.", place(expr))),
    }
}

/// Refuses an order by something that is not there or has none.
///
/// # Errors
/// Graph's, with the place of what is wrong.
pub(crate) fn check_order(items: &[OrderItem], scope: &Scope) -> Result<(), ApiError> {
    for OrderItem { path, .. } in items {
        match scope.property(path).map(|one| one.kind) {
            None => return Err(no_such_property(path, scope, "orderby")),
            Some(Kind::Collection(_) | Kind::Extended { .. } | Kind::Object | Kind::Opaque) => return Err(super::no_order(path)),
            Some(_) => {}
        }
    }
    Ok(())
}

/// Checks a value; answers what it is.
fn value(expr: &Expr, scope: &Scope) -> Result<Option<Kind>, ApiError> {
    match expr {
        Expr::And(operands) | Expr::Or(operands) => operands.iter().try_for_each(|one| check(one, scope))?,
        Expr::Not(inner) => check(inner, scope)?,
        Expr::Call { function, arguments, place } => call(function, arguments, *place, scope)?,
        Expr::Compare { left, operator, right, place } => compare(left, *operator, right, *place, scope)?,
        Expr::In { value: of, list } => {
            let kind = value(of, scope)?;
            list.iter().try_for_each(|one| literal(one, kind, Comparison::Equal, place(of)))?;
        }
        // What stands within is looked at where it is translated.
        Expr::Lambda { collection, .. } if matches!(scope.kind(collection), Some(Kind::Extended { .. })) => {}
        Expr::Lambda { collection, variable, predicate, .. } => {
            check(predicate, &scope.within(variable, members(collection, scope)?))?;
        }
        Expr::NotEmpty(collection) => members(collection, scope).map(drop)?,
        Expr::Property(path) if scope.property(path).is_none() => return Err(no_such_property(path, scope, "filter")),
        Expr::Property(path) if matches!(scope.kind(expr), Some(Kind::Opaque)) => {
            return Err(invalid(&format!("The property '{path}' can't be filtered by."), path.offset()));
        }
        Expr::Variable { name, path } if scope.variable(name, path.as_ref()).is_none() => {
            let named = path.as_ref().map_or_else(|| name.clone(), |path| format!("{name}/{path}"));
            let message = format!("Could not find a property named '{named}'.");
            return Err(invalid(&message, path.as_ref().map_or(0, PropertyPath::offset)));
        }
        Expr::Cast { value: of, .. } => return Err(invalid("A cast is not answered here.", place(of))),
        Expr::Literal(_) | Expr::Property(_) | Expr::Variable { .. } => {}
    }
    Ok(scope.kind(expr))
}

/// The properties of a collection's members.
fn members(collection: &Expr, scope: &Scope) -> Result<&'static [Declared], ApiError> {
    match value(collection, scope)? {
        Some(Kind::Collection(members)) => Ok(members),
        _ => Err(invalid("Any/All may only be used following a collection.", place(collection))),
    }
}

fn call(function: &str, arguments: &[Expr], at: Place, scope: &Scope) -> Result<(), ApiError> {
    let expected = match function {
        "contains" | "endswith" | "startswith" => 2,
        "length" | "tolower" | "toupper" => 1,
        _ => {
            let message = format!(
                "An unknown function with name '{function}' was found. This may also be a function import or a key lookup on a \
                 navigation property, which is not allowed."
            );
            return Err(invalid(&message, at.0));
        }
    };
    if arguments.len() != expected {
        return Err(invalid(&format!("The function '{function}' takes {expected} arguments."), at.0));
    }
    for argument in arguments {
        let is_text = match (value(argument, scope)?, argument) {
            (Some(Kind::Exact | Kind::Text), _) | (None, Expr::Literal(Literal::Null | Literal::String(_))) => true,
            (Some(_) | None, _) => false,
        };
        if !is_text {
            return Err(invalid(&format!("No function signature for the function with name '{function}' matches."), at.0));
        }
    }
    Ok(())
}

fn compare(left: &Expr, operator: Comparison, right: &Expr, at: Place, scope: &Scope) -> Result<(), ApiError> {
    match (value(left, scope)?, left, value(right, scope)?, right) {
        (Some(kind), _, None, Expr::Literal(one)) | (None, Expr::Literal(one), Some(kind), _) => {
            literal(one, Some(kind), operator, at.0)
        }
        (Some(one), _, Some(other), _) if one.name() == other.name() => Ok(()),
        (one, _, other, _) => {
            let name = |kind: Option<Kind>| kind.map_or("literal", Kind::name);
            Err(incompatible(name(one), name(other), operator, at.0))
        }
    }
}

/// Refuses a literal that a value of this kind can't be compared with.
fn literal(literal: &Literal, kind: Option<Kind>, operator: Comparison, offset: usize) -> Result<(), ApiError> {
    let fits = match (kind, literal) {
        (Some(Kind::Enumeration(names)), Literal::String(value) | Literal::Enum { value, .. }) => {
            if !names.iter().any(|name| name.eq_ignore_ascii_case(value)) {
                return Err(invalid(&format!("The string '{value}' is not a valid enumeration type constant."), offset));
            }
            true
        }
        (Some(Kind::Collection(_) | Kind::Extended { .. }) | None, _) => false,
        (Some(_), Literal::Null)
        | (Some(Kind::Boolean), Literal::Boolean(_))
        | (Some(Kind::DateTime), Literal::Date(_) | Literal::DateTimeOffset(_))
        | (Some(Kind::Exact | Kind::Text), Literal::String(_))
        | (Some(Kind::Number), Literal::Int(_) | Literal::Decimal(_)) => true,
        (Some(_), _) => false,
    };
    if fits { Ok(()) } else { Err(incompatible(kind.map_or("literal", Kind::name), type_name(literal), operator, offset)) }
}

fn type_name(literal: &Literal) -> &str {
    match literal {
        Literal::Binary(_) => "Edm.Binary",
        Literal::Boolean(_) => "Edm.Boolean",
        Literal::Date(_) => "Edm.Date",
        Literal::DateTimeOffset(_) => "Edm.DateTimeOffset",
        Literal::Decimal(_) => "Edm.Decimal",
        Literal::Duration(_) => "Edm.Duration",
        Literal::Enum { type_name, .. } => type_name,
        Literal::Guid(_) => "Edm.Guid",
        Literal::Int(_) => "Edm.Int64",
        Literal::Null => "null",
        Literal::String(_) => "Edm.String",
    }
}

/// Where something stands, as far as it is known.
pub(super) fn place(expr: &Expr) -> usize {
    match expr {
        Expr::Call { place, .. } | Expr::Compare { place, .. } => place.0,
        Expr::Property(path) | Expr::Variable { path: Some(path), .. } => path.offset(),
        Expr::Cast { value: of, .. } | Expr::In { value: of, .. } | Expr::Not(of) | Expr::NotEmpty(of) => place(of),
        Expr::Lambda { collection, .. } => place(collection),
        Expr::And(operands) | Expr::Or(operands) => operands.first().map_or(0, place),
        Expr::Literal(_) | Expr::Variable { path: None, .. } => 0,
    }
}

pub(super) fn invalid(what: &str, offset: usize) -> ApiError {
    ApiError::new(ErrorCode::RequestBrokerParseUri, format!("Invalid filter clause: {what} (position {offset})"))
}

fn incompatible(left: &str, right: &str, operator: Comparison, offset: usize) -> ApiError {
    let kind = match operator {
        Comparison::Equal => "Equal",
        Comparison::Greater => "GreaterThan",
        Comparison::GreaterOrEqual => "GreaterThanOrEqual",
        Comparison::Less => "LessThan",
        Comparison::LessOrEqual => "LessThanOrEqual",
        Comparison::NotEqual => "NotEqual",
    };
    let message = format!(
        "A binary operator with incompatible types was detected. Found operand types '{left}' and '{right}' for operator kind \
         '{kind}'."
    );
    invalid(&message, offset)
}

fn no_such_property(path: &PropertyPath, scope: &Scope, option: &str) -> ApiError {
    let mut error = ApiError::no_such_property(&path.to_string(), scope.resource);
    error.message += &format!(" (position {} of ${option})", path.offset());
    error
}
