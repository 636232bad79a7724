-- +goose Up
-- The offline platform (decision 34): what another admin is to carry out, gathered into signed bundles, row by row.
CREATE TABLE bundles (
    id          INTEGER PRIMARY KEY,
    number      TEXT    NOT NULL UNIQUE,      -- GT-2026-0001
    plan_id     INTEGER NOT NULL REFERENCES plans (id),
    form        TEXT    NOT NULL,
    state       TEXT    NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'closed', 'void')),
    sums        TEXT    NOT NULL,             -- SHA-256 of the signed SHA256SUMS
    made_at     INTEGER NOT NULL,
    exported_at INTEGER NOT NULL DEFAULT 0,   -- the first time; the events tell each
    exported_by TEXT    NOT NULL DEFAULT '',
    ended_at    INTEGER NOT NULL DEFAULT 0,
    ended_by    TEXT    NOT NULL DEFAULT '',
    why         TEXT    NOT NULL DEFAULT ''
);
-- Exactly the bytes that are handed over, while the bundle is open. What holds passwords is encrypted to the other admin.
CREATE TABLE bundle_files (
    bundle_id INTEGER NOT NULL REFERENCES bundles (id),
    seq       INTEGER NOT NULL,
    name      TEXT    NOT NULL,
    data      BLOB    NOT NULL,
    PRIMARY KEY (bundle_id, seq)
);
-- The intent: written before the bundle is made. A row lives at most once (not void).
CREATE TABLE bundle_rows (
    id         INTEGER PRIMARY KEY,
    case_id    INTEGER NOT NULL REFERENCES cases (id),
    n          INTEGER NOT NULL,
    plan_id    INTEGER NOT NULL REFERENCES plans (id),
    user_name  TEXT    NOT NULL,
    address    TEXT    NOT NULL,
    bundle_id  INTEGER NOT NULL DEFAULT 0,    -- 0: in none yet
    state      TEXT    NOT NULL CHECK (state IN ('gathered', 'bundled', 'done', 'refused', 'void')),
    said       TEXT    NOT NULL DEFAULT '',
    at         INTEGER NOT NULL,              -- asked for
    settled_at INTEGER NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX bundle_rows_once ON bundle_rows (case_id, n) WHERE state <> 'void';
CREATE UNIQUE INDEX bundle_rows_address ON bundle_rows (address) WHERE state IN ('gathered', 'bundled', 'done') AND address <> '';
CREATE INDEX bundle_rows_bundle ON bundle_rows (bundle_id, state);
CREATE INDEX bundle_rows_gathered ON bundle_rows (plan_id) WHERE state = 'gathered';

-- +goose Down
DROP TABLE bundle_rows; DROP TABLE bundle_files; DROP TABLE bundles;
