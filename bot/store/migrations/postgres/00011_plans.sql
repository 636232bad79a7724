-- +goose Up
-- Which plans a case has been in, and whether one has begun with it: an approved plan is carried out once for each of its cases.
CREATE TABLE plan_cases (
    plan_id  BIGINT NOT NULL REFERENCES plans (id),
    case_id  BIGINT NOT NULL REFERENCES cases (id),
    begun_at BIGINT NOT NULL DEFAULT 0,
    waits_until BIGINT NOT NULL DEFAULT 0,  -- its next batch has its day then: nobody is alarmed before
    PRIMARY KEY (plan_id, case_id)
);
CREATE INDEX plan_cases_case ON plan_cases (case_id);
CREATE INDEX plan_cases_waiting ON plan_cases (plan_id) WHERE begun_at = 0;
INSERT INTO plan_cases (plan_id, case_id, begun_at)
    SELECT plan_id, id, CASE WHEN state IN ('received', 'waiting_unit', 'in_work') THEN 0 ELSE planned_at END FROM cases WHERE plan_id <> 0;

ALTER TABLE plans ADD COLUMN dropped_by  TEXT NOT NULL DEFAULT '';
ALTER TABLE plans ADD COLUMN dropped_why TEXT NOT NULL DEFAULT '';

-- Approval by mail (decision 23). The token itself stands only in the letter to the approver.
CREATE TABLE plan_tokens (
    token_hash TEXT PRIMARY KEY,            -- SHA-256, hex
    plan_id    BIGINT NOT NULL REFERENCES plans (id),
    plan_hash  TEXT NOT NULL,               -- what may be approved with it
    officer    TEXT NOT NULL,               -- by whom
    asked_at   BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at    BIGINT NOT NULL DEFAULT 0,
    used_by    BIGINT NOT NULL DEFAULT 0    -- the mail that approved or refused
);
CREATE INDEX plan_tokens_plan ON plan_tokens (plan_id);

-- +goose Down
DROP TABLE plan_tokens; ALTER TABLE plans DROP COLUMN dropped_why; ALTER TABLE plans DROP COLUMN dropped_by; DROP TABLE plan_cases;
