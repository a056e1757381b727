//! Which lists Exchange refuses and we answer (Graph: user-list-messages, "Using filter and orderby in the same query";
//! search-query-parameter).
//! Whoever develops against us is told, since elsewhere it would fail.

use crate::error::ErrorCode;
use odata::{Expr, OrderItem};

/// The code with which Exchange would refuse; nothing where it would answer.
pub(super) fn refusal(is_search: bool, filter: Option<&Expr>, order: &[OrderItem]) -> Option<ErrorCode> {
    match filter {
        _ if is_search && !order.is_empty() => return Some(ErrorCode::SearchWithOrderBy),
        Some(_) if is_search => return Some(ErrorCode::SearchWithFilter),
        _ => {}
    }
    let filter = filter.filter(|_| !order.is_empty())?;
    let mut named = Named::default();
    named.read(filter);
    // Every property of the order also stands in the filter, in the same order, before all that don't.
    let leads = named.paths.len() >= order.len() && order.iter().zip(&named.paths).all(|(item, path)| item.path.is(path));
    (!leads || named.contains).then_some(ErrorCode::InefficientFilter)
}

/// What an expression names.
#[derive(Default)]
struct Named {
    /// Each property once, as it comes first.
    paths: Vec<String>,
    /// Whether it looks for a text within another.
    contains: bool,
}

impl Named {
    fn read(&mut self, expr: &Expr) {
        match expr {
            Expr::And(operands) | Expr::Or(operands) => operands.iter().for_each(|one| self.read(one)),
            Expr::Call { function, arguments, .. } => {
                self.contains |= function == "contains";
                arguments.iter().for_each(|one| self.read(one));
            }
            Expr::Cast { value, .. } | Expr::In { value, .. } | Expr::Not(value) | Expr::NotEmpty(value) => self.read(value),
            Expr::Compare { left, right, .. } => {
                self.read(left);
                self.read(right);
            }
            Expr::Lambda { collection, predicate, .. } => {
                self.read(collection);
                self.read(predicate);
            }
            Expr::Property(path) => {
                if !self.paths.iter().any(|known| path.is(known)) {
                    self.paths.push(path.to_string());
                }
            }
            Expr::Literal(_) | Expr::Variable { .. } => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use odata::Options;

    #[test]
    fn exchange_wants_the_order_in_the_filter_first() {
        let cases = [
            ("$filter=isRead eq false", false),
            ("$orderby=subject", false),
            ("$filter=receivedDateTime ge 2024-01-01 and isRead eq false&$orderby=receivedDateTime desc", false),
            ("$filter=isRead eq false&$orderby=receivedDateTime desc", true),
            ("$filter=isRead eq false and receivedDateTime ge 2024-01-01&$orderby=ReceivedDateTime", true),
            ("$filter=subject eq 'a' and importance eq 'low'&$orderby=subject,importance", false),
            ("$filter=subject eq 'a' and importance eq 'low'&$orderby=subject,importance,receivedDateTime desc", true),
            ("$filter=contains(subject,'a')", false),
            ("$filter=startswith(subject,'a')&$orderby=subject", false),
            ("$filter=contains(subject,'a')&$orderby=subject", true),
        ];
        for (query, refused) in cases {
            let options = Options::parse(&query.replace(' ', "+")).expect(query);
            let (filter, order) = (options.filter().expect(query), options.orderby().expect(query));
            assert_eq!(refusal(false, filter.as_ref(), &order).is_some(), refused, "{query}");
            let with_search = match (&filter, order.is_empty()) {
                (_, false) => Some(ErrorCode::SearchWithOrderBy),
                (Some(_), true) => Some(ErrorCode::SearchWithFilter),
                (None, true) => None,
            };
            assert_eq!(refusal(true, filter.as_ref(), &order), with_search, "{query}");
        }
    }
}
