//! `GET /healthz`: whether the process answers. `GET /readyz`: whether it can do what it is for, which is to reach its store;
//! a balancer sends it requests only while it can.

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use std::sync::Arc;
use std::time::Duration;
use store::{RETRY, Store, StoreError};
use tokio::sync::Mutex;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

/// How long the store may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long an answer is good: however often it is asked, the store is looked at once in this time.
const GOOD: Duration = Duration::from_secs(1);

/// The routes: 200 `ok`, or 503 where the store can't be reached.
pub(crate) fn routes(store: Store) -> Router {
    let readiness = Arc::new(Readiness { store, look: Mutex::default() });
    Router::new().route("/healthz", get("ok")).route("/readyz", get(ready)).with_state(readiness)
}

struct Readiness {
    store: Store,
    look: Mutex<Look>,
}

/// The last look at the store.
#[derive(Default)]
struct Look {
    /// One that has not come to an end: another would only wait beside it.
    under_way: Option<JoinHandle<Result<(), StoreError>>>,
    /// When the store was last heard of, and whether it could be reached.
    seen: Option<(Instant, bool)>,
}

async fn ready(State(readiness): State<Arc<Readiness>>) -> Response {
    if readiness.is_ready().await {
        return (StatusCode::OK, "ok").into_response();
    }
    (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, RETRY.to_string())], "the store can't be reached").into_response()
}

impl Readiness {
    async fn is_ready(&self) -> bool {
        let mut look = self.look.lock().await;
        if let Some((at, was_ready)) = look.seen
            && at.elapsed() < GOOD
        {
            return was_ready;
        }
        let store = self.store.clone();
        let under_way = look.under_way.get_or_insert_with(|| tokio::spawn(async move { store.reach().await }));
        let is_ready = match timeout(PATIENCE, under_way).await {
            Ok(ended) => {
                look.under_way = None;
                let reached = ended.unwrap_or(Err(StoreError::Stopped)); // a look that panicked saw nothing
                reached.inspect_err(|error| tracing::error!(%error, "the store can't be reached")).is_ok()
            }
            Err(_) => {
                tracing::error!("the store has not answered for {} s", PATIENCE.as_secs());
                false
            }
        };
        look.seen = Some((Instant::now(), is_ready));
        is_ready
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[tokio::test]
    async fn it_is_ready_only_while_the_store_is_reached() {
        let dir = tempfile::tempdir().expect("temporary directory");
        let readiness = Readiness { store: Store::serve(dir.path()).expect("store"), look: Mutex::default() };
        assert!(readiness.is_ready().await);
        fs::rename(dir.path().join("blobs"), dir.path().join("elsewhere")).expect("renamed");
        assert!(readiness.is_ready().await, "an answer is good for a while");
        readiness.look.lock().await.seen = None;
        assert!(!readiness.is_ready().await);
        fs::rename(dir.path().join("elsewhere"), dir.path().join("blobs")).expect("renamed");
        readiness.look.lock().await.seen = None;
        assert!(readiness.is_ready().await);
    }

    #[tokio::test(start_paused = true)]
    async fn a_store_that_does_not_answer_is_waited_for_once() {
        let dir = tempfile::tempdir().expect("temporary directory");
        let readiness = Readiness { store: Store::serve(dir.path()).expect("store"), look: Mutex::default() };
        let (answer, waiting) = tokio::sync::oneshot::channel::<()>();
        readiness.look.lock().await.under_way = Some(tokio::spawn(async move {
            let _ = waiting.await;
            Ok(())
        }));
        let began = Instant::now();
        assert!(!readiness.is_ready().await);
        assert_eq!(began.elapsed().as_secs(), PATIENCE.as_secs());
        assert!(readiness.look.lock().await.under_way.is_some(), "no other look is begun beside it");
        answer.send(()).expect("it waits");
        tokio::time::advance(GOOD).await;
        assert!(readiness.is_ready().await);
        assert!(readiness.look.lock().await.under_way.is_none());
    }
}
