-- Times are nanoseconds since 1970 (UTC); amounts are minor units; `body` is the whole item as JSON,
-- and the other columns repeat what is searched by. Effects and manifests are never deleted.

CREATE TABLE inbox (
    merchant TEXT NOT NULL,
    id TEXT NOT NULL,
    received INTEGER NOT NULL,
    handled INTEGER NOT NULL DEFAULT 0,
    seen_count INTEGER NOT NULL DEFAULT 1,
    body TEXT NOT NULL,
    PRIMARY KEY (merchant, id)
) STRICT;
CREATE INDEX inbox_waiting ON inbox (received, merchant, id) WHERE handled = 0;

CREATE TABLE inbox_variant (
    merchant TEXT NOT NULL,
    id TEXT NOT NULL,
    body_hash TEXT NOT NULL,
    received INTEGER NOT NULL,
    PRIMARY KEY (merchant, id, body_hash),
    FOREIGN KEY (merchant, id) REFERENCES inbox (merchant, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE fact (
    merchant TEXT NOT NULL,
    txn TEXT NOT NULL,
    facts TEXT NOT NULL,
    PRIMARY KEY (merchant, txn)
) STRICT, WITHOUT ROWID;

CREATE TABLE effect (
    merchant TEXT NOT NULL,
    txn TEXT NOT NULL,
    kind TEXT NOT NULL,
    ordinal INTEGER NOT NULL,
    state TEXT NOT NULL,
    company TEXT NOT NULL,
    since INTEGER NOT NULL,
    minor INTEGER NOT NULL,
    currency TEXT NOT NULL,
    generation INTEGER NOT NULL,
    manifest TEXT REFERENCES manifest (id),
    body TEXT NOT NULL,
    PRIMARY KEY (merchant, txn, kind, ordinal)
) STRICT;
CREATE INDEX effect_by_company
    ON effect (state, company, since, merchant, txn, kind, ordinal);
CREATE INDEX effect_by_age ON effect (state, since, merchant, txn, kind, ordinal);

-- What READY and ASSIGNED effects draw down.
CREATE TABLE effect_line (
    merchant TEXT NOT NULL,
    txn TEXT NOT NULL,
    kind TEXT NOT NULL,
    ordinal INTEGER NOT NULL,
    company TEXT NOT NULL,
    customer TEXT NOT NULL,
    document TEXT NOT NULL,
    minor INTEGER NOT NULL,
    currency TEXT NOT NULL,
    FOREIGN KEY (merchant, txn, kind, ordinal) REFERENCES effect (merchant, txn, kind, ordinal)
) STRICT;
CREATE INDEX effect_line_by_customer
    ON effect_line (company, customer, document, minor, currency);
CREATE INDEX effect_line_by_effect ON effect_line (merchant, txn, kind, ordinal);

CREATE TABLE customer_version (
    company TEXT NOT NULL,
    customer TEXT NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (company, customer)
) STRICT, WITHOUT ROWID;

CREATE TABLE effect_total (
    merchant TEXT NOT NULL,
    state TEXT NOT NULL,
    currency TEXT NOT NULL,
    count INTEGER NOT NULL,
    minor INTEGER NOT NULL,
    PRIMARY KEY (merchant, state, currency)
) STRICT, WITHOUT ROWID;

CREATE TABLE manifest (
    id TEXT NOT NULL PRIMARY KEY,
    company TEXT NOT NULL,
    state TEXT NOT NULL,
    open INTEGER NOT NULL,
    held INTEGER NOT NULL,
    sealed_at INTEGER NOT NULL,
    strays_until INTEGER,
    commit_batch INTEGER,
    body TEXT NOT NULL
) STRICT;
CREATE INDEX manifest_open ON manifest (company, sealed_at, id) WHERE open = 1;
CREATE INDEX manifest_held ON manifest (sealed_at, id) WHERE held = 1;
CREATE INDEX manifest_strays ON manifest (company, strays_until, id)
    WHERE strays_until IS NOT NULL;
CREATE INDEX manifest_commit ON manifest (company, commit_batch)
    WHERE commit_batch IS NOT NULL;

CREATE TABLE company_lease (
    company TEXT NOT NULL PRIMARY KEY,
    owner TEXT NOT NULL,
    until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE watermark (
    name TEXT NOT NULL PRIMARY KEY,
    at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE link (
    merchant TEXT NOT NULL,
    profile TEXT NOT NULL,
    customer TEXT NOT NULL,
    PRIMARY KEY (merchant, profile)
) STRICT, WITHOUT ROWID;

CREATE TABLE exception (
    id TEXT NOT NULL PRIMARY KEY,
    raised INTEGER NOT NULL,
    closed INTEGER,
    body TEXT NOT NULL
) STRICT;
CREATE INDEX exception_open ON exception (raised, id) WHERE closed IS NULL;

CREATE TABLE message (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    queue TEXT NOT NULL,
    first_sent INTEGER NOT NULL,
    visible_at INTEGER NOT NULL,
    in_flight INTEGER NOT NULL DEFAULT 0,
    receives INTEGER NOT NULL DEFAULT 0,
    body TEXT NOT NULL
) STRICT;
CREATE INDEX message_due ON message (queue, visible_at, id);
