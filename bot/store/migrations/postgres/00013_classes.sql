-- +goose Up
-- Classes that the office knows (FR-05), beside those of the configuration. key is the name without blanks and signs, in small letters.
CREATE TABLE classes (
    key      TEXT   PRIMARY KEY,
    name     TEXT   NOT NULL,
    unit     TEXT   NOT NULL DEFAULT '',
    cohort   TEXT   NOT NULL DEFAULT '',
    known_by TEXT   NOT NULL,               -- 'officer:lan', or 'vanthu': delivered in a case that an officer had checked
    known_at BIGINT NOT NULL
);
INSERT INTO classes (key, name, unit, cohort, known_by, known_at)
    SELECT LOWER(REPLACE(REPLACE(REPLACE(REPLACE(r.class, ' ', ''), '-', ''), '.', ''), '_', '')), MIN(r.class), MIN(c.unit), MIN(r.cohort), 'vanthu', MAX(c.updated_at)
    FROM case_rows r JOIN cases c ON c.id = r.case_id WHERE r.state = 'delivered' AND r.class <> '' GROUP BY 1;

-- +goose Down
DROP TABLE classes;
