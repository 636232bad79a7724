-- +goose Up
-- What officers were told of the time limits (decision 22): a person gets one digest on a day at most, whatever restarts, and whichever
-- of several processes is first.
CREATE TABLE digests (
    day    TEXT   NOT NULL, -- 2026-11-27, of Cần Thơ
    person TEXT   NOT NULL, -- officer
    at     BIGINT NOT NULL,
    PRIMARY KEY (day, person)
);
CREATE TABLE warned (
    person TEXT   NOT NULL,
    what   TEXT   NOT NULL, -- case, step and the day on which it began; a year of the calendar
    stage  TEXT   NOT NULL, -- the highest that the person was told of
    at     BIGINT NOT NULL, -- last
    PRIMARY KEY (person, what)
);

-- +goose Down
DROP TABLE warned;
DROP TABLE digests;
