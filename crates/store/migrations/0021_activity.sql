-- By what the record is searched. All of it follows from the entries and from the journal: the next
-- start fills it in for what is there already, and the check of evidence works it out again.

ALTER TABLE evidence ADD COLUMN topic TEXT;
ALTER TABLE evidence ADD COLUMN minor BIGINT;
ALTER TABLE evidence ADD COLUMN code TEXT;
ALTER TABLE evidence ADD COLUMN session TEXT;
ALTER TABLE evidence ADD COLUMN credential TEXT;
ALTER TABLE evidence ADD COLUMN device TEXT;
CREATE INDEX evidence_time ON evidence (happened_at, seq);
CREATE INDEX evidence_topic ON evidence (topic, seq);
CREATE INDEX evidence_refused ON evidence (seq) WHERE code IS NOT NULL;
CREATE INDEX evidence_credential ON evidence (credential, seq) WHERE credential IS NOT NULL;
CREATE INDEX evidence_device ON evidence (device, seq) WHERE device IS NOT NULL;
CREATE INDEX evidence_begun ON evidence (session) WHERE kind = 'session.started';
CREATE INDEX evidence_made ON evidence (credential) WHERE kind = 'credential.created';

-- The decisions about orders, as the journal has them. `words` is what a search for text goes through.
CREATE TABLE order_decision (
    seq BIGINT PRIMARY KEY,
    happened_at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    topic TEXT NOT NULL,
    minor BIGINT NOT NULL,
    code TEXT,
    person TEXT,
    credential TEXT,
    device TEXT,
    record TEXT NOT NULL,
    words TEXT NOT NULL
);
CREATE INDEX order_decision_time ON order_decision (happened_at, seq);
CREATE INDEX order_decision_topic ON order_decision (topic, seq);
CREATE INDEX order_decision_refused ON order_decision (seq) WHERE code IS NOT NULL;
CREATE INDEX order_decision_person ON order_decision (person, seq) WHERE person IS NOT NULL;
CREATE INDEX order_decision_credential ON order_decision (credential, seq) WHERE credential IS NOT NULL;
CREATE INDEX order_decision_device ON order_decision (device, seq) WHERE device IS NOT NULL;

-- By which rule each record is indexed, 0 for none yet, and how far the journal is. A new one is from
-- the start on.
CREATE TABLE record_index (
    name TEXT PRIMARY KEY,
    rule BIGINT NOT NULL,
    seq BIGINT NOT NULL
);
INSERT INTO record_index (name, rule, seq)
SELECT 'access', CASE WHEN COUNT(*) = 0 THEN 1 ELSE 0 END, 0 FROM evidence;
INSERT INTO record_index (name, rule, seq) VALUES ('orders', 1, 0);
