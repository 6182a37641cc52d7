-- Published documents: objects by the hash of their text, and activations of releases.
CREATE TABLE object (
    hash TEXT NOT NULL PRIMARY KEY,
    body TEXT NOT NULL
) STRICT;

CREATE TABLE activation (
    environment TEXT NOT NULL,
    number INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (environment, number)
) STRICT, WITHOUT ROWID;
