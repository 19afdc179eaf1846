-- Roles for `headsup serve` and `headsup worker` that can change data, but neither tables nor the audit log's lines.
-- Run as the owner of the tables, who also runs `headsup migrate`; again after each upgrade. The roles' names:
--   CREATE ROLE headsup_app LOGIN PASSWORD '…';
--   CREATE ROLE headsup_worker LOGIN PASSWORD '…';
-- The worker lets nobody in: its role can make no operator, key, session or second factor. One role for both will do, too.
GRANT USAGE ON SCHEMA public TO headsup_app, headsup_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO headsup_app, headsup_worker;
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO headsup_app, headsup_worker;
REVOKE UPDATE, DELETE, TRUNCATE ON audit_entries FROM headsup_app, headsup_worker;
REVOKE DELETE, TRUNCATE ON audit_head FROM headsup_app, headsup_worker;
REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON alembic_version FROM headsup_app, headsup_worker;
REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON operators, api_keys, login_sessions, second_factors, recovery_codes
    FROM headsup_worker;
REVOKE CREATE ON SCHEMA public FROM headsup_app, headsup_worker;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
