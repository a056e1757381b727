-- Messages from before folder_modseq was kept: the log still tells by which change each came into its folder. It is the
-- number by which mail programs know a message there, so that no two may have the same.
UPDATE message SET folder_modseq = came.modseq
FROM (SELECT mailbox, message, folder, max(modseq) AS modseq FROM change WHERE operation = 'created'
      GROUP BY mailbox, message, folder) AS came
WHERE came.mailbox = message.mailbox AND came.message = message.id AND came.folder = message.folder
AND message.folder_modseq = 0;

-- By which messages are found that have a property at all.
CREATE INDEX extended_property_item ON extended_property (mailbox, property, item);
