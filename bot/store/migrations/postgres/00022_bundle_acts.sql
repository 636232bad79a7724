-- +goose Up
-- What a bundle does (decision 37): not new accounts alone, also new passwords, suspensions, their end, and erasures.
ALTER TABLE bundles ADD COLUMN act TEXT NOT NULL DEFAULT 'create';
ALTER TABLE bundle_rows ADD COLUMN act TEXT NOT NULL DEFAULT 'create' CHECK (act IN ('create', 'reset', 'suspend', 'restore', 'erase'));
ALTER TABLE bundle_rows ADD COLUMN marker TEXT NOT NULL DEFAULT '';      -- of the account that is to be changed, as it was seen; '' nobody of ours made it
ALTER TABLE bundle_rows ADD COLUMN name TEXT NOT NULL DEFAULT '';        -- and its name, which the list of a deletion may spell another way
ALTER TABLE bundle_rows ADD COLUMN gone_at BIGINT  NOT NULL DEFAULT 0;    -- of one that was made: since when it is erased
DROP INDEX bundle_rows_once;
DROP INDEX bundle_rows_address;
-- An account is asked for once; a new password once in a plan; and of one row, and of one account, one thing at a time is in hand.
CREATE UNIQUE INDEX bundle_rows_once ON bundle_rows (case_id, n) WHERE act = 'create' AND state <> 'void' AND gone_at = 0;
CREATE UNIQUE INDEX bundle_rows_reset ON bundle_rows (case_id, n, plan_id) WHERE act = 'reset' AND state <> 'void';
CREATE UNIQUE INDEX bundle_rows_living ON bundle_rows (case_id, n) WHERE state IN ('gathered', 'bundled');
CREATE UNIQUE INDEX bundle_rows_address ON bundle_rows (address) WHERE act = 'create' AND state IN ('gathered', 'bundled', 'done') AND gone_at = 0 AND address <> '';
CREATE UNIQUE INDEX bundle_rows_changing ON bundle_rows (address) WHERE act <> 'create' AND state IN ('gathered', 'bundled') AND address <> '';
CREATE INDEX bundle_rows_changed ON bundle_rows (address) WHERE act <> 'reset' AND state = 'done';

-- +goose Down
DROP INDEX bundle_rows_changed; DROP INDEX bundle_rows_changing; DROP INDEX bundle_rows_address; DROP INDEX bundle_rows_living; DROP INDEX bundle_rows_reset; DROP INDEX bundle_rows_once;
DELETE FROM bundle_rows WHERE act <> 'create' OR gone_at > 0;
ALTER TABLE bundle_rows DROP COLUMN gone_at; ALTER TABLE bundle_rows DROP COLUMN name; ALTER TABLE bundle_rows DROP COLUMN marker; ALTER TABLE bundle_rows DROP COLUMN act;
ALTER TABLE bundles DROP COLUMN act;
CREATE UNIQUE INDEX bundle_rows_once ON bundle_rows (case_id, n) WHERE state <> 'void';
CREATE UNIQUE INDEX bundle_rows_address ON bundle_rows (address) WHERE state IN ('gathered', 'bundled', 'done') AND address <> '';
