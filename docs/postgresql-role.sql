-- A role for `headsup serve` and `headsup worker` that can change data, but neither tables nor the audit log's lines.
-- Run as the owner of the tables, who also runs `headsup migrate`; again after each upgrade. headsup_app is the role's name:
--   CREATE ROLE headsup_app LOGIN PASSWORD '…';
GRANT USAGE ON SCHEMA public TO headsup_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO headsup_app;
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO headsup_app;
REVOKE UPDATE, DELETE, TRUNCATE ON audit_entries FROM headsup_app;
REVOKE DELETE, TRUNCATE ON audit_head FROM headsup_app;
REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON alembic_version FROM headsup_app;
REVOKE CREATE ON SCHEMA public FROM headsup_app;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
