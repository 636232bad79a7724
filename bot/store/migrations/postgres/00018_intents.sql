-- +goose Up
-- What the platform is about to be asked, was asked and has said for each row of a plan, written before the call (decision 29).
CREATE TABLE intents (
    plan_id         BIGINT  NOT NULL REFERENCES plans (id),
    case_id         BIGINT  NOT NULL REFERENCES cases (id),
    n               INTEGER NOT NULL,
    platform        TEXT    NOT NULL,
    tries           INTEGER NOT NULL DEFAULT 0,  -- how often it was taken up; who took it up before has no say any more
    taken_until     BIGINT  NOT NULL DEFAULT 0,  -- a run has it in its hands until then
    asked_at        BIGINT  NOT NULL DEFAULT 0,  -- when the platform was last about to be asked; 0: never
    asked_until     BIGINT  NOT NULL DEFAULT 0,  -- until when that may have reached it; 0: it did not
    acknowledged_at BIGINT  NOT NULL DEFAULT 0,  -- the platform said that it is done: it is not asked again
    seen_at         BIGINT  NOT NULL DEFAULT 0,  -- read back
    done_at         BIGINT  NOT NULL DEFAULT 0,  -- recorded: made, or given up for an officer
    looks           INTEGER NOT NULL DEFAULT 0,  -- in vain, since it was asked
    next_at         BIGINT  NOT NULL DEFAULT 0,  -- nobody looks before
    told_at         BIGINT  NOT NULL DEFAULT 0,  -- officers were told that it does not show
    PRIMARY KEY (plan_id, case_id, n)
);
CREATE INDEX intents_unseen ON intents (told_at) WHERE told_at > 0 AND done_at = 0;

-- An officer stops a plan and lets it go on; a platform that said when to come back is let alone until then.
ALTER TABLE plans ADD COLUMN paused_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE plans ADD COLUMN paused_by TEXT NOT NULL DEFAULT '';
ALTER TABLE plans ADD COLUMN paused_why TEXT NOT NULL DEFAULT '';
ALTER TABLE plan_cases ADD COLUMN rests_until BIGINT NOT NULL DEFAULT 0;

-- Cases that are being made while this is run: a row with a sealed password may have been asked for.
INSERT INTO intents (plan_id, case_id, n, platform, tries, asked_at, asked_until)
    SELECT c.plan_id, c.id, s.n, r.platform, 1, s.made_at, s.made_at FROM cases c JOIN secrets s ON s.case_id = c.id
    JOIN case_rows r ON r.case_id = c.id AND r.n = s.n WHERE c.state = 'creating' AND c.plan_id <> 0 AND r.state IN ('good', 'warned', 'missing');
INSERT INTO intents (plan_id, case_id, n, platform, tries, asked_at, asked_until, acknowledged_at, seen_at, done_at)
    SELECT c.plan_id, c.id, r.n, r.platform, 1, r.created_at, r.created_at, r.created_at, r.created_at, r.created_at FROM cases c
    JOIN case_rows r ON r.case_id = c.id WHERE c.state = 'creating' AND c.plan_id <> 0 AND r.state = 'created';

-- +goose Down
ALTER TABLE plan_cases DROP COLUMN rests_until; ALTER TABLE plans DROP COLUMN paused_why; ALTER TABLE plans DROP COLUMN paused_by;
ALTER TABLE plans DROP COLUMN paused_at; DROP TABLE intents;
