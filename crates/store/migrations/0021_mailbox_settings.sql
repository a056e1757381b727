-- What a mailbox is set to. What is null was never set, and then the default holds; a mailbox without a row has defaults alone.
-- days_of_week: words with commas. start_time, end_time: hh:mm:ss.fffffff. working_hours_time_zone: JSON, as it is shown.
-- automatic_replies_period rises whenever automatic replies are switched on or rescheduled.
CREATE TABLE mailbox_settings (
    mailbox BYTEA NOT NULL PRIMARY KEY,
    time_zone TEXT,
    locale TEXT,
    date_format TEXT,
    time_format TEXT,
    delegate_meeting_message_delivery_options TEXT,
    days_of_week TEXT,
    start_time TEXT,
    end_time TEXT,
    working_hours_time_zone TEXT,
    automatic_replies_status TEXT,
    external_audience TEXT,
    internal_reply_message TEXT,
    external_reply_message TEXT,
    scheduled_start_date_time BIGINT,
    scheduled_end_date_time BIGINT,
    automatic_replies_period BIGINT NOT NULL DEFAULT 0
);
