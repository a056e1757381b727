//! `$filter` and `$orderby` of a list that is rendered whole: folders, attachments.

use super::check::Scope;
use super::declared::Declared;
use super::evaluate::{Comparable, Subject};
use crate::error::ApiError;
use odata::{Expr, Options, OrderItem};
use serde_json::Value;
use std::cmp::Ordering;

/// What was asked of such a list.
pub(crate) struct SmallList {
    scope: Scope,
    filter: Option<Expr>,
    order: Vec<OrderItem>,
}

impl SmallList {
    /// Reads the options of a list of resources, given by the name of their type and what may be named of them.
    ///
    /// # Errors
    /// Graph's, with the place of what is wrong.
    pub(crate) fn of(options: &Options, resource: &'static str, declared: &'static [Declared]) -> Result<SmallList, ApiError> {
        let scope = Scope::of(resource, declared);
        let (filter, order) = super::read(options, &scope)?;
        Ok(SmallList { scope, filter, order })
    }

    /// Leaves out what the filter does, and sorts the rest where an order is asked for: equal ones stay as they stand.
    pub(crate) fn apply(&self, mut rendered: Vec<Value>) -> Vec<Value> {
        if let Some(filter) = &self.filter {
            rendered.retain(|value| Subject::of(self.scope.clone(), value).satisfies(filter));
        }
        if !self.order.is_empty() {
            rendered.sort_by_cached_key(|value| self.key(&Subject::of(self.scope.clone(), value)));
        }
        rendered
    }

    fn key(&self, subject: &Subject<'_>) -> SortKey {
        SortKey(self.order.iter().map(|item| (subject.key(&item.path), item.descending)).collect())
    }
}

/// What a resource is sorted by, each with whether the largest stands first. Null is less than anything (OData 4.01
/// part 1 §11.2.6.2).
struct SortKey(Vec<(Option<Comparable>, bool)>);

impl Ord for SortKey {
    fn cmp(&self, other: &SortKey) -> Ordering {
        let pairs = self.0.iter().zip(&other.0);
        let mut orders = pairs.map(|((one, descending), (another, _))| {
            let order = one.partial_cmp(another).unwrap_or(Ordering::Equal);
            if *descending { order.reverse() } else { order }
        });
        orders.find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
    }
}

impl PartialOrd for SortKey {
    fn partial_cmp(&self, other: &SortKey) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for SortKey {
    fn eq(&self, other: &SortKey) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for SortKey {}
