-- The credentials of an account. Evidence in shards: each checkpoint lists their heads, and the record is read in the order of time, shard and
-- sequence, of which every index is made now. All that is there already stays in shard 0.

CREATE INDEX credential_account ON credential (account);

ALTER TABLE checkpoint ADD COLUMN shards TEXT NOT NULL DEFAULT '[]';

DROP INDEX evidence_person;
DROP INDEX evidence_time;
DROP INDEX evidence_topic;
DROP INDEX evidence_refused;
DROP INDEX evidence_credential;
DROP INDEX evidence_device;
CREATE INDEX evidence_person ON evidence (person, happened_at, shard, seq);
CREATE INDEX evidence_time ON evidence (happened_at, shard, seq);
CREATE INDEX evidence_topic ON evidence (topic, happened_at, shard, seq);
CREATE INDEX evidence_refused ON evidence (happened_at, shard, seq) WHERE code IS NOT NULL;
CREATE INDEX evidence_credential ON evidence (credential, happened_at, shard, seq) WHERE credential IS NOT NULL;
CREATE INDEX evidence_device ON evidence (device, happened_at, shard, seq) WHERE device IS NOT NULL;

DROP INDEX order_decision_topic;
DROP INDEX order_decision_refused;
DROP INDEX order_decision_person;
DROP INDEX order_decision_credential;
DROP INDEX order_decision_device;
CREATE INDEX order_decision_topic ON order_decision (topic, happened_at, seq);
CREATE INDEX order_decision_refused ON order_decision (happened_at, seq) WHERE code IS NOT NULL;
CREATE INDEX order_decision_person ON order_decision (person, happened_at, seq) WHERE person IS NOT NULL;
CREATE INDEX order_decision_credential ON order_decision (credential, happened_at, seq) WHERE credential IS NOT NULL;
CREATE INDEX order_decision_device ON order_decision (device, happened_at, seq) WHERE device IS NOT NULL;
