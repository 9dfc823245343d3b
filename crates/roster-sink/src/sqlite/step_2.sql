-- Where the district's rows are: here, or in the outlet of this name, for which this database only remembers the nights.
ALTER TABLE districts ADD COLUMN rows_at TEXT NOT NULL DEFAULT 'here';

-- Homeroom's own: keys that a night changed, beside what else it changed.
ALTER TABLE published_index_patches ADD COLUMN keys BLOB;

-- Files that a run left for review, in parts, each compressed (zstd): findings, quarantined records, held changes.
CREATE TABLE kept (
    seq INTEGER PRIMARY KEY,
    run_id TEXT NOT NULL,
    district_id TEXT NOT NULL,
    name TEXT NOT NULL,
    part INTEGER NOT NULL,
    data BLOB NOT NULL
);
CREATE UNIQUE INDEX kept_run_id ON kept (run_id, name, part);
CREATE INDEX kept_district_id ON kept (district_id);

-- Records that have another key at the source and keep their public id: accepted by whom, and applied by which run.  Applied
-- maps are kept for good: a record that is created under an old key is another one and needs an id of its own.
CREATE TABLE rekeys (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    district_id TEXT NOT NULL,
    entity TEXT NOT NULL,
    old_source_id TEXT NOT NULL,
    new_source_id TEXT NOT NULL,
    hold_id TEXT,
    accepted_at TEXT NOT NULL,
    accepted_by TEXT NOT NULL,
    reason TEXT NOT NULL,
    applied_run TEXT
);
CREATE INDEX rekeys_old_source_id ON rekeys (district_id, entity, old_source_id);
CREATE INDEX rekeys_new_source_id ON rekeys (district_id, entity, new_source_id);
CREATE INDEX rekeys_pending ON rekeys (district_id) WHERE applied_run IS NULL;

CREATE INDEX audit_district_id ON audit (district_id, seq);
