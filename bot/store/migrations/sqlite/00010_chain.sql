-- +goose Up
-- The history as a chain (decision 27): hash is over the hash before and all fields. Events of an earlier version are chained by
-- the first process that opens the database.
ALTER TABLE events ADD COLUMN salt TEXT NOT NULL DEFAULT ''; -- hashed with the detail
ALTER TABLE events ADD COLUMN sums TEXT NOT NULL DEFAULT ''; -- of each group of fields: which of them was changed
ALTER TABLE events ADD COLUMN hash TEXT NOT NULL DEFAULT '';

CREATE TABLE event_head (
    one  INTEGER PRIMARY KEY CHECK (one = 1),
    n    BIGINT NOT NULL, -- the newest event
    hash TEXT NOT NULL
);
INSERT INTO event_head (one, n, hash) VALUES (1, 0, '');

-- Append-only by the database itself. INSERT OR REPLACE would delete without a trigger: only the id behind the head is taken.
-- +goose StatementBegin
CREATE TRIGGER events_insert BEFORE INSERT ON events
WHEN NEW.hash = '' OR NEW.id <> (SELECT n + 1 FROM event_head)
BEGIN SELECT RAISE(ABORT, 'events are appended, in their chain, by a vanthu that knows it'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER events_head AFTER INSERT ON events
BEGIN UPDATE event_head SET n = NEW.id, hash = NEW.hash; END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER events_update BEFORE UPDATE ON events
WHEN OLD.hash <> '' OR NEW.id <> OLD.id OR NEW.at <> OLD.at OR NEW.actor <> OLD.actor OR NEW.what <> OLD.what OR NEW.case_id <> OLD.case_id
    OR NEW.plan_id <> OLD.plan_id OR NEW.mail_id <> OLD.mail_id OR NEW.detail <> OLD.detail
BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER events_delete BEFORE DELETE ON events
BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER events_delete; DROP TRIGGER events_head; DROP TRIGGER events_update; DROP TRIGGER events_insert;
DROP TABLE event_head;
ALTER TABLE events DROP COLUMN hash; ALTER TABLE events DROP COLUMN sums; ALTER TABLE events DROP COLUMN salt;
