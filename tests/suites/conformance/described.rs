//! The OpenAPI document names the operations that `docs/conformance/graph.tsv` says are answered, and no others.

use super::{operations, ours, rows};
use kit::Server;
use std::collections::BTreeSet;

/// Uploads are answered at addresses of their own: where the table says so, in words, the document has a path.
const UPLOADS: (&str, &str) = ("{uploadUrl}", "/uploads/{upload-id}");

/// What Graph has and the table of operations on mail does not: by it a mailbox's id is found.
const BESIDE: [&str; 1] = ["/users/{user-id}/settings/exchange"];

/// A row's method and path, without what the row says of a query or a body. Sign-in is no part of Graph.
fn operation(method: &str, path: &str) -> Option<(String, String)> {
    let path = path.split(['?', ' ']).next().unwrap();
    let path = if path == UPLOADS.0 { UPLOADS.1 } else { path };
    let qualified = path.contains("/microsoft.graph."); // a cast: the documented form of another row
    (!path.starts_with("/{tenant}") && !qualified).then(|| (method.to_owned(), path.to_owned()))
}

#[tokio::test]
async fn the_openapi_document_names_what_the_table_does() {
    let Some(operations) = operations() else { return };
    let key = |row: &super::Row| operation(&row["method"], &row["path"]);
    let answered: BTreeSet<_> = rows(&ours()).iter().filter(|row| row["status"] == "yes").filter_map(key).collect();
    let graphs: BTreeSet<_> = operations.iter().filter_map(key).collect();
    let server = Server::start().await;
    let document = server.anonymous().get("/openapi.json").await.demand(200).json();
    let (mut described, mut beyond) = (BTreeSet::new(), BTreeSet::new());
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, one) in methods.as_object().unwrap().iter().filter(|(name, _)| *name != "parameters") {
            let of = if one["x-restante-extension"] == true { &mut beyond } else { &mut described };
            of.insert((method.to_uppercase(), path.clone()));
        }
    }
    let is_me = |(_, path): &&(String, String)| *path == "/me" || path.starts_with("/me/");
    let described_as_me: BTreeSet<_> = described.iter().filter(is_me).cloned().collect();
    for (method, path) in &described_as_me {
        let other = path.replacen("/me", "/users/{user-id}", 1);
        assert!(described.contains(&(method.clone(), other)), "{method} {path} has a form with a name");
    }
    described.retain(|one| !is_me(&one) || graphs.contains(one));
    described.retain(|(method, path)| path != UPLOADS.1 || graphs.contains(&(method.clone(), path.clone())));
    let missing: Vec<_> = answered.difference(&described).filter(|(_, path)| path != UPLOADS.1).collect();
    assert!(missing.is_empty(), "answered, and not described in graph::described::operations and places: {missing:?}");
    let unlisted: Vec<_> = described.difference(&answered).filter(|(_, path)| path != UPLOADS.1).collect();
    let unlisted: Vec<_> = unlisted.into_iter().filter(|(_, path)| !BESIDE.contains(&path.as_str())).collect();
    assert!(unlisted.is_empty(), "described, and not listed as answered: {unlisted:?}");
    let known: Vec<_> = beyond.intersection(&graphs).collect();
    assert!(known.is_empty(), "Graph has these too: {known:?}");
    server.finish().await;
}

/// From the least to the most; each lets do what those before it let.
const READING: [&str; 3] = ["Mail.ReadBasic", "Mail.Read", "Mail.ReadWrite"];

#[tokio::test]
async fn each_operation_needs_the_permission_that_graph_names() {
    let Some(operations) = operations() else { return };
    let answered: BTreeSet<_> =
        rows(&ours()).iter().filter(|row| row["status"] == "yes").map(|row| row["path"].clone()).collect();
    let server = Server::start().await;
    let document = server.anonymous().get("/openapi.json").await.demand(200).json();
    let mut compared = 0;
    for row in operations.iter().filter(|row| answered.contains(&row["path"]) && !row["path"].contains('?')) {
        let least = row["delegated_least"].split([' ', ';']).next().unwrap();
        let one = &document["paths"][row["path"].as_str()][row["method"].to_lowercase()];
        let Some(permissions) = one["x-restante-permissions"].as_array() else { continue };
        let permissions: Vec<&str> = permissions.iter().map(|name| name.as_str().unwrap()).collect();
        let what = format!("{} {}: {permissions:?}, where Graph says {least}", row["method"], row["path"]);
        assert!(permissions.contains(&least), "{what}");
        let of_apps = row["application_least"].split([' ', ';']).next().unwrap();
        assert!(!of_apps.contains('.') || permissions.contains(&of_apps), "for apps {of_apps}; {what}");
        if let Some(rank) = READING.iter().position(|name| *name == least) {
            assert!(READING[..rank].iter().all(|less| !permissions.contains(less)), "less would do; {what}");
        }
        compared += 1;
    }
    assert!(compared > 90, "only {compared} rows were compared");
    server.finish().await;
}
