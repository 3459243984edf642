-- Credentials are found by their names: an emergency stop names one.

CREATE INDEX credential_named ON credential (name);
