-- What a set was granted with, by name: a number gains whatever a later version counts in it. The numbers meant the members of their
-- time, which are these acts and stocks.

-- Scopes begin with '{"acts":', 8 characters, then the number, then ',"read_only":'.
UPDATE credential SET scopes = (
    SELECT '{"acts":[' || substr(
    ''
    || CASE WHEN bits & 1 <> 0 THEN ',"view_account"' ELSE '' END
    || CASE WHEN bits & 2 <> 0 THEN ',"view_market_data"' ELSE '' END
    || CASE WHEN bits & 4 <> 0 THEN ',"place_order"' ELSE '' END
    || CASE WHEN bits & 8 <> 0 THEN ',"reduce_order"' ELSE '' END
    || CASE WHEN bits & 16 <> 0 THEN ',"modify_order"' ELSE '' END
    || CASE WHEN bits & 32 <> 0 THEN ',"cancel_order"' ELSE '' END
    || CASE WHEN bits & 64 <> 0 THEN ',"manage_credentials"' ELSE '' END
    || CASE WHEN bits & 128 <> 0 THEN ',"manage_sessions"' ELSE '' END
    || CASE WHEN bits & 256 <> 0 THEN ',"manage_devices"' ELSE '' END
    || CASE WHEN bits & 512 <> 0 THEN ',"manage_authenticators"' ELSE '' END
    || CASE WHEN bits & 1024 <> 0 THEN ',"lock"' ELSE '' END
    || CASE WHEN bits & 2048 <> 0 THEN ',"view_evidence"' ELSE '' END
    || CASE WHEN bits & 4096 <> 0 THEN ',"manage_contact"' ELSE '' END
    || CASE WHEN bits & 8192 <> 0 THEN ',"manage_policy"' ELSE '' END
    || CASE WHEN bits & 16384 <> 0 THEN ',"manage_recovery"' ELSE '' END,
    2) || ']' || substr(credential.scopes, 9 + length(digits))
    FROM (
        SELECT digits, CAST(digits AS BIGINT) AS bits
        FROM (SELECT rtrim(substr(credential.scopes, 9, 10), ',"read_only') AS digits) AS cut
    ) AS old
)
WHERE scopes LIKE '{"acts":%'
    AND rtrim(substr(scopes, 9, 10), ',"read_only') <> ''
    AND ltrim(rtrim(substr(scopes, 9, 10), ',"read_only'), '0123456789') = '';
UPDATE credential SET scopes = replace(scopes, ',"products":4294967295,', ',"products":["stock"],');
UPDATE credential SET scopes = replace(scopes, ',"products":1,', ',"products":["stock"],');
UPDATE credential SET scopes = replace(scopes, ',"products":0,', ',"products":[],');

-- A mandate had its role alone, and was whatever the role is now.
ALTER TABLE mandate ADD COLUMN acts TEXT NOT NULL DEFAULT '[]';
ALTER TABLE mandate ADD COLUMN products TEXT NOT NULL DEFAULT '[]';
UPDATE mandate SET products = '["stock"]';
UPDATE mandate SET acts = '["view_account","view_market_data","place_order","reduce_order","modify_order","cancel_order","manage_credentials","manage_sessions","manage_devices","manage_authenticators","lock","view_evidence","manage_contact","manage_policy","manage_recovery"]' WHERE role = 'owner';
UPDATE mandate SET acts = '["view_account","view_market_data","place_order","reduce_order","modify_order","cancel_order","manage_sessions","manage_devices","manage_authenticators","lock","view_evidence","manage_contact","manage_policy","manage_recovery"]' WHERE role = 'trader';
UPDATE mandate SET acts = '["view_account","view_market_data","manage_sessions","manage_devices","manage_authenticators","lock","view_evidence","manage_contact","manage_policy","manage_recovery"]' WHERE role = 'auditor';
