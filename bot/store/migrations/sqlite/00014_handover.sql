-- +goose Up
-- Who has his account: by the unit's word, or by an officer's who had it by telephone (step 6).
ALTER TABLE case_rows ADD COLUMN handed_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE case_rows ADD COLUMN handed_by TEXT NOT NULL DEFAULT '';

-- The groups of classes that were made ([groups]). Their addresses are given once, like those of people (Q17).
CREATE TABLE class_groups (
    address TEXT PRIMARY KEY,
    class TEXT NOT NULL,
    owner TEXT NOT NULL DEFAULT '', -- student code of the monitor, '' none
    case_id INTEGER NOT NULL REFERENCES cases (id),
    made_at INTEGER NOT NULL,
    said TEXT NOT NULL DEFAULT '' -- why it is not as planned
);

-- +goose Down
DROP TABLE class_groups;
ALTER TABLE case_rows DROP COLUMN handed_by;
ALTER TABLE case_rows DROP COLUMN handed_at;
