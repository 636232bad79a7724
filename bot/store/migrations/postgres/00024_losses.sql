-- +goose Up
-- An account that the platform agreed to make and does not show, which officers hold for lost (decision 40): one asks, another approves, and the
-- platform must not show it twice, a while apart.
CREATE TABLE losses (
    plan_id     BIGINT  NOT NULL REFERENCES plans (id),
    case_id     BIGINT  NOT NULL REFERENCES cases (id),
    n           INTEGER NOT NULL,
    asked_at    BIGINT  NOT NULL,
    asked_by    TEXT    NOT NULL,
    why         TEXT    NOT NULL,
    unseen_at   BIGINT  NOT NULL DEFAULT 0,  -- since when, after it was asked, the platform has not shown it at each look
    approved_at BIGINT  NOT NULL DEFAULT 0,
    approved_by TEXT    NOT NULL DEFAULT '',
    lost_at     BIGINT  NOT NULL DEFAULT 0,  -- given up; no account is made without another plan
    PRIMARY KEY (plan_id, case_id, n)
);

-- +goose Down
DROP TABLE losses;
