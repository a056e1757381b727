-- last_modified_date_time: when something about the folder or in it last changed; 0 while nothing did
ALTER TABLE folder ADD COLUMN last_modified_date_time BIGINT NOT NULL DEFAULT 0;
UPDATE folder SET last_modified_date_time = coalesce((SELECT max(m.last_modified_date_time) FROM message m
    WHERE m.mailbox = folder.mailbox AND m.folder = folder.id), 0);
