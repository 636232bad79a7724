-- +goose Up
-- User names that plans have reserved (decision 35), and accounts that vanthu did not make: imported, or met by their suspension.
CREATE TABLE user_names (
    address     TEXT    PRIMARY KEY,             -- lower case
    user_name   TEXT    NOT NULL UNIQUE,         -- lower case
    code        TEXT    NOT NULL,                -- whose
    nth         INTEGER NOT NULL DEFAULT 1,      -- which of the names that the policy has for the person
    holder      TEXT    NOT NULL DEFAULT '',     -- code of who has the first, '' nobody or not known
    plan_id     BIGINT  NOT NULL REFERENCES plans (id),
    state       TEXT    NOT NULL CHECK (state IN ('reserved', 'released', 'refused')),
    at          BIGINT  NOT NULL
);
CREATE UNIQUE INDEX user_names_code ON user_names (code) WHERE state = 'reserved';
CREATE INDEX user_names_person ON user_names (code);
CREATE INDEX user_names_plan ON user_names (plan_id);

ALTER TABLE case_rows ADD COLUMN user_name TEXT NOT NULL DEFAULT '';
UPDATE case_rows SET user_name = substr(address, 1, instr(address, '@') - 1) WHERE state IN ('created', 'delivered', 'missing') AND address <> '';

ALTER TABLE accounts ADD COLUMN user_name TEXT NOT NULL DEFAULT '';
ALTER TABLE accounts ADD COLUMN class     TEXT NOT NULL DEFAULT '';
ALTER TABLE accounts ADD COLUMN cohort    TEXT NOT NULL DEFAULT '';
ALTER TABLE accounts ADD COLUMN name_key  TEXT NOT NULL DEFAULT '';  -- the name as it is compared, written by the program
ALTER TABLE accounts ADD COLUMN origin    TEXT NOT NULL DEFAULT 'made' CHECK (origin IN ('made', 'imported', 'found'));
UPDATE accounts SET origin = 'found' WHERE case_id = delete_case;
UPDATE accounts SET user_name = substr(address, 1, instr(address, '@') - 1) WHERE origin = 'made';
UPDATE accounts SET class = coalesce((SELECT r.class FROM case_rows r WHERE r.case_id = accounts.case_id AND r.n = accounts.n), ''),
    cohort = coalesce((SELECT r.cohort FROM case_rows r WHERE r.case_id = accounts.case_id AND r.n = accounts.n), '');
CREATE INDEX accounts_lower_address ON accounts (lower(address));
CREATE INDEX accounts_user_name ON accounts (user_name);
CREATE INDEX accounts_name_key ON accounts (name_key);

-- What open plans would make is reserved as if it had been when they were made.
INSERT INTO user_names (address, user_name, code, plan_id, state, at)
    SELECT lower(json_extract(i.value, '$.address')), lower(json_extract(i.value, '$.user')), json_extract(i.value, '$.code'), p.id, 'reserved', p.made_at
    FROM plans p, json_each(CASE WHEN substr(p.items, 1, 1) = '[' THEN p.items ELSE json_extract(p.items, '$.items') END) i
    JOIN cases c ON c.number = json_extract(i.value, '$.case') AND c.plan_id = p.id
    JOIN case_rows r ON r.case_id = c.id AND r.n = json_extract(i.value, '$.n') AND r.state IN ('good', 'warned')
    WHERE p.kind = 'create' AND p.dropped_at = 0 AND c.state IN ('received', 'in_work', 'creating')
    ON CONFLICT DO NOTHING;

-- An imported account has no case (sqlite.org/lang_altertable.html §7: taking a NOT NULL away changes the text alone).
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(sql, 'case_id    BIGINT NOT NULL REFERENCES cases (id)', 'case_id    BIGINT REFERENCES cases (id)') WHERE type = 'table' AND name = 'accounts';
PRAGMA writable_schema = RESET;

-- +goose Down
DELETE FROM accounts WHERE case_id IS NULL;
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(sql, 'case_id    BIGINT REFERENCES cases (id)', 'case_id    BIGINT NOT NULL REFERENCES cases (id)') WHERE type = 'table' AND name = 'accounts';
PRAGMA writable_schema = RESET;
DROP INDEX accounts_name_key;
DROP INDEX accounts_user_name;
DROP INDEX accounts_lower_address;
ALTER TABLE accounts DROP COLUMN origin;
ALTER TABLE accounts DROP COLUMN name_key;
ALTER TABLE accounts DROP COLUMN cohort;
ALTER TABLE accounts DROP COLUMN class;
ALTER TABLE accounts DROP COLUMN user_name;
ALTER TABLE case_rows DROP COLUMN user_name;
DROP TABLE user_names;
