//! The same for many, several at a time.

use std::future::Future;
use tokio::task::JoinSet;

/// Does `work` for every item, `at_once` of them at a time; answers in the order of the items.
pub async fn each<T, R, F>(at_once: usize, items: impl IntoIterator<Item = T>, work: impl Fn(T) -> F) -> Vec<R>
where
    F: Future<Output = R> + Send + 'static,
    R: Send + 'static,
{
    let (mut done, mut under_way) = (Vec::new(), JoinSet::new());
    for (number, item) in items.into_iter().enumerate() {
        if under_way.len() >= at_once {
            done.extend(next(&mut under_way).await);
        }
        let work = work(item);
        under_way.spawn(async move { (number, work.await) });
    }
    while let Some(one) = next(&mut under_way).await {
        done.push(one);
    }
    done.sort_by_key(|(number, _)| *number);
    done.into_iter().map(|(_, result)| result).collect()
}

/// The next that is done. What panicked there panics here.
async fn next<R: 'static>(under_way: &mut JoinSet<(usize, R)>) -> Option<(usize, R)> {
    match under_way.join_next().await? {
        Ok(done) => Some(done),
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}
