//! What mailboxes are set to.

use crate::clock::Timestamp;
use crate::db::{ReadTx, Row, WriteTx, values};
use crate::error::StoreError;
use crate::ids::MailboxId;
use crate::model::settings::{AutomaticRepliesStatus, ExternalAudience, MailboxSettings};

const SETTINGS: &str =
    "SELECT time_zone, locale, date_format, time_format, delegate_meeting_message_delivery_options, days_of_week,
    start_time, end_time, working_hours_time_zone, automatic_replies_status, external_audience, internal_reply_message,
    external_reply_message, scheduled_start_date_time, scheduled_end_date_time, automatic_replies_period FROM mailbox_settings";

impl ReadTx<'_> {
    /// What somebody has set of a mailbox.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn mailbox_settings(&self, mailbox: MailboxId) -> Result<MailboxSettings, StoreError> {
        let found = self.row(&format!("{SETTINGS} WHERE mailbox = $1"), values![&mailbox.0], settings)?;
        Ok(found.unwrap_or_default())
    }
}

impl WriteTx<'_> {
    /// Keeps what a mailbox is set to, all of it.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn put_mailbox_settings(&mut self, mailbox: MailboxId, settings: &MailboxSettings) -> Result<(), StoreError> {
        let days = settings.days_of_week.as_ref().map(|days| days.join(","));
        self.execute("DELETE FROM mailbox_settings WHERE mailbox = $1", values![&mailbox.0])?;
        self.execute(
            "INSERT INTO mailbox_settings (mailbox, time_zone, locale, date_format, time_format,
                 delegate_meeting_message_delivery_options, days_of_week, start_time, end_time, working_hours_time_zone,
                 automatic_replies_status, external_audience, internal_reply_message, external_reply_message,
                 scheduled_start_date_time, scheduled_end_date_time, automatic_replies_period)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)",
            values![
                &mailbox.0,
                settings.time_zone.as_ref(),
                settings.locale.as_ref(),
                settings.date_format.as_ref(),
                settings.time_format.as_ref(),
                settings.delegate_meeting_message_delivery_options.as_ref(),
                days.as_ref(),
                settings.start_time.as_ref(),
                settings.end_time.as_ref(),
                settings.working_hours_time_zone.as_ref(),
                settings.automatic_replies_status.map(AutomaticRepliesStatus::as_str),
                settings.external_audience.map(ExternalAudience::as_str),
                settings.internal_reply_message.as_ref(),
                settings.external_reply_message.as_ref(),
                settings.scheduled_start_date_time.map(|at| at.0),
                settings.scheduled_end_date_time.map(|at| at.0),
                settings.automatic_replies_period
            ],
        )?;
        Ok(())
    }
}

fn settings(row: &Row<'_>) -> Result<MailboxSettings, StoreError> {
    let days = |text: String| text.split(',').filter(|day| !day.is_empty()).map(str::to_owned).collect();
    let unknown = |word: &str| StoreError::Corrupt(format!("a setting {word:?}"));
    let status = |word: String| AutomaticRepliesStatus::parse(&word).ok_or_else(|| unknown(&word));
    let audience = |word: String| ExternalAudience::parse(&word).ok_or_else(|| unknown(&word));
    Ok(MailboxSettings {
        time_zone: row.optional_text(0)?,
        locale: row.optional_text(1)?,
        date_format: row.optional_text(2)?,
        time_format: row.optional_text(3)?,
        delegate_meeting_message_delivery_options: row.optional_text(4)?,
        days_of_week: row.optional_text(5)?.map(days),
        start_time: row.optional_text(6)?,
        end_time: row.optional_text(7)?,
        working_hours_time_zone: row.optional_text(8)?,
        automatic_replies_status: row.optional_text(9)?.map(status).transpose()?,
        external_audience: row.optional_text(10)?.map(audience).transpose()?,
        internal_reply_message: row.optional_text(11)?,
        external_reply_message: row.optional_text(12)?,
        scheduled_start_date_time: row.optional_integer(13)?.map(Timestamp),
        scheduled_end_date_time: row.optional_integer(14)?.map(Timestamp),
        automatic_replies_period: row.integer(15)?,
    })
}
