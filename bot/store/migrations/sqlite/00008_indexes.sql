-- +goose Up
-- What is counted each minute and cleaned each few, in tables that grow for years: the few rows that it is about.
CREATE INDEX outbox_open ON outbox (id) WHERE settled = '' AND (state = 'failed' OR fate = 'bounced');
CREATE INDEX mails_own ON mails (filed_at) WHERE outcome = 'ignored' AND kind = 'own_mail';
-- A process of before marked nothing before the final dot: what it had in hands when it was killed may have been taken.
UPDATE outbox SET dot_at = created_at WHERE once AND state = 'sending' AND dot_at = 0 AND token = '';

-- +goose Down
DROP INDEX mails_own; DROP INDEX outbox_open;
