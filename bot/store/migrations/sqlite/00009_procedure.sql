-- +goose Up
-- The whole procedure: who has a case, holds, promises, deletions (step 7), kinds of plan and their approvals, what becomes of accounts.
ALTER TABLE cases ADD COLUMN owner         TEXT   NOT NULL DEFAULT '';  -- officer who took it (FR-06)
ALTER TABLE cases ADD COLUMN held_at       BIGINT NOT NULL DEFAULT 0;   -- on hold: the clock stands still
ALTER TABLE cases ADD COLUMN held_by       TEXT   NOT NULL DEFAULT '';
ALTER TABLE cases ADD COLUMN held_why      TEXT   NOT NULL DEFAULT '';
ALTER TABLE cases ADD COLUMN promised_at   BIGINT NOT NULL DEFAULT 0;   -- the day that the first answer promised
ALTER TABLE cases ADD COLUMN supersedes    BIGINT NOT NULL DEFAULT 0;   -- the case that it stands in for
ALTER TABLE cases ADD COLUMN decision      TEXT   NOT NULL DEFAULT '';  -- deletion: number and date of the dismissal
ALTER TABLE cases ADD COLUMN decision_date TEXT   NOT NULL DEFAULT '';
ALTER TABLE cases ADD COLUMN erase_at      BIGINT NOT NULL DEFAULT 0;   -- deletion: when what is suspended will be erased

ALTER TABLE plans ADD COLUMN kind    TEXT    NOT NULL DEFAULT 'create' CHECK (kind IN ('create', 'reset', 'suspend'));
ALTER TABLE plans ADD COLUMN starts  TEXT    NOT NULL DEFAULT '';       -- 2027-02-01, '': at once
ALTER TABLE plans ADD COLUMN ends    TEXT    NOT NULL DEFAULT '';
ALTER TABLE plans ADD COLUMN officer TEXT    NOT NULL DEFAULT '';       -- who carries it out
ALTER TABLE plans ADD COLUMN needs   INTEGER NOT NULL DEFAULT 1;        -- approvals beside its maker
CREATE TABLE plan_approvals (
    plan_id BIGINT NOT NULL REFERENCES plans (id),
    officer TEXT   NOT NULL,
    at      BIGINT NOT NULL,
    hash    TEXT   NOT NULL,                                            -- what was approved
    via     TEXT   NOT NULL,                                            -- 'command', or the mail's id
    PRIMARY KEY (plan_id, officer)
);
INSERT INTO plan_approvals (plan_id, officer, at, hash, via) SELECT id, approved_by, approved_at, hash, 'command' FROM plans WHERE approved_at > 0;

ALTER TABLE accounts ADD COLUMN state        TEXT   NOT NULL DEFAULT 'new' CHECK (state IN ('new', 'waits_for_password', 'active', 'suspended', 'deleted'));
ALTER TABLE accounts ADD COLUMN suspended_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE accounts ADD COLUMN deleted_at   BIGINT NOT NULL DEFAULT 0; -- the address is never given again (Q17)
ALTER TABLE accounts ADD COLUMN decision     TEXT   NOT NULL DEFAULT '';
ALTER TABLE accounts ADD COLUMN delete_case  BIGINT NOT NULL DEFAULT 0;
UPDATE accounts SET state = 'waits_for_password' WHERE EXISTS (SELECT 1 FROM case_rows r WHERE r.case_id = accounts.case_id AND r.n = accounts.n AND r.state = 'delivered');

-- SQLite changes no CHECK of a table that is there; its text is changed instead, as sqlite.org/lang_altertable.html §7 describes: what
-- was allowed stays allowed.
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(replace(sql, '''closed'', ''withdrawn'', ''superseded'')', '''suspending'', ''suspended'', ''erasing'', ''closed'', ''withdrawn'', ''superseded'')'), '''handed_over'', ''closed'') OR', '''handed_over'', ''suspending'', ''suspended'', ''erasing'', ''closed'') OR') WHERE type = 'table' AND name = 'cases';
UPDATE sqlite_schema SET sql = replace(sql, '''created'', ''delivered'')', '''created'', ''delivered'', ''missing'', ''suspended'', ''restored'', ''erased'')') WHERE type = 'table' AND name = 'case_rows';
PRAGMA writable_schema = RESET;

-- +goose Down
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(replace(sql, '''suspending'', ''suspended'', ''erasing'', ''closed'', ''withdrawn'', ''superseded'')', '''closed'', ''withdrawn'', ''superseded'')'), '''handed_over'', ''suspending'', ''suspended'', ''erasing'', ''closed'') OR', '''handed_over'', ''closed'') OR') WHERE type = 'table' AND name = 'cases';
UPDATE sqlite_schema SET sql = replace(sql, '''created'', ''delivered'', ''missing'', ''suspended'', ''restored'', ''erased'')', '''created'', ''delivered'')') WHERE type = 'table' AND name = 'case_rows';
PRAGMA writable_schema = RESET;
DROP TABLE plan_approvals;
ALTER TABLE accounts DROP COLUMN delete_case;
ALTER TABLE accounts DROP COLUMN decision;
ALTER TABLE accounts DROP COLUMN deleted_at;
ALTER TABLE accounts DROP COLUMN suspended_at;
ALTER TABLE accounts DROP COLUMN state;
ALTER TABLE plans DROP COLUMN needs;
ALTER TABLE plans DROP COLUMN officer;
ALTER TABLE plans DROP COLUMN ends;
ALTER TABLE plans DROP COLUMN starts;
ALTER TABLE plans DROP COLUMN kind;
ALTER TABLE cases DROP COLUMN erase_at;
ALTER TABLE cases DROP COLUMN decision_date;
ALTER TABLE cases DROP COLUMN decision;
ALTER TABLE cases DROP COLUMN supersedes;
ALTER TABLE cases DROP COLUMN promised_at;
ALTER TABLE cases DROP COLUMN held_why;
ALTER TABLE cases DROP COLUMN held_by;
ALTER TABLE cases DROP COLUMN held_at;
ALTER TABLE cases DROP COLUMN owner;
