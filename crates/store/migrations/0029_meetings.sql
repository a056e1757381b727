-- What a message says of a meeting, in JSON, where it carries one: lists show it without the octets from which it is read.
ALTER TABLE message ADD COLUMN meeting TEXT;
