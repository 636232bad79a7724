-- +goose Up
-- What a person is told by another way than the mailbox. One row stands for a condition at a time; it is cleared, never
-- deleted, once somebody was told of it.
CREATE TABLE alarms (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    condition     TEXT NOT NULL,
    code          TEXT NOT NULL,
    detail        TEXT NOT NULL,             -- never a secret, subject or name
    since         BIGINT NOT NULL,
    seen_at       BIGINT NOT NULL,           -- when somebody last found it so
    told          INTEGER NOT NULL DEFAULT 0, -- how often
    told_at       BIGINT NOT NULL DEFAULT 0,
    cleared_at    BIGINT NOT NULL DEFAULT 0,
    claimed_until BIGINT NOT NULL DEFAULT 0, -- one process is telling it
    ended         BOOLEAN NOT NULL DEFAULT FALSE -- and that it is over was told
);
CREATE UNIQUE INDEX alarms_standing ON alarms (condition) WHERE cleared_at = 0;
CREATE INDEX alarms_open ON alarms (id) WHERE NOT ended;

-- The pulse of each serving process, and what it last knew of its connections (JSON).
CREATE TABLE beats (
    process TEXT PRIMARY KEY,
    at      BIGINT NOT NULL,
    state   TEXT NOT NULL
);

-- Mails that vanthu sent to itself.
CREATE TABLE canaries (
    token      TEXT PRIMARY KEY,
    sent_at    BIGINT NOT NULL,
    back_at    BIGINT NOT NULL DEFAULT 0,
    arrived_at BIGINT NOT NULL DEFAULT 0  -- as the mail server dated it
);
CREATE INDEX canaries_sent ON canaries (sent_at);

-- How many lines were taken out of the journal, so that it still balances.
CREATE TABLE mails_pruned (
    outcome TEXT NOT NULL,
    reason  TEXT NOT NULL, -- the word
    n       BIGINT NOT NULL,
    PRIMARY KEY (outcome, reason)
);

-- What is counted each minute.
CREATE INDEX mails_waiting ON mails (judged_at) WHERE outcome = 'quarantine' AND handled_at = 0;
CREATE INDEX events_mail ON events (mail_id) WHERE mail_id <> 0;

-- +goose Down
DROP INDEX events_mail; DROP INDEX mails_waiting;
DROP TABLE mails_pruned; DROP TABLE canaries; DROP TABLE beats; DROP TABLE alarms;
