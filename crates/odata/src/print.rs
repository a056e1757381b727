//! Canonical text: what two clients wrote differently and meant alike prints alike, and it reads back as what was printed.
//! Parentheses stand only where precedence needs them, so the text nests no deeper than the one that was read.

use crate::filter::Expr;
use crate::literal::Literal;
use std::fmt::{self, Display, Formatter, Write};

impl Display for Expr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Expr::And(operands) => joined(f, operands, " and ", |f, one| within(f, one, binds_loosely(one))),
            Expr::Call { function, arguments, .. } => {
                write!(f, "{function}(")?;
                joined(f, arguments, ",", |f, one| one.fmt(f))?;
                f.write_char(')')
            }
            Expr::Cast { value, type_name } => write!(f, "cast({value},{type_name})"),
            Expr::Compare { left, operator, right, .. } => {
                operand(f, left)?;
                write!(f, " {} ", operator.word())?;
                operand(f, right)
            }
            Expr::In { value, list } => {
                operand(f, value)?;
                f.write_str(" in (")?;
                joined(f, list, ",", |f, one| one.fmt(f))?;
                f.write_char(')')
            }
            Expr::Lambda { collection, quantifier, variable, predicate } => {
                write!(f, "{collection}/{}({variable}:{predicate})", quantifier.word())
            }
            Expr::Literal(literal) => literal.fmt(f),
            Expr::Not(inner) => {
                f.write_str("not ")?;
                operand(f, inner)
            }
            Expr::NotEmpty(collection) => write!(f, "{collection}/any()"),
            Expr::Or(operands) => joined(f, operands, " or ", |f, one| within(f, one, matches!(one, Expr::Or(_)))),
            Expr::Property(path) => path.fmt(f),
            Expr::Variable { name, path: None } => f.write_str(name),
            Expr::Variable { name, path: Some(path) } => write!(f, "{name}/{path}"),
        }
    }
}

/// What an operator binds more tightly than everything but a name, a literal, a call or `not`.
fn operand(f: &mut Formatter<'_>, expr: &Expr) -> fmt::Result {
    within(f, expr, binds_loosely(expr) || matches!(expr, Expr::Compare { .. } | Expr::In { .. }))
}

fn binds_loosely(expr: &Expr) -> bool {
    matches!(expr, Expr::And(_) | Expr::Or(_))
}

fn within(f: &mut Formatter<'_>, expr: &Expr, parentheses: bool) -> fmt::Result {
    if parentheses { write!(f, "({expr})") } else { expr.fmt(f) }
}

fn joined<T>(
    f: &mut Formatter<'_>,
    list: &[T],
    between: &str,
    write: impl Fn(&mut Formatter<'_>, &T) -> fmt::Result,
) -> fmt::Result {
    for (index, one) in list.iter().enumerate() {
        if index > 0 {
            f.write_str(between)?;
        }
        write(f, one)?;
    }
    Ok(())
}

impl Display for Literal {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Literal::Binary(base64) => write!(f, "binary'{base64}'"),
            Literal::Boolean(value) => value.fmt(f),
            Literal::Date(date) => date.fmt(f),
            Literal::DateTimeOffset(instant) => instant.fmt(f),
            Literal::Decimal(text) => f.write_str(text),
            Literal::Duration(duration) => write!(f, "duration'{duration}'"),
            Literal::Enum { type_name, value } => write!(f, "{type_name}{}", quoted(value)),
            Literal::Guid(value) => {
                let digits = format!("{value:032x}");
                let groups = [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]];
                f.write_str(&groups.join("-"))
            }
            Literal::Int(value) => value.fmt(f),
            Literal::Null => f.write_str("null"),
            Literal::String(text) => f.write_str(&quoted(text)),
        }
    }
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
