-- +goose Up
-- Retention (decision 27, section VII): what is destroyed, by an approved list alone, and what is left in its place.
CREATE TABLE retention_lists (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    number      TEXT   NOT NULL UNIQUE,          -- TH-2032-0001
    hash        TEXT   NOT NULL,
    items       TEXT   NOT NULL,                 -- frozen: exactly the bytes that were hashed; no personal data
    made_at     BIGINT NOT NULL,
    made_by     TEXT   NOT NULL,
    approved_at BIGINT NOT NULL DEFAULT 0,
    approved_by TEXT   NOT NULL DEFAULT '',
    done_at     BIGINT NOT NULL DEFAULT 0,
    done_by     TEXT   NOT NULL DEFAULT ''
);
CREATE TABLE retention_items (
    list_id      BIGINT  NOT NULL REFERENCES retention_lists (id),
    kind         TEXT    NOT NULL CHECK (kind IN ('files', 'case', 'account')),
    case_id      BIGINT  NOT NULL REFERENCES cases (id),
    n            INTEGER NOT NULL DEFAULT 0,     -- row of the account
    destroyed_at BIGINT  NOT NULL DEFAULT 0,
    left_why     TEXT    NOT NULL DEFAULT '',
    PRIMARY KEY (list_id, kind, case_id, n)
);
CREATE INDEX retention_items_case ON retention_items (case_id, kind);

ALTER TABLE mails ADD COLUMN destroyed BIGINT NOT NULL DEFAULT 0;   -- the list; its bytes are gone, its hashes stay
ALTER TABLE plans ADD COLUMN destroyed BIGINT NOT NULL DEFAULT 0;
ALTER TABLE events ADD COLUMN leaf TEXT NOT NULL DEFAULT '';        -- of a destroyed detail: what the hash is over
ALTER TABLE events ADD COLUMN destroyed BIGINT NOT NULL DEFAULT 0;

-- The one thing that may be done to an event: its detail goes, by an approved list that names its case.
DROP TRIGGER events_update;
-- +goose StatementBegin
CREATE TRIGGER events_update BEFORE UPDATE ON events
WHEN NEW.id <> OLD.id OR NEW.at <> OLD.at OR NEW.actor <> OLD.actor OR NEW.what <> OLD.what OR NEW.case_id <> OLD.case_id
    OR NEW.plan_id <> OLD.plan_id OR NEW.mail_id <> OLD.mail_id
    OR NOT (OLD.hash = '' AND NEW.detail = OLD.detail AND NEW.leaf = '' AND NEW.destroyed = 0
        OR OLD.hash <> '' AND NEW.hash = OLD.hash AND NEW.sums = OLD.sums AND OLD.leaf = '' AND NEW.leaf <> '' AND NEW.detail = '{}' AND NEW.salt = ''
            AND EXISTS (SELECT 1 FROM retention_lists l JOIN retention_items i ON i.list_id = l.id WHERE l.id = NEW.destroyed AND l.approved_at > 0
                AND i.kind = 'case' AND i.case_id = OLD.case_id))
BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER events_update;
ALTER TABLE events DROP COLUMN destroyed; ALTER TABLE events DROP COLUMN leaf;
ALTER TABLE plans DROP COLUMN destroyed; ALTER TABLE mails DROP COLUMN destroyed;
DROP TABLE retention_items; DROP TABLE retention_lists;
-- +goose StatementBegin
CREATE TRIGGER events_update BEFORE UPDATE ON events
WHEN OLD.hash <> '' OR NEW.id <> OLD.id OR NEW.at <> OLD.at OR NEW.actor <> OLD.actor OR NEW.what <> OLD.what OR NEW.case_id <> OLD.case_id
    OR NEW.plan_id <> OLD.plan_id OR NEW.mail_id <> OLD.mail_id OR NEW.detail <> OLD.detail
BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
-- +goose StatementEnd
