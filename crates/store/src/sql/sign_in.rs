//! Authorization codes, refresh tokens and devices' codes: digests, never what the client holds.

use crate::blobs::Digest;
use crate::clock::Timestamp;
use crate::db::{ReadTx, Row, WriteTx, values};
use crate::error::StoreError;
use crate::ids::MailboxId;
use crate::model::sign_in::{AuthorizationCode, DeviceCode, DeviceState, Grant, RefreshToken};

const DEVICE_CODE: &str =
    "SELECT digest, user_code, client_id, scope, state, mailbox, polled_date_time, expiration_date_time FROM device_code";

impl ReadTx<'_> {
    /// The code of a mailbox with this digest, ended ones too until they are swept.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn authorization_code(&self, mailbox: MailboxId, digest: Digest) -> Result<Option<AuthorizationCode>, StoreError> {
        self.row(
            "SELECT client_id, scope, redirect_uri, code_challenge, nonce, is_redeemed, expiration_date_time
             FROM authorization_code WHERE mailbox = $1 AND digest = $2",
            values![&mailbox.0, &digest.0],
            |row| {
                Ok(AuthorizationCode {
                    digest,
                    grant: Grant { mailbox, client_id: row.text(0)?, scope: row.text(1)? },
                    redirect_uri: row.text(2)?,
                    code_challenge: row.optional_text(3)?,
                    nonce: row.optional_text(4)?,
                    is_redeemed: row.flag(5)?,
                    expiration_date_time: Timestamp(row.integer(6)?),
                })
            },
        )
    }

    /// The refresh token of a mailbox with this digest, used and ended ones too until they are swept.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn refresh_token(&self, mailbox: MailboxId, digest: Digest) -> Result<Option<RefreshToken>, StoreError> {
        self.row(
            "SELECT family, client_id, scope, is_confidential, is_used, expiration_date_time
             FROM refresh_token WHERE mailbox = $1 AND digest = $2",
            values![&mailbox.0, &digest.0],
            |row| {
                Ok(RefreshToken {
                    digest,
                    family: Digest(row.fixed(0)?),
                    grant: Grant { mailbox, client_id: row.text(1)?, scope: row.text(2)? },
                    is_confidential: row.flag(3)?,
                    is_used: row.flag(4)?,
                    expiration_date_time: Timestamp(row.integer(5)?),
                })
            },
        )
    }

    /// The device's code with this digest, an ended one too until it is swept.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn device_code(&self, digest: Digest) -> Result<Option<DeviceCode>, StoreError> {
        self.row(&format!("{DEVICE_CODE} WHERE digest = $1"), values![&digest.0], device_code)
    }

    /// The device's code that a person typed, if it has not ended.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn device_code_of_user(&self, user_code: &str, now: Timestamp) -> Result<Option<DeviceCode>, StoreError> {
        let sql = format!("{DEVICE_CODE} WHERE user_code = $1 AND expiration_date_time > $2");
        self.row(&sql, values![user_code, now.0], device_code)
    }

    /// How many devices' codes there are that have not ended.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn device_codes(&self, now: Timestamp) -> Result<u64, StoreError> {
        let sql = "SELECT count(*) FROM device_code WHERE expiration_date_time > $1";
        Ok(self.row(sql, values![now.0], |row| row.integer(0))?.unwrap_or_default().unsigned_abs())
    }
}

impl WriteTx<'_> {
    /// Keeps a code, and forgets those of its mailbox that have ended.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn add_authorization_code(&mut self, code: &AuthorizationCode, now: Timestamp) -> Result<(), StoreError> {
        let mailbox = &code.grant.mailbox.0;
        let sweep = "DELETE FROM authorization_code WHERE mailbox = $1 AND expiration_date_time <= $2";
        self.execute(sweep, values![mailbox, now.0])?;
        self.execute(
            "INSERT INTO authorization_code (mailbox, digest, client_id, scope, redirect_uri, code_challenge, nonce, is_redeemed,
             expiration_date_time) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            values![
                mailbox,
                &code.digest.0,
                &code.grant.client_id,
                &code.grant.scope,
                &code.redirect_uri,
                code.code_challenge.as_ref(),
                code.nonce.as_ref(),
                code.is_redeemed,
                code.expiration_date_time.0,
            ],
        )?;
        Ok(())
    }

    /// Notes that a code was exchanged.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn redeem_authorization_code(&mut self, mailbox: MailboxId, digest: Digest) -> Result<(), StoreError> {
        let sql = "UPDATE authorization_code SET is_redeemed = 1 WHERE mailbox = $1 AND digest = $2";
        self.execute(sql, values![&mailbox.0, &digest.0])?;
        Ok(())
    }

    /// Keeps a refresh token, and forgets those of its mailbox that have ended.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn add_refresh_token(&mut self, token: &RefreshToken, now: Timestamp) -> Result<(), StoreError> {
        let mailbox = &token.grant.mailbox.0;
        let sweep = "DELETE FROM refresh_token WHERE mailbox = $1 AND expiration_date_time <= $2";
        self.execute(sweep, values![mailbox, now.0])?;
        self.execute(
            "INSERT INTO refresh_token (mailbox, digest, family, client_id, scope, is_confidential, is_used,
             expiration_date_time) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            values![
                mailbox,
                &token.digest.0,
                &token.family.0,
                &token.grant.client_id,
                &token.grant.scope,
                token.is_confidential,
                token.is_used,
                token.expiration_date_time.0,
            ],
        )?;
        Ok(())
    }

    /// Notes that another refresh token has taken this one's place. Answers whether it was there, and none had.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn use_refresh_token(&mut self, mailbox: MailboxId, digest: Digest) -> Result<bool, StoreError> {
        let sql = "UPDATE refresh_token SET is_used = 1 WHERE mailbox = $1 AND digest = $2 AND is_used = 0";
        Ok(self.execute(sql, values![&mailbox.0, &digest.0])? == 1)
    }

    /// Takes back all refresh tokens that came one from the other.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn revoke_refresh_tokens(&mut self, mailbox: MailboxId, family: Digest) -> Result<(), StoreError> {
        self.execute("DELETE FROM refresh_token WHERE mailbox = $1 AND family = $2", values![&mailbox.0, &family.0])?;
        Ok(())
    }

    /// Keeps a device's code, and forgets those that have ended.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where another has the same user code; [`StoreError::Database`].
    pub fn add_device_code(&mut self, code: &DeviceCode, now: Timestamp) -> Result<(), StoreError> {
        self.execute("DELETE FROM device_code WHERE expiration_date_time <= $1", values![now.0])?;
        let (state, mailbox) = state_columns(&code.state);
        let added = self.execute(
            "INSERT INTO device_code (digest, user_code, client_id, scope, state, mailbox, polled_date_time,
             expiration_date_time) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (user_code) DO NOTHING",
            values![
                &code.digest.0,
                &code.user_code,
                &code.client_id,
                &code.scope,
                state,
                mailbox,
                code.polled_date_time.0,
                code.expiration_date_time.0,
            ],
        )?;
        if added == 1 { Ok(()) } else { Err(StoreError::Conflict) }
    }

    /// Notes what came of a device's code.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn decide_device_code(&mut self, digest: Digest, decided: DeviceState) -> Result<(), StoreError> {
        let (state, mailbox) = state_columns(&decided);
        let sql = "UPDATE device_code SET state = $1, mailbox = $2 WHERE digest = $3";
        self.execute(sql, values![state, mailbox, &digest.0])?;
        Ok(())
    }

    /// Notes that a device asked.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn poll_device_code(&mut self, digest: Digest, now: Timestamp) -> Result<(), StoreError> {
        self.execute("UPDATE device_code SET polled_date_time = $1 WHERE digest = $2", values![now.0, &digest.0])?;
        Ok(())
    }

    /// Forgets a device's code: it was exchanged.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn remove_device_code(&mut self, digest: Digest) -> Result<(), StoreError> {
        self.execute("DELETE FROM device_code WHERE digest = $1", values![&digest.0])?;
        Ok(())
    }
}

fn state_columns(state: &DeviceState) -> (&'static str, Option<&[u8; 16]>) {
    match state {
        DeviceState::Declined => ("declined", None),
        DeviceState::Granted(mailbox) => ("granted", Some(&mailbox.0)),
        DeviceState::Pending => ("pending", None),
    }
}

fn device_code(row: &Row<'_>) -> Result<DeviceCode, StoreError> {
    let state = match row.text(4)?.as_str() {
        "declined" => DeviceState::Declined,
        "granted" => DeviceState::Granted(MailboxId(row.fixed(5)?)),
        "pending" => DeviceState::Pending,
        other => return Err(StoreError::Corrupt(format!("a device's code is {other}"))),
    };
    Ok(DeviceCode {
        digest: Digest(row.fixed(0)?),
        user_code: row.text(1)?,
        client_id: row.text(2)?,
        scope: row.text(3)?,
        state,
        polled_date_time: Timestamp(row.integer(6)?),
        expiration_date_time: Timestamp(row.integer(7)?),
    })
}
