//! `restante user`.

use super::{lines, listed, open, state, tell};
use crate::cli::{Alias, NewUser, Register, User, UserCommand};
use anyhow::{Context, bail};
use identity::{NewPerson, PersonChanges, RegisteredPerson, Registry};
use serde::Serialize;
use std::io::{IsTerminal, stdin};
use std::process::ExitCode;

/// `restante user`
///
/// # Errors
/// Where the deed is refused, or the store can't be opened.
pub async fn user(command: UserCommand) -> anyhow::Result<ExitCode> {
    let at = &command.register;
    let (registry, _) = open(at).await?;
    match command.deed {
        User::Add(new) => tell_of(at, &registry.add_person(person(new)).await?)?,
        User::Alias(Alias::Add { user, address }) => tell_of(at, &registry.add_alias(user, address).await?)?,
        User::Alias(Alias::Remove { user, address }) => tell_of(at, &registry.remove_alias(user, address).await?)?,
        User::Disable { user } => enable(at, &registry, user, false).await?,
        User::Enable { user } => enable(at, &registry, user, true).await?,
        User::Password { user, generate, remove } => password(at, &registry, user, (generate, remove)).await?,
        User::List => list(at, &registry).await?,
        User::Show { user } => tell_of(at, &registry.person(user).await?)?,
        User::Update { user, names } => {
            let (display_name, given_name, surname) = (names.display_name, names.given_name, names.surname);
            let changes = PersonChanges { display_name, given_name, surname, account_enabled: None };
            tell_of(at, &registry.update_person(user, changes).await?)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn person(new: NewUser) -> NewPerson {
    NewPerson {
        user_principal_name: new.user_principal_name,
        id: new.id,
        display_name: new.names.display_name,
        given_name: new.names.given_name,
        surname: new.names.surname,
        aliases: new.aliases,
        is_shared: new.shared,
    }
}

async fn enable(at: &Register, registry: &Registry, user: String, account_enabled: bool) -> anyhow::Result<()> {
    let changes = PersonChanges { account_enabled: Some(account_enabled), ..PersonChanges::default() };
    let person = registry.update_person(user, changes).await?;
    let word = if account_enabled { "enabled" } else { "disabled" };
    tell(at, &person, &format!("{} is {word}.\n", person.user_principal_name))
}

/// A person, and the password that was made.
#[derive(Serialize)]
struct MadePassword {
    #[serde(flatten)]
    person: RegisteredPerson,
    password: String,
}

async fn password(at: &Register, registry: &Registry, user: String, how: (bool, bool)) -> anyhow::Result<()> {
    match how {
        (_, true) => tell_of(at, &registry.remove_password(user).await?),
        (true, _) => {
            let (person, password) = registry.make_password(user).await?;
            let text = format!("The password of {} is {password}\nIt is shown this once.\n", person.user_principal_name);
            tell(at, &MadePassword { person, password }, &text)
        }
        _ => tell_of(at, &registry.set_password(user, typed()?).await?),
    }
}

/// The first line of standard input. A terminal would show what is typed, to whoever looks.
fn typed() -> anyhow::Result<String> {
    if stdin().is_terminal() {
        bail!("give the password on standard input, as from a file, or have one made by --generate");
    }
    let mut line = String::new();
    stdin().read_line(&mut line).context("the password can't be read")?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

async fn list(at: &Register, registry: &Registry) -> anyhow::Result<()> {
    let mut people = Vec::new();
    let mut after = None;
    loop {
        let (page, next) = registry.people(after).await?;
        people.extend(page);
        after = next;
        if after.is_none() {
            break;
        }
    }
    let line = |one: &RegisteredPerson| {
        let shared = if one.is_shared { " (shared)" } else { "" };
        format!("{}   {}{shared}{}\n", one.user_principal_name, one.display_name, state(one.account_enabled))
    };
    tell(at, &people, &people.iter().map(line).collect::<String>())
}

fn tell_of(at: &Register, person: &RegisteredPerson) -> anyhow::Result<()> {
    let signs_in = match (person.is_shared, person.has_password) {
        (true, _) => "nobody: the mailbox is shared",
        (false, true) => "with a password",
        (false, false) => "not yet: no password is set",
    };
    let rows = [
        ("id", person.id.clone()),
        ("name", person.display_name.clone()),
        ("aliases", listed(&person.aliases)),
        ("signs in", signs_in.to_owned()),
    ];
    tell(at, person, &format!("{}{}\n{}", person.user_principal_name, state(person.account_enabled), lines(&rows)))
}
