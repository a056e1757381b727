//! What people let apps do until they take it back: asked once, and remembered by app and person. An operator can agree for
//! everybody, as Graph's oauth2PermissionGrant does with the consentType AllPrincipals.

use crate::error::OAuthError;
use crate::granted::Granted;
use crate::grants::Grants;
use store::{EVERYBODY, MailboxId, ReadTx, StoreError};

impl Grants {
    /// Whether a person, or the operator for everybody, has let an app do all of this.
    pub(crate) async fn has_agreed(&self, person: MailboxId, client_id: &str, asked: &Granted) -> Result<bool, OAuthError> {
        let (client_id, asked) = (client_id.to_owned(), asked.clone());
        self.look(move |tx| is_agreed(tx, person, &client_id, &asked)).await
    }

    /// Notes that a person lets an app do this, beside what was agreed to before.
    pub(crate) async fn agree(&self, person: MailboxId, client_id: &str, granted: &Granted) -> Result<(), OAuthError> {
        let (client_id, granted) = (client_id.to_owned(), granted.clone());
        self.deed(Some(person), move |tx| {
            let mut names: Vec<String> =
                tx.permission_grant(person, &client_id)?.iter().flat_map(|scope| scope.split(' ')).map(str::to_owned).collect();
            names.extend(granted.names());
            names.retain(|name| !name.is_empty());
            names.sort_unstable();
            names.dedup();
            tx.set_permission_grant(person, &client_id, &names.join(" ")).map(Ok)
        })
        .await
    }
}

/// Whether a person, or the operator for everybody, has let an app do all of this. Nothing asked for is something too: who it
/// is that signs in.
pub(crate) fn is_agreed(tx: &ReadTx<'_>, person: MailboxId, client_id: &str, asked: &Granted) -> Result<bool, StoreError> {
    let (own, everybodys) = (tx.permission_grant(person, client_id)?, tx.permission_grant(EVERYBODY, client_id)?);
    if own.is_none() && everybodys.is_none() {
        return Ok(false);
    }
    let kept = [own.unwrap_or_default(), everybodys.unwrap_or_default()].join(" ");
    Ok(asked.names().all(|name| kept.split(' ').any(|one| one.eq_ignore_ascii_case(&name))))
}
