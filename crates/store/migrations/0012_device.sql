-- Devices: what they call themselves, whether they are their person's, and which one they took over
-- from; how long a sign-in under way wants to stay; planned travel.

ALTER TABLE device ADD COLUMN family TEXT NOT NULL DEFAULT 'Browser';
UPDATE device SET family = name;
ALTER TABLE device ADD COLUMN lent BIGINT NOT NULL DEFAULT 0 CHECK (lent IN (0, 1));
ALTER TABLE device ADD COLUMN succeeds TEXT;
ALTER TABLE attempt ADD COLUMN stay TEXT NOT NULL DEFAULT 'usual';

CREATE TABLE travel (
    person TEXT PRIMARY KEY REFERENCES person (id),
    from_at BIGINT NOT NULL,
    until_at BIGINT NOT NULL,
    place TEXT NOT NULL,
    network TEXT
);
