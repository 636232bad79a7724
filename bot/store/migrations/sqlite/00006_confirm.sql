-- +goose Up
-- Units whose mail server signs nothing (docs/flow.md, step 4): a mail of theirs waits until its sender is confirmed. The token
-- itself stands only in the letter to the registered address.
CREATE TABLE confirmations (
    token_hash TEXT PRIMARY KEY,            -- SHA-256, hex
    unit       TEXT NOT NULL,
    mail_id    BIGINT NOT NULL REFERENCES mails (id),
    mail_hash  TEXT NOT NULL,               -- of the raw bytes that are confirmed
    letter_id  BIGINT NOT NULL,             -- the request for confirmation in the outbox
    asked_at   BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at    BIGINT NOT NULL DEFAULT 0,
    used_by    BIGINT NOT NULL DEFAULT 0    -- the mail that confirmed
);
CREATE INDEX confirmations_unit ON confirmations (unit, asked_at);
CREATE INDEX confirmations_mail ON confirmations (mail_hash);
CREATE INDEX outbox_kind ON outbox (kind, created_at);

-- +goose Down
DROP INDEX outbox_kind; DROP TABLE confirmations;
