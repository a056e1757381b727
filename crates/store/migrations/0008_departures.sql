-- Whether something left a place again later is looked up by these: only the last time is told.
CREATE INDEX change_deleted_message ON change (mailbox, message, folder, modseq) WHERE operation = 'deleted';
CREATE INDEX folder_departure_folder ON folder_departure (mailbox, folder, modseq);
