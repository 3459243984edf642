-- A credential may be for several accounts, by name: those beside its first one, separated by commas.

ALTER TABLE credential ADD COLUMN others TEXT NOT NULL DEFAULT '';
