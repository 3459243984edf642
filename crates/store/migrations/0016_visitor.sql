-- The browser that began a sign-in: its key, where it came from, and whether its person was told of a
-- copy. What was begun before has none of it, and counts as begun without a key.

ALTER TABLE attempt ADD COLUMN public_key TEXT;
ALTER TABLE attempt ADD COLUMN begun_from TEXT;
ALTER TABLE attempt ADD COLUMN told BIGINT NOT NULL DEFAULT 0 CHECK (told IN (0, 1));
