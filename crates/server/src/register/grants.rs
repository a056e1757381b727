//! `restante grant`.

use super::{open, tell};
use crate::cli::{Grant, GrantCommand};
use identity::{Access, MailboxGrant};
use std::process::ExitCode;

/// `restante grant`
///
/// # Errors
/// Where the deed is refused, or the store can't be opened.
pub async fn grant(command: GrantCommand) -> anyhow::Result<ExitCode> {
    let at = &command.register;
    let (registry, _) = open(at).await?;
    match command.deed {
        Grant::Add(right) => {
            let granted = registry.add_grant(right.into()).await?;
            tell(at, &granted, &sentence(&granted, "may"))?;
        }
        Grant::List { user } => {
            let grants = registry.grants(user).await?;
            tell(at, &grants, &grants.iter().map(|one| sentence(one, "may")).collect::<String>())?;
        }
        Grant::Remove(right) => {
            let removed = registry.remove_grant(right.into()).await?;
            tell(at, &removed, &sentence(&removed, "may no longer"))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn sentence(grant: &MailboxGrant, may: &str) -> String {
    let what = match grant.access {
        Access::FullAccess => "open the mailbox of",
        Access::SendAs if grant.address == "*" => return format!("{} {may} send as any address.\n", grant.user),
        Access::SendAs => "send as",
        Access::SendOnBehalf => "send on behalf of",
    };
    format!("{} {may} {what} {}.\n", grant.user, grant.address)
}
