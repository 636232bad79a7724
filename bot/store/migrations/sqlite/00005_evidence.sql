-- +goose Up
-- How strongly it is proved that the head of the unit asks (E0 to E3), and the digital signatures that came with the request, as JSON.
ALTER TABLE cases ADD COLUMN evidence   TEXT NOT NULL DEFAULT '';
ALTER TABLE cases ADD COLUMN signatures TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE cases DROP COLUMN signatures;
ALTER TABLE cases DROP COLUMN evidence;
