-- +goose Up
-- What an officer does with a quarantined mail, and where the mail lies after it was filed.
ALTER TABLE mails ADD COLUMN vouched      TEXT NOT NULL DEFAULT '';   -- who vouches for the sender: "officer:lan", "token:<outbox id>"
ALTER TABLE mails ADD COLUMN handled_at   BIGINT NOT NULL DEFAULT 0;  -- quarantine only: somebody has dealt with it
ALTER TABLE mails ADD COLUMN handled_by   TEXT NOT NULL DEFAULT '';
ALTER TABLE mails ADD COLUMN lies_in      TEXT NOT NULL DEFAULT '';   -- the folder that it was moved to, as the server calls it; '': not moved by us
ALTER TABLE mails ADD COLUMN lies_validity BIGINT NOT NULL DEFAULT 0; -- UIDVALIDITY and UID there; 0: the server does not tell
ALTER TABLE mails ADD COLUMN lies_uid     BIGINT NOT NULL DEFAULT 0;
CREATE INDEX mails_hash ON mails (hash);

-- +goose Down
DROP INDEX mails_hash;
ALTER TABLE mails DROP COLUMN lies_uid;
ALTER TABLE mails DROP COLUMN lies_validity;
ALTER TABLE mails DROP COLUMN lies_in;
ALTER TABLE mails DROP COLUMN handled_by;
ALTER TABLE mails DROP COLUMN handled_at;
ALTER TABLE mails DROP COLUMN vouched;
