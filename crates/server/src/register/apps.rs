//! `restante app`.

use super::explain::Explained;
use super::{lines, listed, open, state, tell};
use crate::cli::{App, AppCommand, AppSettings, AppUpdate, Clearable, Credential, NewAppFlags, Register};
use crate::tenant::Tenant;
use anyhow::{Context, bail};
use identity::{
    AppChanges, Change, LimitChanges, MadeSecret, NewCertificate, NewSecret, RegisteredApp, RegisteredKey, RegisteredSecret,
    Registry,
};
use std::path::Path;
use std::process::ExitCode;

/// `restante app`
///
/// # Errors
/// Where the deed is refused, or the store can't be opened.
pub async fn app(command: AppCommand) -> anyhow::Result<ExitCode> {
    let at = &command.register;
    let (registry, tenant) = open(at).await?;
    match command.deed {
        App::Add(new) => add(at, &registry, &tenant, new).await?,
        App::Certificate(Credential::Add { app, with, expires }) => {
            add_certificate(at, &registry, app, &with.file, expires).await?;
        }
        App::Certificate(Credential::Remove { app, key_id }) => remove_credential(at, &registry, app, key_id).await?,
        App::Disable { app } => enable(at, &registry, app, false).await?,
        App::Explain { app } => {
            let (app, uses) = registry.app_with_uses(app).await?;
            let explained = Explained::of(app, uses);
            tell(at, &explained, &explained.text(&tenant))?;
        }
        App::Enable { app } => enable(at, &registry, app, true).await?,
        App::List => list(at, &registry).await?,
        App::Remove { app } => {
            let known = registry.app(app.clone()).await?;
            registry.remove_app(app).await?;
            tell(at, &serde_json::json!({"appId": known.app_id}), &format!("{} is removed.\n", known.display_name))?;
        }
        App::Secret(Credential::Add { app, expires, .. }) => {
            let made = registry.add_secret(app, NewSecret { end_date_time: expires }).await?;
            tell(at, &made, &told_once(&made))?;
        }
        App::Secret(Credential::Remove { app, key_id }) => remove_credential(at, &registry, app, key_id).await?,
        App::Show { app } => {
            let app = registry.app(app).await?;
            tell(at, &app, &described(&app, &tenant))?;
        }
        App::Update(update) => {
            let (name, changes) = changes(update)?;
            let app = registry.update_app(name, changes).await?;
            tell(at, &app, &described(&app, &tenant))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn add(at: &Register, registry: &Registry, tenant: &Tenant, new: NewAppFlags) -> anyhow::Result<()> {
    let changes = AppChanges { display_name: Some(new.name), ..settings(new.settings) };
    let secret = new.secret.then_some(NewSecret { end_date_time: new.secret_expires });
    let added = match new.client_id {
        Some(id) => registry.add_app_as(id, changes, secret).await?,
        None => registry.add_app(changes, secret).await?,
    };
    let secret = added.secret.as_ref().map(told_once).unwrap_or_default();
    tell(at, &added, &format!("{}{secret}", described(&added.app, tenant)))
}

async fn add_certificate(
    at: &Register,
    registry: &Registry,
    app: String,
    file: &Path,
    end_date_time: Option<String>,
) -> anyhow::Result<()> {
    let certificate = std::fs::read_to_string(file).with_context(|| format!("{} can't be read", file.display()))?;
    let key = registry.add_certificate(app, NewCertificate { certificate, end_date_time }).await?;
    tell(at, &key, &format!("The app may sign with the certificate {}.\n", certificate_line(&key)))
}

async fn remove_credential(at: &Register, registry: &Registry, app: String, key_id: String) -> anyhow::Result<()> {
    let app = registry.remove_credential(app, key_id.clone()).await?;
    tell(at, &app, &format!("{key_id} is no longer good for {}.\n", app.display_name))
}

async fn enable(at: &Register, registry: &Registry, app: String, account_enabled: bool) -> anyhow::Result<()> {
    let changes = AppChanges { account_enabled: Some(account_enabled), ..AppChanges::default() };
    let app = registry.update_app(app, changes).await?;
    let word = if account_enabled { "enabled" } else { "disabled" };
    tell(at, &app, &format!("{} is {word}.\n", app.display_name))
}

async fn list(at: &Register, registry: &Registry) -> anyhow::Result<()> {
    let mut apps = Vec::new();
    let mut after = Some(String::new());
    while let Some(behind) = after {
        let (page, next) = registry.apps(behind).await?;
        apps.extend(page);
        after = next;
    }
    let line = |app: &RegisteredApp| format!("{}   {}{}\n", app.app_id, app.display_name, state(app.account_enabled));
    tell(at, &apps, &apps.iter().map(line).collect::<String>())
}

/// Flags, where those that weren't given keep what is.
fn settings(flags: AppSettings) -> AppChanges {
    let given = |list: Vec<String>| (!list.is_empty()).then_some(list);
    let limit = |list: Vec<String>| given(list).map_or(Change::Keep, Change::To);
    AppChanges {
        is_public_client: flags.public_client,
        delegated_permissions: given(flags.delegated_permissions),
        application_permissions: given(flags.application_permissions),
        redirect_uris: given(flags.redirect_uris),
        limits: LimitChanges {
            mailboxes: limit(flags.mailboxes),
            from: limit(flags.from),
            recipient_domains: limit(flags.recipient_domains),
            sends_per_minute: flags.sends_per_minute.map_or(Change::Keep, Change::To),
        },
        ..AppChanges::default()
    }
}

fn changes(update: AppUpdate) -> anyhow::Result<(String, AppChanges)> {
    let mut changes = AppChanges { display_name: update.name, ..settings(update.settings) };
    for what in update.clear {
        clear(what, &mut changes)?;
    }
    Ok((update.app, changes))
}

/// Takes something away whole, unless it was also given anew: that would mean two things.
fn clear(what: Clearable, changes: &mut AppChanges) -> anyhow::Result<()> {
    let is_given = match what {
        Clearable::ApplicationPermission => {
            changes.application_permissions.replace(Vec::new()).is_some_and(|list| !list.is_empty())
        }
        Clearable::DelegatedPermission => changes.delegated_permissions.replace(Vec::new()).is_some_and(|list| !list.is_empty()),
        Clearable::RedirectUri => changes.redirect_uris.replace(Vec::new()).is_some_and(|list| !list.is_empty()),
        Clearable::From => is_to(&std::mem::replace(&mut changes.limits.from, Change::Clear)),
        Clearable::Mailbox => is_to(&std::mem::replace(&mut changes.limits.mailboxes, Change::Clear)),
        Clearable::RecipientDomain => is_to(&std::mem::replace(&mut changes.limits.recipient_domains, Change::Clear)),
        Clearable::SendsPerMinute => is_to(&std::mem::replace(&mut changes.limits.sends_per_minute, Change::Clear)),
    };
    if is_given {
        bail!("What --clear takes away is also given. Only one of both can be meant.");
    }
    Ok(())
}

fn is_to<T>(change: &Change<T>) -> bool {
    matches!(change, Change::To(_))
}

/// An app, for people.
pub(super) fn described(app: &RegisteredApp, tenant: &Tenant) -> String {
    let limit = |list: &Option<Vec<String>>| match list {
        None => "any".to_owned(),
        Some(list) => format!("only {}", listed(list)),
    };
    let RegisteredApp { limits, .. } = app;
    let secrets: Vec<String> = app.password_credentials.iter().map(secret_line).collect();
    let certificates: Vec<String> = app.key_credentials.iter().map(certificate_line).collect();
    let rows = [
        ("client id", app.app_id.clone()),
        ("tenant", tenant.id.to_string()),
        ("application permissions", listed(&app.application_permissions)),
        ("delegated permissions", listed(&app.delegated_permissions)),
        ("redirect URIs", listed(&app.redirect_uris)),
        ("public client", if app.is_public_client { "yes" } else { "no" }.to_owned()),
        ("mailboxes", limit(&limits.mailboxes)),
        ("From and Sender", limit(&limits.from)),
        ("recipient domains", limit(&limits.recipient_domains)),
        ("sends per minute", limits.sends_per_minute.map_or_else(|| "any number".to_owned(), |rate| rate.to_string())),
        ("secrets", listed(&secrets)),
        ("certificates", listed(&certificates)),
    ];
    format!("{}{}\n{}", app.display_name, state(app.account_enabled), lines(&rows))
}

fn secret_line(secret: &RegisteredSecret) -> String {
    format!("{} (begins with {}, {})", secret.key_id, secret.hint, until(secret.end_date_time.as_deref()))
}

fn certificate_line(key: &RegisteredKey) -> String {
    format!("{} ({})", key.key_id, until(key.end_date_time.as_deref()))
}

fn until(end_date_time: Option<&str>) -> String {
    end_date_time.map_or_else(|| "for ever".to_owned(), |end| format!("until {end}"))
}

/// A secret, on the one occasion.
fn told_once(made: &MadeSecret) -> String {
    format!("\nSecret, told only here: {}\n", made.secret_text)
}
