//! Which member of a batch waits for which. Graph allows chains and one common dependency; any order without a circle is
//! answered here.

use super::member::Member;
use crate::error::ApiError;
use std::collections::HashMap;

/// For each member the numbers of those it depends on. Ids compare without regard to case (Graph: json-batching).
///
/// # Errors
/// For an id that comes twice or is unknown, and for members that wait for each other.
pub(super) fn of(members: &[Member]) -> Result<Vec<Vec<usize>>, ApiError> {
    let mut numbers = HashMap::new();
    for (number, member) in members.iter().enumerate() {
        if numbers.insert(member.id.to_lowercase(), number).is_some() {
            return Err(ApiError::bad_request(format!("The id '{}' is that of two requests of the batch.", member.id)));
        }
    }
    let number_of = |id: &String| {
        let unknown = || ApiError::bad_request(format!("A request of the batch depends on '{id}', which is none of it."));
        numbers.get(&id.to_lowercase()).copied().ok_or_else(unknown)
    };
    let order: Vec<Vec<usize>> =
        members.iter().map(|member| member.depends_on.iter().map(number_of).collect()).collect::<Result<_, _>>()?;
    if is_circular(&order) {
        return Err(ApiError::bad_request("Requests of the batch depend on each other."));
    }
    Ok(order)
}

/// Whether some member can never be reached by taking, again and again, those whose dependencies are taken.
fn is_circular(order: &[Vec<usize>]) -> bool {
    let mut taken = vec![false; order.len()];
    while let Some(next) = (0..order.len()).find(|&n| !taken[n] && order[n].iter().all(|&on| taken[on])) {
        taken[next] = true;
    }
    taken.contains(&false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn circles_are_found_and_orders_are_not() {
        for (order, circular) in [
            (vec![vec![], vec![0], vec![1]], false),
            (vec![vec![1, 2], vec![2], vec![]], false),
            (vec![vec![0]], true),
            (vec![vec![], vec![2], vec![1]], true),
        ] {
            assert_eq!(is_circular(&order), circular, "{order:?}");
        }
    }
}
