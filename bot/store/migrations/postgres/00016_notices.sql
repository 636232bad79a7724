-- +goose Up
-- The notices of deliveries (section VII.3): a number and a day given once, and the document as it was written.
CREATE TABLE notices (
    step    TEXT PRIMARY KEY,             -- of the delivery in the outbox
    number  TEXT   NOT NULL UNIQUE,       -- TB-2026-0007
    case_id BIGINT NOT NULL REFERENCES cases (id),
    at      BIGINT NOT NULL,
    hash    TEXT   NOT NULL DEFAULT '',   -- SHA-256 of doc, hex
    doc     BYTEA
);
CREATE INDEX notices_case ON notices (case_id);

-- +goose Down
DROP TABLE notices;
