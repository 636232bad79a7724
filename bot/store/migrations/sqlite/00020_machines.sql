-- +goose Up
-- Several processes share a database on PostgreSQL alone (decision 36); here the tables stay empty.

-- Who serves. A row is written every two seconds; one that is silent is declared gone by another process, which takes up its work.
CREATE TABLE processes (
    id       TEXT   PRIMARY KEY,          -- host/pid/token; the token is in the names of its connections
    body     TEXT   NOT NULL,             -- boot, space of pids, pid and when it began: a process on the same machine knows that it is dead
    epoch    BIGINT NOT NULL DEFAULT 1,   -- how often it began or came back
    began_at BIGINT NOT NULL,
    beat_at  BIGINT NOT NULL,
    gone_at  BIGINT NOT NULL DEFAULT 0
);

-- What one process does at a time. Who commits under a lease holds its row with FOR KEY SHARE; who takes it asks FOR UPDATE.
CREATE TABLE leases (
    name     TEXT   PRIMARY KEY,          -- "watch", "file", "sweep"
    holder   TEXT   NOT NULL,             -- processes.id, '': nobody
    epoch    BIGINT NOT NULL,             -- grows with each holder
    until_at BIGINT NOT NULL
);

-- Whose process has an answer in its hands.
ALTER TABLE outbox ADD COLUMN holder TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE outbox DROP COLUMN holder;
DROP TABLE leases; DROP TABLE processes;
