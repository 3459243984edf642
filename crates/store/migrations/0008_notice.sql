-- Notices: what they are about, whether they were read, and how each delivery stands. Contact and
-- the networks that a person was seen at.

ALTER TABLE notice ADD COLUMN device TEXT;
ALTER TABLE notice ADD COLUMN session TEXT;
ALTER TABLE notice ADD COLUMN address TEXT;
ALTER TABLE notice ADD COLUMN mail TEXT NOT NULL DEFAULT '[]';
ALTER TABLE notice ADD COLUMN read_at BIGINT;
ALTER TABLE notice ADD COLUMN disowned_at BIGINT;
-- What was written before there was a message centre is not news.
UPDATE notice SET read_at = written_at;
CREATE INDEX notice_unread ON notice (person) WHERE read_at IS NULL;

CREATE TABLE delivery (
    notice TEXT NOT NULL REFERENCES notice (id) ON DELETE CASCADE,
    channel TEXT NOT NULL,
    target TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'delivered', 'given_up')),
    tries BIGINT NOT NULL,
    next_at BIGINT NOT NULL,
    tried_at BIGINT,
    fault TEXT,
    PRIMARY KEY (notice, channel, target)
);
CREATE INDEX delivery_due ON delivery (channel, next_at) WHERE state = 'waiting';

CREATE TABLE contact (
    id TEXT PRIMARY KEY,
    person TEXT NOT NULL REFERENCES person (id),
    kind TEXT NOT NULL CHECK (kind IN ('mail', 'phone')),
    value TEXT NOT NULL,
    state TEXT NOT NULL,
    changed_at BIGINT NOT NULL
);
CREATE INDEX contact_person ON contact (person);

CREATE TABLE network (
    person TEXT NOT NULL REFERENCES person (id),
    network TEXT NOT NULL,
    first_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    PRIMARY KEY (person, network)
);
