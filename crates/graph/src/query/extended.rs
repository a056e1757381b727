//! Conditions on extended properties (Graph: singlevaluelegacyextendedproperty-get):
//! `singleValueExtendedProperties/any(ep: ep/id eq '…' and ep/value eq '…')`. A property that messages have anyhow is asked
//! of the message itself.

use super::bind::{of_comparison, reversed};
use super::check::{invalid, place};
use crate::error::ApiError;
use crate::schema::extended::{PropertyId, condition_of_own};
use encodify::base64::{STANDARD, URL_SAFE_NO_PAD};
use odata::{Expr, Literal, Quantifier};
use store::{Condition, ExtendedCondition, ExtendedTest, ExtendedValue, Operator, TextPlace};
use uuid::Uuid;

/// The condition that a lambda over extended properties is.
///
/// # Errors
/// Graph's, for anything but one id and what holds for its value.
pub(super) fn condition(many: bool, quantifier: Quantifier, variable: &str, predicate: &Expr) -> Result<Condition, ApiError> {
    if quantifier == Quantifier::All {
        return Err(invalid("Extended properties are looked through with any only.", place(predicate)));
    }
    Members { variable, many }.condition(predicate)
}

/// What a lambda calls the properties that it looks through.
struct Members<'e> {
    variable: &'e str,
    many: bool,
}

impl Members<'_> {
    fn condition(&self, predicate: &Expr) -> Result<Condition, ApiError> {
        match predicate {
            Expr::Or(alternatives) => {
                Ok(Condition::Any(alternatives.iter().map(|one| self.condition(one)).collect::<Result<_, _>>()?))
            }
            Expr::And(conjuncts) => self.of_one(&conjuncts.iter().collect::<Vec<_>>(), predicate),
            one => self.of_one(&[one], predicate),
        }
    }

    /// What holds for the one property whose id is named.
    fn of_one(&self, conjuncts: &[&Expr], whole: &Expr) -> Result<Condition, ApiError> {
        let mut ids = conjuncts.iter().filter_map(|one| self.id(one));
        let (Some(id), None) = (ids.next(), ids.next()) else {
            return Err(invalid("An extended property is named by one id: ep/id eq '…'.", place(whole)));
        };
        let id = PropertyId::of(id, self.many)?;
        let tests = conjuncts.iter().filter(|one| self.id(one).is_none());
        let mut held: Vec<Condition> = tests.map(|one| self.test(one, &id)).collect::<Result<_, _>>()?;
        Ok(match held.len() {
            0 => of(&id, ExtendedTest::There)?,
            1 => held.swap_remove(0),
            _ => Condition::All(held),
        })
    }

    /// The id that a comparison names.
    fn id<'e>(&self, expr: &'e Expr) -> Option<&'e str> {
        let Expr::Compare { left, operator: odata::Comparison::Equal, right, .. } = expr else { return None };
        match (&**left, &**right) {
            (value, Expr::Literal(Literal::String(id))) | (Expr::Literal(Literal::String(id)), value) if self.is(value, "id") => {
                Some(id)
            }
            _ => None,
        }
    }

    /// What holds for the value of a property.
    fn test(&self, expr: &Expr, id: &PropertyId) -> Result<Condition, ApiError> {
        let each = |list: &[Expr]| list.iter().map(|one| self.test(one, id)).collect::<Result<Vec<_>, _>>();
        match expr {
            Expr::And(list) => Ok(Condition::All(each(list)?)),
            Expr::Or(list) => Ok(Condition::Any(each(list)?)),
            Expr::Not(inner) => {
                Ok(Condition::All(vec![of(id, ExtendedTest::There)?, Condition::Not(Box::new(self.test(inner, id)?))]))
            }
            Expr::Call { function, arguments, .. } => self.text(function, arguments, id, expr),
            Expr::Compare { left, operator, right, .. } => match (&**left, &**right) {
                (value, Expr::Literal(literal)) if self.is_value(value) => {
                    compare(id, of_comparison(*operator), literal, place(expr))
                }
                (Expr::Literal(literal), value) if self.is_value(value) => {
                    compare(id, reversed(of_comparison(*operator)), literal, place(expr))
                }
                _ => Err(self.no_test(expr)),
            },
            Expr::In { value, list } if self.is_value(value) => {
                let one = |literal| compare(id, Operator::Equal, literal, place(expr));
                Ok(Condition::Any(list.iter().map(one).collect::<Result<_, _>>()?))
            }
            // One value of many: ep/value/any(v: v eq '…').
            Expr::Lambda { collection, quantifier: Quantifier::Any, variable, predicate } if self.is_value(collection) => {
                Value { variable }.test(predicate, id).ok_or_else(|| self.no_test(expr))?
            }
            _ => Err(self.no_test(expr)),
        }
    }

    fn text(&self, function: &str, arguments: &[Expr], id: &PropertyId, whole: &Expr) -> Result<Condition, ApiError> {
        let place = match function {
            "contains" => TextPlace::Anywhere,
            "endswith" => TextPlace::End,
            "startswith" => TextPlace::Beginning,
            _ => return Err(self.no_test(whole)),
        };
        match arguments {
            [value, Expr::Literal(Literal::String(text))] if self.is_value(value) => {
                of(id, ExtendedTest::Text(place, text.clone()))
            }
            _ => Err(self.no_test(whole)),
        }
    }

    /// Whether it is the value of the property, taken for whatever type: its id says which it has.
    fn is_value(&self, expr: &Expr) -> bool {
        match expr {
            Expr::Cast { value, .. } => self.is_value(value),
            Expr::Call { function, arguments, .. } if matches!(function.as_str(), "tolower" | "toupper") => {
                arguments.first().is_some_and(|value| self.is_value(value))
            }
            other => self.is(other, "value"),
        }
    }

    fn is(&self, expr: &Expr, member: &str) -> bool {
        matches!(expr, Expr::Variable { name, path: Some(path) } if name == self.variable && path.is(member))
    }

    fn no_test(&self, expr: &Expr) -> ApiError {
        invalid("The value of an extended property compares with a literal, or holds a text.", place(expr))
    }
}

/// What a lambda calls one of many values.
struct Value<'e> {
    variable: &'e str,
}

impl Value<'_> {
    fn test(&self, predicate: &Expr, id: &PropertyId) -> Option<Result<Condition, ApiError>> {
        let is_it = |expr: &Expr| matches!(expr, Expr::Variable { name, path: None } if name == self.variable);
        let Expr::Compare { left, operator, right, .. } = predicate else { return None };
        match (&**left, &**right) {
            (value, Expr::Literal(literal)) if is_it(value) => {
                Some(compare(id, of_comparison(*operator), literal, place(predicate)))
            }
            _ => None,
        }
    }
}

/// The condition on a message that a test of one of its properties is.
fn of(id: &PropertyId, test: ExtendedTest) -> Result<Condition, ApiError> {
    let own = condition_of_own(id, &test)?;
    Ok(own.unwrap_or_else(|| Condition::Extended(ExtendedCondition { property: id.key(), test })))
}

fn compare(id: &PropertyId, operator: Operator, literal: &Literal, place: usize) -> Result<Condition, ApiError> {
    let there = || of(id, ExtendedTest::There);
    if *literal == Literal::Null {
        return match operator {
            Operator::Equal => Ok(Condition::Not(Box::new(there()?))),
            Operator::NotEqual => there(),
            _ => Err(invalid("Null is neither more nor less than a value.", place)),
        };
    }
    let value = value_of(id, literal).ok_or_else(|| invalid("The literal is no value of the property's type.", place))?;
    of(id, ExtendedTest::Compare(operator, value))
}

/// A literal as a value of the property, whatever type the client took it for.
fn value_of(id: &PropertyId, literal: &Literal) -> Option<ExtendedValue> {
    let text = match literal {
        Literal::Binary(octets) => STANDARD.encode(URL_SAFE_NO_PAD.decode(octets).ok()?),
        Literal::Guid(guid) => Uuid::from_u128(*guid).to_string(),
        Literal::String(text) | Literal::Decimal(text) | Literal::Enum { value: text, .. } => text.clone(),
        Literal::Boolean(value) => value.to_string(),
        Literal::Int(value) => value.to_string(),
        Literal::Date(_) | Literal::DateTimeOffset(_) => literal.instant()?.to_string(),
        Literal::Duration(_) | Literal::Null => return None,
    };
    id.kind.parse(&text)
}
