-- +goose Up
-- Deletion (step 7): on what each row rests, and what keeps it from being done.
ALTER TABLE case_rows ADD COLUMN decision      TEXT NOT NULL DEFAULT '';
ALTER TABLE case_rows ADD COLUMN decision_date TEXT NOT NULL DEFAULT '';  -- 2027-03-01
CREATE TABLE named_holds (                                                 -- people whose account must stay: a complaint, a court
    id         INTEGER PRIMARY KEY,
    code       TEXT    NOT NULL,
    reason     TEXT    NOT NULL,                                           -- for officers, never told to the unit
    added_at   BIGINT  NOT NULL,
    added_by   TEXT    NOT NULL,
    lifted_at  BIGINT  NOT NULL DEFAULT 0,
    lifted_by  TEXT    NOT NULL DEFAULT '',
    lifted_why TEXT    NOT NULL DEFAULT ''
);
CREATE INDEX named_holds_code ON named_holds (code, lifted_at);
CREATE TABLE row_stops (                                                   -- rows that are not suspended nor erased until an officer decides
    id        INTEGER PRIMARY KEY,
    case_id   BIGINT  NOT NULL REFERENCES cases (id),
    n         INTEGER NOT NULL,
    at        BIGINT  NOT NULL,
    by        TEXT    NOT NULL,                                            -- the unit, an officer, or vanthu itself
    mail_id   BIGINT  NOT NULL DEFAULT 0,
    why       TEXT    NOT NULL DEFAULT '',
    restore   BOOLEAN NOT NULL DEFAULT FALSE,                              -- the officer has decided: access is given back
    ended_at  BIGINT  NOT NULL DEFAULT 0,
    ended_by  TEXT    NOT NULL DEFAULT '',
    ended_why TEXT    NOT NULL DEFAULT ''
);
CREATE INDEX row_stops_open ON row_stops (case_id, n, ended_at);
CREATE TABLE sure_deletions (                                              -- an officer confirmed a list that looks like a current class
    case_id BIGINT NOT NULL REFERENCES cases (id),
    mail_id BIGINT NOT NULL,                                               -- that gave the list: another list is confirmed anew
    at      BIGINT NOT NULL,
    by      TEXT   NOT NULL,
    why     TEXT   NOT NULL,
    PRIMARY KEY (case_id, mail_id)
);

-- +goose Down
DROP TABLE sure_deletions;
DROP TABLE row_stops;
DROP TABLE named_holds;
ALTER TABLE case_rows DROP COLUMN decision_date;
ALTER TABLE case_rows DROP COLUMN decision;
