-- +goose Up
-- The history as a chain (decision 27): hash is over the hash before and all fields. Events of an earlier version are chained by
-- the first process that opens the database.
ALTER TABLE events ADD COLUMN salt TEXT NOT NULL DEFAULT ''; -- hashed with the detail
ALTER TABLE events ADD COLUMN sums TEXT NOT NULL DEFAULT ''; -- of each group of fields: which of them was changed
ALTER TABLE events ADD COLUMN hash TEXT NOT NULL DEFAULT '';

CREATE TABLE event_head (
    one  INTEGER PRIMARY KEY CHECK (one = 1),
    n    BIGINT NOT NULL, -- the newest event
    hash TEXT NOT NULL
);
INSERT INTO event_head (one, n, hash) VALUES (1, 0, '');

-- Append-only by the database itself.
-- +goose StatementBegin
CREATE FUNCTION events_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' AND (NEW.hash = '' OR NEW.id <> (SELECT n + 1 FROM event_head)) THEN
        RAISE EXCEPTION 'events are appended, in their chain, by a vanthu that knows it';
    ELSIF TG_OP IN ('DELETE', 'TRUNCATE') THEN
        RAISE EXCEPTION 'events are append-only';
    ELSIF TG_OP = 'UPDATE' AND (OLD.hash <> '' OR (NEW.id, NEW.at, NEW.actor, NEW.what, NEW.case_id, NEW.plan_id, NEW.mail_id, NEW.detail)
        IS DISTINCT FROM (OLD.id, OLD.at, OLD.actor, OLD.what, OLD.case_id, OLD.plan_id, OLD.mail_id, OLD.detail)) THEN
        RAISE EXCEPTION 'events are append-only';
    ELSIF TG_OP = 'INSERT' THEN
        UPDATE event_head SET n = NEW.id, hash = NEW.hash;
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER events_append_only BEFORE INSERT OR UPDATE OR DELETE ON events FOR EACH ROW EXECUTE FUNCTION events_append_only();
CREATE TRIGGER events_not_truncated BEFORE TRUNCATE ON events FOR EACH STATEMENT EXECUTE FUNCTION events_append_only();

-- +goose Down
DROP TRIGGER events_not_truncated ON events; DROP TRIGGER events_append_only ON events; DROP FUNCTION events_append_only();
DROP TABLE event_head;
ALTER TABLE events DROP COLUMN hash; ALTER TABLE events DROP COLUMN sums; ALTER TABLE events DROP COLUMN salt;
SELECT setval(pg_get_serial_sequence('events', 'id'), coalesce((SELECT max(id) FROM events), 0) + 1, false);
