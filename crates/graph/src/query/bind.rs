//! `$filter` and `$orderby` of messages, in the store's words. What comes here was checked; what is refused here makes
//! sense and is not answered.

use super::check::{Scope, invalid, place};
use super::declared::{Kind, Stored};
use super::extended;
use crate::error::ApiError;
use crate::ids;
use encodify::base64::STANDARD;
use odata::{Comparison, DateTimeOffset, Expr, Literal, OrderItem, Quantifier};
use store::{Collection, Condition, Field, FieldValue, Operator, OrderKey, TextPlace, WellKnownName, folded};

/// The condition that an expression is.
///
/// # Errors
/// For what is not answered.
pub(super) fn condition(expr: &Expr, scope: &Scope) -> Result<Condition, ApiError> {
    match expr {
        Expr::And(operands) => Ok(Condition::All(each(operands, scope)?)),
        Expr::Or(operands) => Ok(Condition::Any(each(operands, scope)?)),
        Expr::Not(inner) => Ok(Condition::Not(Box::new(condition(inner, scope)?))),
        Expr::Literal(Literal::Boolean(true)) => Ok(Condition::ALWAYS),
        Expr::Literal(_) => Ok(Condition::NEVER),
        Expr::Call { function, arguments, .. } => text(function, arguments, scope),
        Expr::Compare { left, operator, right, .. } => match (&**left, &**right) {
            (value, Expr::Literal(literal)) => compare(value, of_comparison(*operator), literal, scope),
            (Expr::Literal(literal), value) => compare(value, reversed(of_comparison(*operator)), literal, scope),
            _ => Err(invalid("Two values of a message are not compared here.", place(expr))),
        },
        Expr::In { value, list } => {
            let one = |literal| compare(value, Operator::Equal, literal, scope);
            Ok(Condition::Any(list.iter().map(one).collect::<Result<_, _>>()?))
        }
        Expr::Lambda { collection, quantifier, variable, predicate } => {
            if let Some(Kind::Extended { many }) = scope.kind(collection) {
                return extended::condition(many, *quantifier, variable, predicate);
            }
            let (collection, within) = (members(collection, scope)?, within(collection, variable, scope));
            let condition = Box::new(condition(predicate, &within)?);
            Ok(Condition::Member { collection, all: *quantifier == Quantifier::All, condition })
        }
        Expr::NotEmpty(collection) => {
            let collection = members(collection, scope)?;
            Ok(Condition::Member { collection, all: false, condition: Box::new(Condition::ALWAYS) })
        }
        Expr::Property(_) | Expr::Variable { .. } => Ok(Condition::equal(field(expr, scope)?, FieldValue::Integer(1))),
        Expr::Cast { .. } => Err(invalid("A cast is not answered here.", place(expr))),
    }
}

/// The keys that an order is.
///
/// # Errors
/// For a property that messages are not sorted by.
pub(super) fn order(items: &[OrderItem], scope: &Scope) -> Result<Vec<OrderKey>, ApiError> {
    let key = |item: &OrderItem| match scope.property(&item.path).map(|one| one.stored) {
        Some(Stored::Field(field)) if !matches!(field, Field::BodyContent | Field::BodyContentType) => {
            Ok(OrderKey { field, descending: item.descending })
        }
        _ => Err(super::no_order(&item.path)),
    };
    items.iter().map(key).collect()
}

fn each(operands: &[Expr], scope: &Scope) -> Result<Vec<Condition>, ApiError> {
    operands.iter().map(|one| condition(one, scope)).collect()
}

fn stored(expr: &Expr, scope: &Scope) -> Option<Stored> {
    match expr {
        Expr::Property(path) => scope.property(path).map(|one| one.stored),
        Expr::Variable { name, path } => scope.variable(name, path.as_ref()).map(|one| one.stored),
        _ => None,
    }
}

fn members(collection: &Expr, scope: &Scope) -> Result<Collection, ApiError> {
    match stored(collection, scope) {
        Some(Stored::Collection(collection)) => Ok(collection),
        _ => Err(invalid("This collection is not looked through here.", place(collection))),
    }
}

fn within(collection: &Expr, variable: &str, scope: &Scope) -> Scope {
    match scope.kind(collection) {
        Some(Kind::Collection(members)) => scope.within(variable, members),
        _ => scope.clone(),
    }
}

/// The field that a property is; texts compare without case, so what changes case changes nothing.
fn field(expr: &Expr, scope: &Scope) -> Result<Field, ApiError> {
    match (expr, stored(expr, scope)) {
        (_, Some(Stored::Field(field))) => Ok(field),
        (Expr::Call { function, arguments, .. }, _)
            if matches!(function.as_str(), "tolower" | "toupper") && matches!(scope.kind(expr), Some(Kind::Text)) =>
        {
            arguments.first().map_or_else(|| Err(not_answered(expr)), |of| field(of, scope))
        }
        _ => Err(not_answered(expr)),
    }
}

fn not_answered(expr: &Expr) -> ApiError {
    invalid("This is not answered here.", place(expr))
}

/// `contains`, `endswith`, `startswith`.
fn text(function: &str, arguments: &[Expr], scope: &Scope) -> Result<Condition, ApiError> {
    let [of, what] = arguments else { return Ok(Condition::NEVER) };
    let field = field(of, scope)?;
    if is_id(field) {
        return Err(invalid(&format!("The function '{function}' takes no id."), place(of)));
    }
    let place = match function {
        "contains" => TextPlace::Anywhere,
        "endswith" => TextPlace::End,
        _ => TextPlace::Beginning,
    };
    match literal(what) {
        Some(Literal::String(text)) => Ok(Condition::Text { field, place, text: in_form_of(field, text) }),
        Some(_) => Ok(Condition::NEVER), // null
        None => Err(invalid(&format!("The second argument of '{function}' must be a literal."), self::place(of))),
    }
}

/// A literal, also one whose case is changed.
fn literal(expr: &Expr) -> Option<&Literal> {
    match expr {
        Expr::Literal(literal) => Some(literal),
        Expr::Call { function, arguments, .. } if matches!(function.as_str(), "tolower" | "toupper") => {
            arguments.first().and_then(literal)
        }
        _ => None,
    }
}

fn in_form_of(field: Field, text: &str) -> String {
    if field.is_exact() { text.to_owned() } else { folded(text) }
}

fn is_id(field: Field) -> bool {
    matches!(field, Field::ChangeKey | Field::ConversationId | Field::Id | Field::ParentFolderId)
}

fn compare(value: &Expr, operator: Operator, literal: &Literal, scope: &Scope) -> Result<Condition, ApiError> {
    if let Expr::Call { function, arguments, .. } = value
        && function == "length"
    {
        let Some(of) = arguments.first() else { return Ok(Condition::NEVER) };
        return length(field(of, scope)?, operator, literal, of);
    }
    let is_value =
        matches!(value, Expr::Property(_) | Expr::Variable { .. }) || !matches!(scope.kind(value), Some(Kind::Boolean));
    if !is_value {
        return of_condition(condition(value, scope)?, operator, literal);
    }
    if let Some(Stored::Always) = stored(value, scope) {
        return Ok(if operator == Operator::NotEqual { Condition::ALWAYS } else { Condition::NEVER });
    }
    let field = field(value, scope)?;
    if *literal == Literal::Null {
        return Ok(match operator {
            Operator::Equal => Condition::Missing(field),
            Operator::NotEqual => Condition::Not(Box::new(Condition::Missing(field))),
            _ => Condition::NEVER,
        });
    }
    if let (Some(Kind::DateTime), Some(instant)) = (scope.kind(value), literal.instant()) {
        return Ok(date(field, operator, instant));
    }
    Ok(match field_value(field, literal, scope.kind(value)) {
        Some(value) => Condition::Compare { field, operator, value },
        // What can't be an id is none.
        None if operator == Operator::NotEqual => Condition::ALWAYS,
        None => Condition::NEVER,
    })
}

fn length(field: Field, operator: Operator, literal: &Literal, of: &Expr) -> Result<Condition, ApiError> {
    match literal {
        Literal::Int(length) if !is_id(field) => Ok(Condition::Length { field, operator, length: *length }),
        _ => Err(invalid("A length compares with a whole number.", place(of))),
    }
}

/// A condition that is compared with true or false: `contains(subject,'x') eq true`.
fn of_condition(condition: Condition, operator: Operator, literal: &Literal) -> Result<Condition, ApiError> {
    let Literal::Boolean(other) = literal else {
        return Ok(if operator == Operator::NotEqual { Condition::ALWAYS } else { Condition::NEVER });
    };
    let admits = |value: bool| match operator {
        Operator::Equal => value == *other,
        Operator::Greater => value & !*other,
        Operator::GreaterOrEqual => value >= *other,
        Operator::Less => !value & *other,
        Operator::LessOrEqual => value <= *other,
        Operator::NotEqual => value != *other,
    };
    Ok(match (admits(true), admits(false)) {
        (true, true) => Condition::ALWAYS,
        (true, false) => condition,
        (false, true) => Condition::Not(Box::new(condition)),
        (false, false) => Condition::NEVER,
    })
}

/// Dates compare as they are shown, to the second: whoever asks for what came at a date that he was told finds it.
fn date(field: Field, operator: Operator, instant: DateTimeOffset) -> Condition {
    const SECOND: i64 = 1_000_000;
    let begin = instant.unix_seconds().saturating_mul(SECOND);
    let behind = begin.saturating_add(SECOND);
    let is_whole = instant.subsec_nanoseconds() == 0;
    let next = if is_whole { begin } else { behind };
    let at = |operator, value| Condition::Compare { field, operator, value: FieldValue::Integer(value) };
    let (from, until) = (at(Operator::GreaterOrEqual, begin), at(Operator::Less, behind));
    match operator {
        Operator::Equal if is_whole => Condition::All(vec![from, until]),
        Operator::Equal => Condition::NEVER,
        Operator::NotEqual if is_whole => Condition::Not(Box::new(Condition::All(vec![from, until]))),
        Operator::NotEqual => Condition::ALWAYS,
        Operator::Greater => at(Operator::GreaterOrEqual, behind),
        Operator::GreaterOrEqual => at(Operator::GreaterOrEqual, next),
        Operator::Less => at(Operator::Less, next),
        Operator::LessOrEqual => until,
    }
}

/// What a field is compared with.
fn field_value(field: Field, literal: &Literal, kind: Option<Kind>) -> Option<FieldValue> {
    match (literal, kind) {
        (Literal::Boolean(value), _) => Some(FieldValue::Integer((*value).into())),
        (Literal::String(name) | Literal::Enum { value: name, .. }, Some(Kind::Enumeration(names))) => {
            let rank = names.iter().position(|known| known.eq_ignore_ascii_case(name))?;
            i64::try_from(rank).ok().map(FieldValue::Integer)
        }
        (Literal::String(text), _) => match field {
            Field::ChangeKey => STANDARD.decode(text).ok().map(FieldValue::Octets),
            Field::ConversationId => ids::parse_conversation(text).map(|id| FieldValue::Octets(id.to_vec())),
            Field::Id => ids::parse_message(text).ok().map(|id| FieldValue::Octets(id.0.to_vec())),
            Field::ParentFolderId => match WellKnownName::parse(text) {
                Some(name) => Some(FieldValue::WellKnown(name)),
                None => ids::parse_folder(text).ok().map(|id| FieldValue::Octets(id.0.to_vec())),
            },
            _ => Some(FieldValue::Text(in_form_of(field, text))),
        },
        _ => None,
    }
}

pub(super) fn of_comparison(comparison: Comparison) -> Operator {
    match comparison {
        Comparison::Equal => Operator::Equal,
        Comparison::Greater => Operator::Greater,
        Comparison::GreaterOrEqual => Operator::GreaterOrEqual,
        Comparison::Less => Operator::Less,
        Comparison::LessOrEqual => Operator::LessOrEqual,
        Comparison::NotEqual => Operator::NotEqual,
    }
}

/// The operator that says the same with its sides changed.
pub(super) fn reversed(operator: Operator) -> Operator {
    match operator {
        Operator::Equal | Operator::NotEqual => operator,
        Operator::Greater => Operator::Less,
        Operator::GreaterOrEqual => Operator::LessOrEqual,
        Operator::Less => Operator::Greater,
        Operator::LessOrEqual => Operator::GreaterOrEqual,
    }
}
