-- A credential's token can be replaced: the one before, and until when it works.

ALTER TABLE credential ADD COLUMN former_token TEXT;
ALTER TABLE credential ADD COLUMN former_until BIGINT;
