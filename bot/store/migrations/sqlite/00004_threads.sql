-- +goose Up
-- How a reply finds its case, and a list that comes again (docs/flow.md, step 5).

-- token stands in the address to which our answers ask to be answered: a hint to the case, never a proof of the sender.
ALTER TABLE cases ADD COLUMN token TEXT NOT NULL DEFAULT '';
-- SHA-256 over the people of the list, whatever their order, and of the file of the letter: the same request again.
ALTER TABLE cases ADD COLUMN list_hash TEXT NOT NULL DEFAULT '';
ALTER TABLE cases ADD COLUMN letter_hash TEXT NOT NULL DEFAULT '';
CREATE UNIQUE INDEX cases_token ON cases (token) WHERE token <> '';
CREATE INDEX cases_list ON cases (list_hash) WHERE list_hash <> '';

-- thread: what named the case of a mail, in the order in which it is believed: "subject YC-2026-0042, references YC-2026-0031".
ALTER TABLE mails ADD COLUMN thread TEXT NOT NULL DEFAULT '';
ALTER TABLE mails ADD COLUMN list_hash TEXT NOT NULL DEFAULT '';
CREATE INDEX mails_message_id ON mails (message_id) WHERE message_id <> '';
CREATE INDEX mails_list ON mails (list_hash) WHERE list_hash <> '';

-- Message-IDs under which our answers are known outside: some providers write their own over ours.
CREATE TABLE learnt_ids (
    message_id TEXT PRIMARY KEY,
    case_id    BIGINT NOT NULL REFERENCES cases (id),
    mail_id    BIGINT NOT NULL,             -- whose In-Reply-To it was
    at         BIGINT NOT NULL
);

-- What a corrected list changed, row by row.
CREATE TABLE corrections (
    case_id BIGINT NOT NULL REFERENCES cases (id),
    mail_id BIGINT NOT NULL,
    at      BIGINT NOT NULL,
    changes TEXT NOT NULL,                  -- JSON
    PRIMARY KEY (case_id, mail_id)
);

-- +goose Down
DROP TABLE corrections; DROP TABLE learnt_ids;
DROP INDEX mails_list; DROP INDEX mails_message_id; DROP INDEX cases_list; DROP INDEX cases_token;
ALTER TABLE mails DROP COLUMN list_hash; ALTER TABLE mails DROP COLUMN thread;
ALTER TABLE cases DROP COLUMN letter_hash; ALTER TABLE cases DROP COLUMN list_hash; ALTER TABLE cases DROP COLUMN token;
