-- What tells browsers apart: from where one was first seen, what it said of itself and how its person
-- was proven when it last signed in. Of those that were there before, nothing is known until then.

ALTER TABLE device ADD COLUMN first_address TEXT;
ALTER TABLE device ADD COLUMN agent TEXT;
ALTER TABLE device ADD COLUMN form TEXT;
ALTER TABLE device ADD COLUMN methods TEXT NOT NULL DEFAULT '[]';
ALTER TABLE session ADD COLUMN agent TEXT;
ALTER TABLE session ADD COLUMN form TEXT;
