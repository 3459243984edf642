-- Limits that people typed for the sessions of an interface, in the place of their tempo's
-- (microseconds). Of a session: how long its browser was asked to stay signed in.

ALTER TABLE policy ADD COLUMN own_idle BIGINT;
ALTER TABLE policy ADD COLUMN own_absolute BIGINT;
ALTER TABLE session ADD COLUMN stay TEXT NOT NULL DEFAULT 'usual';
