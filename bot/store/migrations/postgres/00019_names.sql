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
UPDATE case_rows SET user_name = split_part(address, '@', 1) WHERE state IN ('created', 'delivered', 'missing') AND address <> '';

ALTER TABLE accounts ADD COLUMN user_name TEXT NOT NULL DEFAULT '';
ALTER TABLE accounts ADD COLUMN class     TEXT NOT NULL DEFAULT '';
ALTER TABLE accounts ADD COLUMN cohort    TEXT NOT NULL DEFAULT '';
ALTER TABLE accounts ADD COLUMN name_key  TEXT NOT NULL DEFAULT '';  -- the name as it is compared, written by the program
ALTER TABLE accounts ADD COLUMN origin    TEXT NOT NULL DEFAULT 'made' CHECK (origin IN ('made', 'imported', 'found'));
UPDATE accounts SET origin = 'found' WHERE case_id = delete_case;
UPDATE accounts SET user_name = split_part(address, '@', 1) WHERE origin = 'made';
UPDATE accounts SET class = coalesce((SELECT r.class FROM case_rows r WHERE r.case_id = accounts.case_id AND r.n = accounts.n), ''),
    cohort = coalesce((SELECT r.cohort FROM case_rows r WHERE r.case_id = accounts.case_id AND r.n = accounts.n), '');
CREATE INDEX accounts_lower_address ON accounts (lower(address));
CREATE INDEX accounts_user_name ON accounts (user_name);
CREATE INDEX accounts_name_key ON accounts (name_key);

-- What open plans would make is reserved as if it had been when they were made.
INSERT INTO user_names (address, user_name, code, plan_id, state, at)
    SELECT lower(i.value ->> 'address'), lower(i.value ->> 'user'), i.value ->> 'code', p.id, 'reserved', p.made_at
    FROM plans p CROSS JOIN LATERAL json_array_elements(CASE WHEN left(p.items, 1) = '[' THEN p.items::json ELSE p.items::json -> 'items' END) AS i (value)
    JOIN cases c ON c.number = i.value ->> 'case' AND c.plan_id = p.id
    JOIN case_rows r ON r.case_id = c.id AND r.n = (i.value ->> 'n')::integer AND r.state IN ('good', 'warned')
    WHERE p.kind = 'create' AND p.dropped_at = 0 AND c.state IN ('received', 'in_work', 'creating')
    ON CONFLICT DO NOTHING;

-- An imported account has no case.
ALTER TABLE accounts ALTER COLUMN case_id DROP NOT NULL;

-- +goose Down
DELETE FROM accounts WHERE case_id IS NULL;
ALTER TABLE accounts ALTER COLUMN case_id SET NOT NULL;
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
