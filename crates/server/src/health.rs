//! `GET /healthz`: whether the server can do what it is for, which is to read its store.

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use store::{MailboxId, Store, StoreError};

/// The route: 200 `ok`, or 503 where the store can't be read.
pub(crate) fn routes(store: Store) -> Router {
    Router::new().route("/healthz", get(health)).with_state(store)
}

async fn health(State(store): State<Store>) -> (StatusCode, &'static str) {
    // Nobody has this id: the look costs one step into an index and still touches the file.
    match store.read::<_, StoreError>(|tx| tx.person(MailboxId([0; 16]))).await {
        Ok(_) => (StatusCode::OK, "ok"),
        Err(error) => {
            tracing::error!(%error, "the store can't be read");
            (StatusCode::SERVICE_UNAVAILABLE, "the store can't be read")
        }
    }
}
