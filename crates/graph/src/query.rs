//! What a list is asked by: `$filter` and `$orderby`, from OData's trees to what answers them. Each resource declares the
//! properties that may be named once; [`check`] refuses all else with Graph's words and the place, so that what stands
//! behind it needs no errors of its own.

mod check;
#[allow(dead_code, reason = "taken up by the lists of messages and of attachments")]
mod declared;
mod evaluate;
mod small;

pub(crate) use declared::{Declared, Kind};
pub(crate) use small::SmallList;

use crate::error::{ApiError, ErrorCode};
use check::{Scope, check, check_order};
use odata::{Expr, Options, OrderItem, SyntaxError};

/// Reads and checks `$filter` and `$orderby`.
///
/// # Errors
/// Graph's, with the place of what is wrong.
fn read(options: &Options, scope: &Scope) -> Result<(Option<Expr>, Vec<OrderItem>), ApiError> {
    let filter = options.filter().map_err(|error| unreadable("filter", error))?;
    let order = options.orderby().map_err(|error| unreadable("orderby", error))?;
    if let Some(filter) = &filter {
        check(filter, scope)?;
    }
    check_order(&order, scope)?;
    Ok((filter, order))
}

fn unreadable(option: &str, error: SyntaxError) -> ApiError {
    let message = format!("Invalid {option} clause: Syntax error: {error}.");
    ApiError::new(ErrorCode::RequestBrokerParseUri, message)
}

#[cfg(test)]
mod tests;
