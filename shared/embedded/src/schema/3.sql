-- What people did. Lines are added, never changed or taken out.
CREATE TABLE audit (
    sequence INTEGER PRIMARY KEY,
    body TEXT NOT NULL
) STRICT;

CREATE TRIGGER audit_unchanged BEFORE UPDATE ON audit
BEGIN
    SELECT RAISE(ABORT, 'lines of the audit trail are never changed');
END;

CREATE TRIGGER audit_whole BEFORE DELETE ON audit
BEGIN
    SELECT RAISE(ABORT, 'lines of the audit trail are never taken out');
END;
