//! `restante user`.

use super::{lines, listed, open, state, tell};
use crate::cli::{Alias, NewUser, Register, User, UserCommand};
use identity::{NewPerson, PersonChanges, RegisteredPerson, Registry};
use std::process::ExitCode;

/// `restante user`
///
/// # Errors
/// Where the deed is refused, or the store can't be opened.
pub async fn user(command: UserCommand) -> anyhow::Result<ExitCode> {
    let at = &command.register;
    let (registry, _) = open(at)?;
    match command.deed {
        User::Add(new) => tell_of(at, &registry.add_person(person(new)).await?)?,
        User::Alias(Alias::Add { user, address }) => tell_of(at, &registry.add_alias(user, address).await?)?,
        User::Alias(Alias::Remove { user, address }) => tell_of(at, &registry.remove_alias(user, address).await?)?,
        User::Disable { user } => enable(at, &registry, user, false).await?,
        User::Enable { user } => enable(at, &registry, user, true).await?,
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
