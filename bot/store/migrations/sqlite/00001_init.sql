-- +goose Up
-- Times are UTC microseconds, 0: not yet. Texts are UTF-8 NFC. No password is stored anywhere but sealed in "secrets".

-- The journal: every mail ever seen, from first sight to outcome.
CREATE TABLE mails (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    mailbox      TEXT NOT NULL,
    uid_validity BIGINT NOT NULL,
    uid          BIGINT NOT NULL,
    hash         TEXT NOT NULL,              -- SHA-256 of the raw bytes, hex: key of mail_raw
    body_hash    TEXT NOT NULL,              -- SHA-256 of what follows the header block: the same mail sent again
    size         BIGINT NOT NULL,
    too_large    BOOLEAN NOT NULL DEFAULT FALSE,
    arrived_at   BIGINT NOT NULL,            -- INTERNALDATE
    seen_at      BIGINT NOT NULL,
    message_id   TEXT NOT NULL DEFAULT '',
    sender       TEXT NOT NULL DEFAULT '',   -- From address, lower case
    unit         TEXT NOT NULL DEFAULT '',
    kind         TEXT NOT NULL DEFAULT '',
    tries        INTEGER NOT NULL DEFAULT 0,
    number       TEXT NOT NULL DEFAULT '',   -- case number kept for it, so that a crash leaves no gap
    outcome      TEXT NOT NULL DEFAULT '' CHECK (outcome IN ('', 'case', 'followup', 'quarantine', 'ignored')),
    reason       TEXT NOT NULL DEFAULT '',   -- why quarantined or ignored: a word, then what a person needs to know
    case_id      BIGINT NOT NULL DEFAULT 0,
    judged_at    BIGINT NOT NULL DEFAULT 0,
    folder       TEXT NOT NULL DEFAULT '',   -- where it shall be filed
    filed_at     BIGINT NOT NULL DEFAULT 0,
    UNIQUE (mailbox, uid_validity, uid)
);
CREATE INDEX mails_todo ON mails (id) WHERE outcome = '';
CREATE INDEX mails_unfiled ON mails (id) WHERE outcome <> '' AND filed_at = 0;
CREATE INDEX mails_body ON mails (body_hash);

CREATE TABLE mail_raw (
    hash TEXT PRIMARY KEY,
    raw  BLOB NOT NULL
);

CREATE TABLE cases (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    number      TEXT NOT NULL UNIQUE,
    procedure   TEXT NOT NULL,
    edition     TEXT NOT NULL,
    kind        TEXT NOT NULL,
    unit        TEXT NOT NULL,
    state       TEXT NOT NULL CHECK (state IN ('received', 'waiting_unit', 'in_work', 'creating', 'created', 'delivered',
                    'received_by_unit', 'handed_over', 'closed', 'withdrawn', 'superseded')),
    version     BIGINT NOT NULL DEFAULT 1,
    reason      TEXT NOT NULL,
    letter_date TEXT NOT NULL,
    signer      TEXT NOT NULL,
    letter_file TEXT NOT NULL,
    list_file   TEXT NOT NULL,
    mail_id     BIGINT NOT NULL REFERENCES mails (id),
    received_at BIGINT NOT NULL,
    checked_at  BIGINT NOT NULL DEFAULT 0,
    checked_by  TEXT NOT NULL DEFAULT '',
    planned_at  BIGINT NOT NULL DEFAULT 0,
    planned_by  TEXT NOT NULL DEFAULT '',
    plan_id     BIGINT NOT NULL DEFAULT 0,
    updated_at  BIGINT NOT NULL,
    -- creating needs both the check and the approved plan (Q6)
    CHECK (state NOT IN ('creating', 'created', 'delivered', 'received_by_unit', 'handed_over', 'closed') OR (checked_at > 0 AND planned_at > 0))
);
CREATE INDEX cases_state ON cases (state);
CREATE INDEX cases_unit ON cases (unit);

CREATE TABLE case_rows (
    case_id    BIGINT NOT NULL REFERENCES cases (id),
    n          INTEGER NOT NULL,
    stt        TEXT NOT NULL,
    code       TEXT NOT NULL,
    name       TEXT NOT NULL,
    class      TEXT NOT NULL,
    cohort     TEXT NOT NULL,
    note       TEXT NOT NULL,
    monitor    BOOLEAN NOT NULL,
    file       TEXT NOT NULL,
    sheet      TEXT NOT NULL,
    line       INTEGER NOT NULL,
    cells      TEXT NOT NULL,
    ok         BOOLEAN NOT NULL,
    state      TEXT NOT NULL CHECK (state IN ('good', 'warned', 'bad', 'created', 'delivered')),
    address    TEXT NOT NULL DEFAULT '',
    platform   TEXT NOT NULL DEFAULT '',
    created_at BIGINT NOT NULL DEFAULT 0,
    said       TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (case_id, n)
);
CREATE INDEX case_rows_code ON case_rows (code);

CREATE TABLE findings (
    case_id  BIGINT NOT NULL REFERENCES cases (id),
    seq      INTEGER NOT NULL,
    rule     TEXT NOT NULL,
    severity TEXT NOT NULL,
    n        INTEGER NOT NULL,
    file     TEXT NOT NULL,
    sheet    TEXT NOT NULL,
    cell     TEXT NOT NULL,
    value    TEXT NOT NULL,
    args     TEXT NOT NULL,
    PRIMARY KEY (case_id, seq)
);

-- Append-only.
CREATE TABLE events (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    at      BIGINT NOT NULL,
    actor   TEXT NOT NULL,
    what    TEXT NOT NULL,
    case_id BIGINT NOT NULL,
    plan_id BIGINT NOT NULL,
    mail_id BIGINT NOT NULL,
    detail  TEXT NOT NULL
);
CREATE INDEX events_case ON events (case_id);

-- One row for each answer. step is the answer's identity: "YC-2026-0002 mail 7".
CREATE TABLE outbox (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    step       TEXT NOT NULL UNIQUE,
    message_id TEXT NOT NULL UNIQUE,
    kind       TEXT NOT NULL,
    case_id    BIGINT NOT NULL,
    mail_id    BIGINT NOT NULL,
    rcpt       TEXT NOT NULL,
    subject    TEXT NOT NULL,
    state      TEXT NOT NULL CHECK (state IN ('queued', 'sending', 'sent', 'failed', 'unknown')),
    tries      INTEGER NOT NULL DEFAULT 0,
    next_at    BIGINT NOT NULL,
    reply      TEXT NOT NULL DEFAULT '',
    created_at BIGINT NOT NULL,
    sent_at    BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX outbox_due ON outbox (next_at) WHERE state IN ('queued', 'sending', 'unknown');
CREATE INDEX outbox_case ON outbox (case_id);

-- The mails themselves stand apart: a row of SQLite with a large value in its middle is slow to read past it. Credentials
-- are erased here when the unit has confirmed; the row above stays as proof.
CREATE TABLE outbox_raw (
    id  BIGINT PRIMARY KEY REFERENCES outbox (id),
    raw BLOB NOT NULL
);

CREATE TABLE plans (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    number      TEXT NOT NULL UNIQUE,
    hash        TEXT NOT NULL,
    items       TEXT NOT NULL,              -- frozen: exactly the bytes that were hashed
    made_at     BIGINT NOT NULL,
    made_by     TEXT NOT NULL,
    approved_at BIGINT NOT NULL DEFAULT 0,
    approved_by TEXT NOT NULL DEFAULT '',
    dropped_at  BIGINT NOT NULL DEFAULT 0   -- a case in it changed before approval: it can never be approved
);

-- The register of accounts (FR-28). An address is never given twice (FR-17).
CREATE TABLE accounts (
    code       TEXT PRIMARY KEY,
    address    TEXT NOT NULL UNIQUE,
    name       TEXT NOT NULL,
    platform   TEXT NOT NULL,
    case_id    BIGINT NOT NULL REFERENCES cases (id),
    n          INTEGER NOT NULL,
    created_at BIGINT NOT NULL
);

-- Initial passwords while they wait, sealed with a key outside the database (FR-32). Erased after delivery.
CREATE TABLE secrets (
    case_id BIGINT NOT NULL REFERENCES cases (id),
    n       INTEGER NOT NULL,
    sealed  BLOB NOT NULL,
    made_at BIGINT NOT NULL,
    PRIMARY KEY (case_id, n)
);

CREATE TABLE counters (
    name  TEXT PRIMARY KEY,   -- "YC-2026"
    value BIGINT NOT NULL
);

-- +goose Down
DROP TABLE counters; DROP TABLE secrets; DROP TABLE accounts; DROP TABLE plans; DROP TABLE outbox_raw; DROP TABLE outbox; DROP TABLE events;
DROP TABLE findings; DROP TABLE case_rows; DROP TABLE cases; DROP TABLE mail_raw; DROP TABLE mails;
