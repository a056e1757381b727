//! Whether a condition holds for a resource as it is shown, as JSON: for lists that are small enough to be looked through.
//! Comparisons have two values of truth (OData 4.01 part 2 §5.1.1.1): null equals null alone, and neither is more nor less
//! than anything.

use super::check::Scope;
use super::declared::Kind;
use odata::{Comparison, DateTimeOffset, Expr, Literal, PropertyPath, Quantifier};
use serde_json::Value;
use std::cmp::Ordering;

/// What is known at some place of an expression: the resource, and the members of the lambdas around it.
#[derive(Clone)]
pub(crate) struct Subject<'v> {
    scope: Scope,
    resource: &'v Value,
    members: Vec<(String, &'v Value)>,
}

/// A value in the form in which those of its kind compare.
#[derive(Debug, Clone, PartialEq, PartialOrd)]
pub(crate) enum Comparable {
    Boolean(bool),
    Instant(DateTimeOffset),
    Number(f64),
    Rank(usize),
    Text(String),
}

impl<'v> Subject<'v> {
    pub(crate) fn of(scope: Scope, resource: &'v Value) -> Subject<'v> {
        Subject { scope, resource, members: Vec::new() }
    }

    /// Whether a condition holds that was checked in the same scope.
    pub(crate) fn satisfies(&self, expr: &Expr) -> bool {
        match expr {
            Expr::And(operands) => operands.iter().all(|one| self.satisfies(one)),
            Expr::Or(operands) => operands.iter().any(|one| self.satisfies(one)),
            Expr::Not(inner) => !self.satisfies(inner),
            Expr::Compare { left, operator, right, .. } => {
                let kind = self.scope.kind(left).or_else(|| self.scope.kind(right));
                let side = |expr| kind.and_then(|kind| self.comparable(expr, kind));
                holds(side(left).as_ref(), *operator, side(right).as_ref())
            }
            Expr::In { value, list } => {
                let kind = self.scope.kind(value);
                let value = kind.and_then(|kind| self.comparable(value, kind));
                list.iter().any(|one| kind.and_then(|kind| of_literal(one, kind)) == value)
            }
            Expr::NotEmpty(collection) => self.array(collection).is_some_and(|members| !members.is_empty()),
            Expr::Lambda { collection, quantifier, variable, predicate } => {
                self.lambda(collection, *quantifier, variable, predicate)
            }
            Expr::Call { function, arguments, .. } => self.call(function, arguments),
            Expr::Literal(Literal::Boolean(value)) => *value,
            _ => self.comparable(expr, Kind::Boolean) == Some(Comparable::Boolean(true)),
        }
    }

    /// The value of a property for sorting; nothing where it is null.
    pub(crate) fn key(&self, path: &PropertyPath) -> Option<Comparable> {
        let kind = self.scope.property(path)?.kind;
        self.comparable(&Expr::Property(path.clone()), kind)
    }

    fn lambda(&self, collection: &Expr, quantifier: Quantifier, variable: &str, predicate: &Expr) -> bool {
        let Some(Kind::Collection(declared)) = self.scope.kind(collection) else { return false };
        let within = |member: &'v Value| {
            let mut subject = self.clone();
            subject.scope = self.scope.within(variable, declared);
            subject.members.push((variable.to_owned(), member));
            subject.satisfies(predicate)
        };
        let members = self.array(collection).map(Vec::as_slice).unwrap_or_default();
        match quantifier {
            Quantifier::All => members.iter().all(within),
            Quantifier::Any => members.iter().any(within),
        }
    }

    fn call(&self, function: &str, arguments: &[Expr]) -> bool {
        let [of, what] = arguments else { return false };
        let kind = self.scope.kind(of).or_else(|| self.scope.kind(what)).unwrap_or(Kind::Text);
        let (Some(Comparable::Text(of)), Some(Comparable::Text(what))) = (self.comparable(of, kind), self.comparable(what, kind))
        else {
            return false;
        };
        match function {
            "contains" => of.contains(&what),
            "endswith" => of.ends_with(&what),
            _ => of.starts_with(&what),
        }
    }

    /// A value as one of a kind; nothing where it is null.
    fn comparable(&self, expr: &Expr, kind: Kind) -> Option<Comparable> {
        match expr {
            Expr::Literal(literal) => of_literal(literal, kind),
            Expr::Property(_) | Expr::Variable { .. } => of_json(self.json(expr)?, kind),
            Expr::Call { function, arguments, .. } => match (function.as_str(), arguments.first()?) {
                ("length", of) => match self.comparable(of, Kind::Exact)? {
                    Comparable::Text(text) => Some(Comparable::Number(length(&text))),
                    _ => None,
                },
                ("tolower" | "toupper", of) => self.text(function, of, kind),
                _ => Some(Comparable::Boolean(self.satisfies(expr))),
            },
            _ => Some(Comparable::Boolean(self.satisfies(expr))),
        }
    }

    fn text(&self, function: &str, of: &Expr, kind: Kind) -> Option<Comparable> {
        let Comparable::Text(text) = self.comparable(of, kind)? else { return None };
        Some(Comparable::Text(match function {
            "tolower" => text.to_lowercase(),
            "toupper" if matches!(kind, Kind::Exact) => text.to_uppercase(),
            _ => text, // texts compare without case
        }))
    }

    fn array(&self, expr: &Expr) -> Option<&'v Vec<Value>> {
        self.json(expr)?.as_array()
    }

    fn json(&self, expr: &Expr) -> Option<&'v Value> {
        let (root, path) = match expr {
            Expr::Property(path) => (self.resource, self.scope.property(path)?.path),
            Expr::Variable { name, path } => {
                let (_, member) = self.members.iter().rev().find(|(variable, _)| variable == name)?;
                (*member, self.scope.variable(name, path.as_ref())?.path)
            }
            _ => return None,
        };
        path.split('/').filter(|name| !name.is_empty()).try_fold(root, |value, name| value.get(name))
    }
}

fn holds(left: Option<&Comparable>, operator: Comparison, right: Option<&Comparable>) -> bool {
    let order = left.zip(right).and_then(|(left, right)| left.partial_cmp(right));
    match operator {
        Comparison::Equal => left == right,
        Comparison::NotEqual => left != right,
        Comparison::Greater => order == Some(Ordering::Greater),
        Comparison::GreaterOrEqual => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
        Comparison::Less => order == Some(Ordering::Less),
        Comparison::LessOrEqual => matches!(order, Some(Ordering::Less | Ordering::Equal)),
    }
}

#[allow(clippy::cast_precision_loss, reason = "no text is that long")]
fn length(text: &str) -> f64 {
    text.chars().count() as f64
}

fn of_json(value: &Value, kind: Kind) -> Option<Comparable> {
    match kind {
        Kind::Boolean => value.as_bool().map(Comparable::Boolean),
        Kind::DateTime => value.as_str().and_then(DateTimeOffset::parse).map(Comparable::Instant),
        Kind::Enumeration(names) => rank(value.as_str()?, names),
        Kind::Exact => Some(Comparable::Text(value.as_str()?.to_owned())),
        Kind::Number => value.as_f64().map(Comparable::Number),
        Kind::Text => Some(Comparable::Text(value.as_str()?.to_lowercase())),
        Kind::Collection(_) | Kind::Extended { .. } | Kind::Object | Kind::Opaque => {
            (!value.is_null()).then_some(Comparable::Boolean(true))
        }
    }
}

#[allow(clippy::cast_precision_loss, reason = "a number of JSON is no more exact")]
fn of_literal(literal: &Literal, kind: Kind) -> Option<Comparable> {
    match (kind, literal) {
        (Kind::Boolean, Literal::Boolean(value)) => Some(Comparable::Boolean(*value)),
        (Kind::DateTime, literal) => literal.instant().map(Comparable::Instant),
        (Kind::Enumeration(names), Literal::String(name) | Literal::Enum { value: name, .. }) => rank(name, names),
        (Kind::Exact, Literal::String(text)) => Some(Comparable::Text(text.clone())),
        (Kind::Number, Literal::Int(number)) => Some(Comparable::Number(*number as f64)),
        (Kind::Number, Literal::Decimal(text)) => text.parse().ok().map(Comparable::Number),
        (Kind::Text, Literal::String(text)) => Some(Comparable::Text(text.to_lowercase())),
        _ => None,
    }
}

fn rank(name: &str, names: &[&str]) -> Option<Comparable> {
    names.iter().position(|known| known.eq_ignore_ascii_case(name)).map(Comparable::Rank)
}
