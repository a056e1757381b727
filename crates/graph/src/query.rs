//! What a list is asked by: `$filter` and `$orderby`, from OData's trees to what answers them. Each resource declares the
//! properties that may be named once; what stands in the query is checked against it first, with Graph's words and the
//! place, so that most of what follows needs no errors of its own.

mod bind;
mod check;
mod cursor;
mod declared;
mod evaluate;
mod exchange;
mod extended;
mod small;

pub(crate) use declared::{Declared, Kind, Stored};
pub(crate) use small::SmallList;

use crate::error::{ApiError, ErrorCode};
use crate::search;
use check::{Scope, check, check_order};
use identity::Seal;
use odata::{Expr, Options, OrderItem, PropertyPath, SyntaxError};
use store::{Condition, OrderKey, Position, SearchQuery, Timestamp};

/// What is asked of a list of messages.
pub(crate) struct MessageList {
    pub(crate) condition: Condition,
    pub(crate) search: Option<SearchQuery>,
    pub(crate) order: Vec<OrderKey>,
    /// The code with which Exchange would refuse it.
    pub(crate) refused_by_exchange: Option<ErrorCode>,
}

impl MessageList {
    /// Reads the options of a list of messages, of which these properties may be named. `now` is what a search means by
    /// `today`.
    ///
    /// # Errors
    /// Graph's, with the place of what is wrong.
    pub(crate) fn of(options: &Options, declared: &'static [Declared], now: Timestamp) -> Result<MessageList, ApiError> {
        let scope = Scope::of("message", declared);
        let (filter, order) = read(options, &scope)?;
        let search = search::read(options, now)?;
        let refused_by_exchange = exchange::refusal(search.is_some(), filter.as_ref(), &order);
        let condition = filter.map_or(Ok(Condition::ALWAYS), |filter| bind::condition(&filter, &scope))?;
        Ok(MessageList { condition, search, order: bind::order(&order, &scope)?, refused_by_exchange })
    }

    /// A place in this list of something, as links carry it.
    pub(crate) fn cursor(&self, seal: &Seal, of: &str, position: &Position) -> String {
        cursor::encode(seal, self, of, position)
    }

    /// The place that a link carries.
    ///
    /// # Errors
    /// For one that this list did not give.
    pub(crate) fn position(&self, seal: &Seal, of: &str, cursor: &str) -> Result<Position, ApiError> {
        let position = cursor::decode(seal, self, of, cursor);
        position.ok_or_else(ApiError::no_skip_token)
    }
}

/// Reads and checks `$filter` and `$orderby`.
///
/// # Errors
/// Graph's, with the place of what is wrong.
fn read(options: &Options, scope: &Scope) -> Result<(Option<Expr>, Vec<OrderItem>), ApiError> {
    let filter = options.filter().map_err(|error| unreadable("filter", &error))?;
    let order = options.orderby().map_err(|error| unreadable("orderby", &error))?;
    if let Some(filter) = &filter {
        check(filter, scope)?;
    }
    check_order(&order, scope)?;
    Ok((filter, order))
}

fn unreadable(option: &str, error: &SyntaxError) -> ApiError {
    let message = format!("Invalid {option} clause: Syntax error: {error}.");
    ApiError::new(ErrorCode::RequestBrokerParseUri, message)
}

fn no_order(path: &PropertyPath) -> ApiError {
    let message = format!("Invalid orderby clause: '{path}' has no order, at position {}.", path.offset());
    ApiError::new(ErrorCode::RequestBrokerParseUri, message)
}

#[cfg(test)]
mod against_sql;
#[cfg(test)]
mod tests;
