-- +goose Up
-- The outbox that paces itself, knows what may not be sent twice, and is told of bounces.

ALTER TABLE outbox ADD COLUMN token     TEXT    NOT NULL DEFAULT '';    -- in the return path and in X-Vanthu-Id
ALTER TABLE outbox ADD COLUMN null_path BOOLEAN NOT NULL DEFAULT FALSE; -- MAIL FROM:<>
ALTER TABLE outbox ADD COLUMN once      BOOLEAN NOT NULL DEFAULT FALSE; -- credentials: when it may have been taken, a person decides
ALTER TABLE outbox ADD COLUMN urgency   INTEGER NOT NULL DEFAULT 1;     -- 0 first
ALTER TABLE outbox ADD COLUMN queued_at BIGINT  NOT NULL DEFAULT 0;     -- since when it waits: added, or sent again by an officer
ALTER TABLE outbox ADD COLUMN dot_at    BIGINT  NOT NULL DEFAULT 0;     -- of the last try: the final dot was about to be sent
ALTER TABLE outbox ADD COLUMN late_at   BIGINT  NOT NULL DEFAULT 0;     -- when it was said to be late
ALTER TABLE outbox ADD COLUMN fate      TEXT    NOT NULL DEFAULT '' CHECK (fate IN ('', 'delayed', 'bounced')); -- by a delivery report
ALTER TABLE outbox ADD COLUMN fate_said TEXT    NOT NULL DEFAULT '';
ALTER TABLE outbox ADD COLUMN settled   TEXT    NOT NULL DEFAULT '';    -- the officer who has seen that it failed
UPDATE outbox SET queued_at = created_at;
UPDATE outbox SET once = TRUE WHERE kind = 'delivered';
CREATE UNIQUE INDEX outbox_token ON outbox (token) WHERE token <> '';
DROP INDEX outbox_due;
CREATE INDEX outbox_due ON outbox (urgency, next_at, id) WHERE state IN ('queued', 'sending', 'unknown');
CREATE INDEX outbox_rcpt ON outbox (rcpt, created_at);
CREATE INDEX outbox_created ON outbox (created_at);

-- One row for each try; the provider's limits are counted here, so that a restart forgets nothing and processes share them.
CREATE TABLE outbox_tries (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    outbox_id BIGINT NOT NULL REFERENCES outbox (id),
    began_at  BIGINT NOT NULL,
    ended_at  BIGINT NOT NULL DEFAULT 0,
    outcome   TEXT NOT NULL DEFAULT '' CHECK (outcome IN ('', 'sent', 'temporary', 'permanent', 'limited', 'unknown', 'lost')),
    said      TEXT NOT NULL DEFAULT ''
);
CREATE INDEX outbox_tries_began ON outbox_tries (began_at);
CREATE INDEX outbox_tries_of ON outbox_tries (outbox_id);

-- While the server says that we send too much, nothing is sent at all.
CREATE TABLE outbox_rest (
    one      INTEGER PRIMARY KEY CHECK (one = 1),
    since    BIGINT NOT NULL,
    until_at BIGINT NOT NULL,
    times    INTEGER NOT NULL,
    said     TEXT NOT NULL
);

-- Message-IDs and tokens are made from this and the step, so that nobody outside can know them before they are sent.
CREATE TABLE salt (
    one   INTEGER PRIMARY KEY CHECK (one = 1),
    value TEXT NOT NULL
);

-- +goose Down
DROP TABLE salt; DROP TABLE outbox_rest; DROP TABLE outbox_tries;
DROP INDEX outbox_created; DROP INDEX outbox_rcpt; DROP INDEX outbox_due; DROP INDEX outbox_token;
ALTER TABLE outbox DROP COLUMN settled; ALTER TABLE outbox DROP COLUMN fate_said; ALTER TABLE outbox DROP COLUMN fate;
ALTER TABLE outbox DROP COLUMN late_at; ALTER TABLE outbox DROP COLUMN dot_at; ALTER TABLE outbox DROP COLUMN queued_at;
ALTER TABLE outbox DROP COLUMN urgency; ALTER TABLE outbox DROP COLUMN once; ALTER TABLE outbox DROP COLUMN null_path; ALTER TABLE outbox DROP COLUMN token;
CREATE INDEX outbox_due ON outbox (next_at) WHERE state IN ('queued', 'sending', 'unknown');
