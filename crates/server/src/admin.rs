//! The commands beside the server: they open the same data directory, whether a server runs on it or not.

use crate::serve::secrets;
use crate::tenant::Tenant;
use crate::{cli, config};
use anyhow::{Context, bail};
use identity::{Identity, Keys, Scopes};
use std::process::ExitCode;
use std::sync::Arc;
use store::{Clock, Location, Person, Store, StoreError, SystemClock};

/// Days that a token is good for.
const TOKEN_DAYS: i64 = 30;

/// `restante check`: a line for each thing that is wrong, and failure where there is one.
///
/// # Errors
/// Where the store can't be read.
pub fn check(store: &cli::Store) -> anyhow::Result<ExitCode> {
    let location = config::location(store)?;
    let findings = store::check(location.clone()).with_context(|| cannot_open(&location))?;
    for finding in &findings {
        println!("{finding}");
    }
    Ok(if findings.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// `restante token`: prints a bearer token. The names in the scope that mean nothing here are told on stderr.
///
/// # Errors
/// Where there is no such person, or the store or its keys can't be read.
pub async fn token(token: &cli::Token) -> anyhow::Result<ExitCode> {
    let (store, person) = person(&token.store, &token.user).await?;
    let nothing = Scopes::parse("");
    for name in token.scope.split_whitespace().filter(|name| Scopes::parse(name) == nothing) {
        eprintln!("restante: \"{name}\" is no permission that this server knows; it grants nothing.");
    }
    let keys = keys(&store, &token.store).await?;
    let tenant = Tenant::of(&keys);
    let identity = Identity::new(&keys, &tenant.id.to_string(), Arc::new(SystemClock))?;
    println!("{}", identity.person_token(&person, &tenant.app(), &token.scope, TOKEN_DAYS)?);
    Ok(ExitCode::SUCCESS)
}

/// The store, and somebody in it.
///
/// # Errors
/// Where there is nobody of that name, or the store can't be opened.
pub(crate) async fn person(which: &cli::Store, name: &str) -> anyhow::Result<(Store, Person)> {
    let store = open(which)?;
    let wanted = name.to_owned();
    let found = store.read::<_, StoreError>(move |tx| tx.person_by_address(&wanted)).await?;
    let person = found.with_context(|| format!("there is nobody named {name} here"))?;
    Ok((store, person))
}

/// The store, beside servers that may be running on it.
///
/// # Errors
/// Where there is none, or it can't be opened.
pub(crate) fn open(which: &cli::Store) -> anyhow::Result<Store> {
    let location = config::location(which)?;
    match Store::beside(location.clone()) {
        Err(StoreError::Missing) => {
            bail!("there is no store {location} yet. The server makes it when it first starts; then this works beside it.")
        }
        opened => opened.with_context(|| cannot_open(&location)),
    }
}

/// The keys of the servers of a store.
///
/// # Errors
/// Where they can't be read.
pub(crate) async fn keys(store: &Store, which: &cli::Store) -> anyhow::Result<Keys> {
    let location = config::location(which)?;
    Ok(Keys::of(&secrets(store, &location, SystemClock.now())).await?)
}

fn cannot_open(location: &Location) -> String {
    format!("the store {location} can't be opened")
}
