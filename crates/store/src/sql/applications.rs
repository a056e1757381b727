//! Apps: their registration, how they prove themselves, what narrows them and what they used.

use crate::blobs::Digest;
use crate::clock::Timestamp;
use crate::db::{ReadTx, Row, WriteTx, values};
use crate::error::StoreError;
use crate::ids::{MailboxId, SubmissionId};
use crate::model::application::{Application, ApplicationLimits, ApplicationUse, Credentials, KeyCredential, PasswordCredential};

const APPLICATION: &str = "SELECT client_id, display_name, account_enabled, is_public_client, delegated_permissions,
     application_permissions, limits, sends_per_minute, created_date_time FROM application";

/// Kinds of limits that are lists.
const MAILBOX: &str = "mailbox";
const FROM: &str = "from";
const RECIPIENT_DOMAIN: &str = "recipientDomain";

impl ReadTx<'_> {
    /// The app with this client id, in any case.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn application(&self, client_id: &str) -> Result<Option<Application>, StoreError> {
        let sql = format!("{APPLICATION} WHERE client_id = $1");
        let found = self.row(&sql, values![&client_id.to_lowercase()], application)?;
        found.map(|(app, limited)| self.with_limits(app, &limited)).transpose()
    }

    /// The app with this name, the first of them by client id where several have it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn application_by_name(&self, display_name: &str) -> Result<Option<Application>, StoreError> {
        let sql = format!("{APPLICATION} WHERE display_name = $1 ORDER BY client_id LIMIT 1");
        let found = self.row(&sql, values![display_name], application)?;
        found.map(|(app, limited)| self.with_limits(app, &limited)).transpose()
    }

    /// So many apps at most, by their client ids, behind one of them or from the first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn applications(&self, after: &str, limit: i64) -> Result<Vec<Application>, StoreError> {
        let sql = format!("{APPLICATION} WHERE client_id > $1 ORDER BY client_id LIMIT $2");
        let found = self.rows(&sql, values![after, limit], application)?;
        found.into_iter().map(|(app, limited)| self.with_limits(app, &limited)).collect()
    }

    /// How an app proves itself, and where codes for it may be sent.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn credentials(&self, client_id: &str) -> Result<Credentials, StoreError> {
        let client_id = client_id.to_lowercase();
        let of_app = values![&client_id];
        let passwords = self.rows(
            "SELECT key_id, digest, hint, end_date_time FROM password_credential WHERE client_id = $1 ORDER BY key_id",
            of_app,
            |row| {
                let end_date_time = row.optional_integer(3)?.map(Timestamp);
                Ok(PasswordCredential { key_id: row.fixed(0)?, digest: Digest(row.fixed(1)?), hint: row.text(2)?, end_date_time })
            },
        )?;
        let keys = self.rows(
            "SELECT key_id, public_key, end_date_time FROM key_credential WHERE client_id = $1 ORDER BY key_id",
            of_app,
            |row| {
                let end_date_time = row.optional_integer(2)?.map(Timestamp);
                Ok(KeyCredential { key_id: row.fixed(0)?, public_key: row.octets(1)?, end_date_time })
            },
        )?;
        let uris = "SELECT uri FROM redirect_uri WHERE client_id = $1 ORDER BY uri";
        Ok(Credentials { passwords, keys, redirect_uris: self.rows(uris, of_app, |row| row.text(0))? })
    }

    /// Where codes may be sent, of all apps.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn redirect_uris(&self) -> Result<Vec<String>, StoreError> {
        self.rows("SELECT DISTINCT uri FROM redirect_uri ORDER BY uri", values![], |row| row.text(0))
    }

    /// By which permissions an app has opened which mailboxes.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn application_uses(&self, client_id: &str) -> Result<Vec<ApplicationUse>, StoreError> {
        self.rows(
            "SELECT mailbox, permission, uses, last_used_date_time FROM application_use WHERE client_id = $1
             ORDER BY mailbox, permission",
            values![&client_id.to_lowercase()],
            |row| {
                Ok(ApplicationUse {
                    mailbox: MailboxId(row.fixed(0)?),
                    permission: row.text(1)?,
                    uses: row.integer(2)?,
                    last_used_date_time: Timestamp(row.integer(3)?),
                })
            },
        )
    }

    fn with_limits(&self, app: Application, limited: &str) -> Result<Application, StoreError> {
        let limited = |kind: &str| limited.split(' ').any(|one| one == kind);
        let values_of = |kind: &str| -> Result<Option<Vec<String>>, StoreError> {
            if !limited(kind) {
                return Ok(None);
            }
            let sql = "SELECT value FROM application_limit WHERE client_id = $1 AND kind = $2 ORDER BY value";
            self.rows(sql, values![&app.client_id, kind], |row| row.text(0)).map(Some)
        };
        let mailbox = |text: &String| {
            let id = uuid::Uuid::try_parse(text).map_err(|_| StoreError::Corrupt("an app's mailbox".to_owned()))?;
            Ok(MailboxId(*id.as_bytes()))
        };
        let mailboxes = values_of(MAILBOX)?.map(|ids| ids.iter().map(mailbox).collect::<Result<Vec<_>, StoreError>>());
        let limits = ApplicationLimits {
            mailboxes: mailboxes.transpose()?,
            from: values_of(FROM)?,
            recipient_domains: values_of(RECIPIENT_DOMAIN)?,
            sends_per_minute: app.limits.sends_per_minute,
        };
        Ok(Application { limits, ..app })
    }
}

impl WriteTx<'_> {
    /// Registers an app, or changes what is registered of it, limits included.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn put_application(&mut self, app: &Application) -> Result<(), StoreError> {
        let client_id = app.client_id.to_lowercase();
        let lists = limit_lists(&app.limits);
        let limited: Vec<&str> = lists.iter().map(|(kind, _)| *kind).collect();
        self.execute(
            "INSERT INTO application (client_id, display_name, account_enabled, is_public_client, delegated_permissions,
             application_permissions, limits, sends_per_minute, created_date_time) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
             ON CONFLICT (client_id) DO UPDATE SET display_name = excluded.display_name,
             account_enabled = excluded.account_enabled, is_public_client = excluded.is_public_client,
             delegated_permissions = excluded.delegated_permissions,
             application_permissions = excluded.application_permissions, limits = excluded.limits,
             sends_per_minute = excluded.sends_per_minute",
            values![
                &client_id,
                &app.display_name,
                app.account_enabled,
                app.is_public_client,
                &app.delegated_permissions,
                &app.application_permissions,
                &limited.join(" "),
                app.limits.sends_per_minute,
                app.created_date_time.0,
            ],
        )?;
        self.execute("DELETE FROM application_limit WHERE client_id = $1", values![&client_id])?;
        for (kind, value) in lists.iter().flat_map(|(kind, values)| values.iter().map(move |value| (*kind, value))) {
            self.execute(
                "INSERT INTO application_limit (client_id, kind, value) VALUES ($1, $2, $3)
                 ON CONFLICT (client_id, kind, value) DO NOTHING",
                values![&client_id, kind, value],
            )?;
        }
        Ok(())
    }

    /// Forgets an app with all that hangs on it, what people let it do included; whether there was one.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn remove_application(&mut self, client_id: &str) -> Result<bool, StoreError> {
        let client_id = client_id.to_lowercase();
        for table in [
            "application_limit",
            "application_send",
            "application_use",
            "authorization_code",
            "device_code",
            "key_credential",
            "password_credential",
            "permission_grant",
            "redirect_uri",
            "refresh_token",
        ] {
            self.execute(&format!("DELETE FROM {table} WHERE client_id = $1"), values![&client_id])?;
        }
        Ok(self.execute("DELETE FROM application WHERE client_id = $1", values![&client_id])? > 0)
    }

    /// Gives an app a secret, in the place of one with the same id.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn put_password_credential(&mut self, client_id: &str, secret: &PasswordCredential) -> Result<(), StoreError> {
        self.execute(
            "INSERT INTO password_credential (client_id, key_id, digest, hint, end_date_time) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (client_id, key_id) DO UPDATE SET digest = excluded.digest, hint = excluded.hint,
             end_date_time = excluded.end_date_time",
            values![
                &client_id.to_lowercase(),
                &secret.key_id,
                &secret.digest.0,
                &secret.hint,
                secret.end_date_time.map(|end| end.0),
            ],
        )?;
        Ok(())
    }

    /// Gives an app a key, in the place of one with the same id.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn put_key_credential(&mut self, client_id: &str, key: &KeyCredential) -> Result<(), StoreError> {
        self.execute(
            "INSERT INTO key_credential (client_id, key_id, public_key, end_date_time) VALUES ($1, $2, $3, $4)
             ON CONFLICT (client_id, key_id) DO UPDATE SET public_key = excluded.public_key,
             end_date_time = excluded.end_date_time",
            values![&client_id.to_lowercase(), &key.key_id, key.public_key.as_slice(), key.end_date_time.map(|end| end.0)],
        )?;
        Ok(())
    }

    /// Takes a secret or a key from an app; whether there was one.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn remove_credential(&mut self, client_id: &str, key_id: [u8; 16]) -> Result<bool, StoreError> {
        let client_id = client_id.to_lowercase();
        let mut removed = 0;
        for table in ["password_credential", "key_credential"] {
            let sql = format!("DELETE FROM {table} WHERE client_id = $1 AND key_id = $2");
            removed += self.execute(&sql, values![&client_id, &key_id])?;
        }
        Ok(removed > 0)
    }

    /// Says where codes for an app may be sent, in the place of what was said before.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn set_redirect_uris(&mut self, client_id: &str, uris: &[String]) -> Result<(), StoreError> {
        let client_id = client_id.to_lowercase();
        self.execute("DELETE FROM redirect_uri WHERE client_id = $1", values![&client_id])?;
        for uri in uris {
            let sql = "INSERT INTO redirect_uri (client_id, uri) VALUES ($1, $2) ON CONFLICT (client_id, uri) DO NOTHING";
            self.execute(sql, values![&client_id, uri])?;
        }
        Ok(())
    }

    /// Notes that an app has opened a mailbox so many times by a permission, `at` the last time.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn note_application_use(&mut self, client_id: &str, used: &ApplicationUse) -> Result<(), StoreError> {
        self.execute(
            "INSERT INTO application_use (mailbox, client_id, permission, uses, last_used_date_time)
             VALUES ($1, $2, $3, $4, $5) ON CONFLICT (mailbox, client_id, permission) DO UPDATE SET
             uses = application_use.uses + excluded.uses, last_used_date_time = excluded.last_used_date_time",
            values![&used.mailbox.0, &client_id.to_lowercase(), &used.permission, used.uses, used.last_used_date_time.0,],
        )?;
        Ok(())
    }

    /// Counts a send of an app whose rate is limited, unless it has had `most` since `since`; when then the oldest of these was.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn count_application_send(
        &mut self,
        client_id: &str,
        submission: SubmissionId,
        most: i64,
        (since, now): (Timestamp, Timestamp),
    ) -> Result<Option<Timestamp>, StoreError> {
        // Those of one app are counted one after the other, whoever sends by it.
        self.lock("SELECT 1 FROM application WHERE client_id = $1 FOR NO KEY UPDATE", values![client_id])?;
        self.execute("DELETE FROM application_send WHERE client_id = $1 AND sent_date_time <= $2", values![client_id, since.0])?;
        let (count, oldest) = self
            .row("SELECT count(*), min(sent_date_time) FROM application_send WHERE client_id = $1", values![client_id], |row| {
                Ok((row.integer(0)?, row.optional_integer(1)?))
            })?
            .unwrap_or_default();
        if count >= most {
            return Ok(Some(Timestamp(oldest.unwrap_or(now.0))));
        }
        self.execute(
            "INSERT INTO application_send (client_id, sent_date_time, submission) VALUES ($1, $2, $3)",
            values![client_id, now.0, &submission.0],
        )?;
        Ok(None)
    }
}

/// The kinds that are limited, and to what.
fn limit_lists(limits: &ApplicationLimits) -> Vec<(&'static str, Vec<String>)> {
    let folded = |texts: &Vec<String>| texts.iter().map(|text| text.to_lowercase()).collect();
    let mailboxes = limits.mailboxes.as_ref().map(|ids| (MAILBOX, ids.iter().map(MailboxId::to_string).collect()));
    let from = limits.from.as_ref().map(|addresses| (FROM, folded(addresses)));
    let domains = limits.recipient_domains.as_ref().map(|domains| (RECIPIENT_DOMAIN, folded(domains)));
    [mailboxes, from, domains].into_iter().flatten().collect()
}

/// An app without the lists of its limits, and which of them there are.
fn application(row: &Row<'_>) -> Result<(Application, String), StoreError> {
    let limits = ApplicationLimits { sends_per_minute: row.optional_integer(7)?, ..ApplicationLimits::default() };
    let app = Application {
        client_id: row.text(0)?,
        display_name: row.text(1)?,
        account_enabled: row.flag(2)?,
        is_public_client: row.flag(3)?,
        delegated_permissions: row.text(4)?,
        application_permissions: row.text(5)?,
        limits,
        created_date_time: Timestamp(row.integer(8)?),
    };
    Ok((app, row.text(6)?))
}

#[cfg(test)]
mod tests;
