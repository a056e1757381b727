//! What a mailbox is set to (Graph: mailboxSettings), and what holds where its owner has set nothing.

use crate::Mailbox;
use crate::error::{Kind, MailError};
use store::{AutomaticRepliesStatus, ExternalAudience, FolderId, MailboxSettings, ReadTx, Timestamp, WellKnownName, WriteTx};

/// What a mailbox is set to, with no member missing but the zone of working hours, which is then the mailbox's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The folder Archive.
    pub archive: FolderId,
    /// Whether it is a mailbox of several, as which nobody signs in.
    pub is_shared: bool,
    /// What the owner can set.
    pub set: MailboxSettings,
}

impl Mailbox {
    /// What the mailbox is set to.
    ///
    /// # Errors
    /// [`MailError::Store`].
    pub async fn settings(&self) -> Result<Settings, MailError> {
        let mailbox = self.clone();
        self.store().read(move |tx: &ReadTx<'_>| mailbox.told(tx, tx.mailbox_settings(mailbox.owner.id)?)).await
    }

    /// Sets what a change names; all else stays.
    ///
    /// # Errors
    /// [`MailError::InvalidTimeSettings`] where something would end before it begins; [`MailError::Store`].
    pub async fn update_settings(&self, change: MailboxSettings) -> Result<Settings, MailError> {
        let mailbox = self.clone();
        let deed = move |tx: &mut WriteTx<'_>| {
            let kept = tx.mailbox_settings(mailbox.owner.id)?;
            let begins = begins_anew(&kept, &change);
            let mut settings = kept.with(change);
            settings.automatic_replies_period += i64::from(begins);
            let told = mailbox.told(tx, settings.clone())?;
            check(&told.set)?;
            tx.put_mailbox_settings(mailbox.owner.id, &settings)?;
            Ok(told)
        };
        self.deed(deed).await
    }

    fn told(&self, tx: &ReadTx<'_>, kept: MailboxSettings) -> Result<Settings, MailError> {
        let account = tx.account(self.owner.id)?.ok_or(MailError::NotFound(Kind::User))?;
        Ok(Settings {
            archive: tx.well_known_folder(self.owner.id, WellKnownName::Archive)?,
            is_shared: account.is_shared,
            set: defaults(&kept, self.now()).with(kept),
        })
    }
}

/// What holds where nothing is set. A schedule that nobody has set would begin now and last a day.
fn defaults(kept: &MailboxSettings, now: Timestamp) -> MailboxSettings {
    let hour = Timestamp(now.0 - now.0.rem_euclid(HOUR));
    let start = kept.scheduled_start_date_time.or(kept.scheduled_end_date_time.map(|end| Timestamp(end.0 - DAY)));
    let start = start.unwrap_or(hour);
    let text = |text: &str| Some(text.to_owned());
    MailboxSettings {
        time_zone: text("UTC"),
        locale: text("en-US"),
        date_format: text("M/d/yyyy"),
        time_format: text("h:mm tt"),
        delegate_meeting_message_delivery_options: text("sendToDelegateOnly"),
        days_of_week: Some(["monday", "tuesday", "wednesday", "thursday", "friday"].map(str::to_owned).to_vec()),
        start_time: text("08:00:00.0000000"),
        end_time: text("17:00:00.0000000"),
        working_hours_time_zone: None,
        automatic_replies_status: Some(AutomaticRepliesStatus::Disabled),
        external_audience: Some(ExternalAudience::None),
        internal_reply_message: text(""),
        external_reply_message: text(""),
        scheduled_start_date_time: Some(start),
        scheduled_end_date_time: Some(Timestamp(start.0 + DAY)),
        automatic_replies_period: kept.automatic_replies_period,
    }
}

/// In microseconds.
const HOUR: i64 = 60 * 60 * 1_000_000;
const DAY: i64 = 24 * HOUR;

/// Whether a change switches automatic replies on, or reschedules them: whoever got one may get another then.
fn begins_anew(kept: &MailboxSettings, change: &MailboxSettings) -> bool {
    let differs = |new: Option<Timestamp>, old| new.is_some() && new != old;
    let status = change.automatic_replies_status;
    status.is_some_and(|status| status != AutomaticRepliesStatus::Disabled) && status != kept.automatic_replies_status
        || differs(change.scheduled_start_date_time, kept.scheduled_start_date_time)
        || differs(change.scheduled_end_date_time, kept.scheduled_end_date_time)
}

/// Graph: user-update-mailboxsettings: work begins before it ends; so does a schedule.
fn check(settings: &MailboxSettings) -> Result<(), MailError> {
    if settings.start_time >= settings.end_time {
        return Err(MailError::InvalidTimeSettings("Start Time should occur before End Time."));
    }
    if settings.scheduled_start_date_time >= settings.scheduled_end_date_time {
        return Err(MailError::InvalidTimeSettings("The scheduled start should occur before the scheduled end."));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schedule_that_is_half_set_lasts_a_day() {
        let now = Timestamp(5 * DAY + HOUR + 1);
        let told = |kept: MailboxSettings| {
            let told = defaults(&kept, now).with(kept);
            (told.scheduled_start_date_time, told.scheduled_end_date_time)
        };
        let of = |start, end| MailboxSettings {
            scheduled_start_date_time: start,
            scheduled_end_date_time: end,
            ..MailboxSettings::default()
        };
        let at = |days: i64, hours: i64| Some(Timestamp(days * DAY + hours * HOUR));
        assert_eq!(told(of(None, None)), (at(5, 1), at(6, 1)));
        assert_eq!(told(of(at(9, 0), None)), (at(9, 0), at(10, 0)));
        assert_eq!(told(of(None, at(3, 0))), (at(2, 0), at(3, 0)));
        assert_eq!(told(of(at(1, 0), at(8, 0))), (at(1, 0), at(8, 0)));
    }

    #[test]
    fn a_period_begins_where_replies_are_switched_on_or_rescheduled() {
        let with = |status, start| MailboxSettings {
            automatic_replies_status: status,
            scheduled_start_date_time: start,
            ..MailboxSettings::default()
        };
        let (on, off) = (Some(AutomaticRepliesStatus::AlwaysEnabled), Some(AutomaticRepliesStatus::Disabled));
        let at = |day: i64| Some(Timestamp(day * DAY));
        for (kept, change, expected) in [
            (with(None, None), with(on, None), true),
            (with(off, None), with(on, None), true),
            (with(on, None), with(on, None), false),
            (with(on, None), with(off, None), false),
            (with(on, at(1)), with(None, at(2)), true),
            (with(on, at(1)), with(None, at(1)), false),
            (with(on, at(1)), with(None, None), false),
        ] {
            assert_eq!(begins_anew(&kept, &change), expected, "{kept:?}, {change:?}");
        }
    }
}
