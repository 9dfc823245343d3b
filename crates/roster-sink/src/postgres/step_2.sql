-- Where the district's rows are: here, or in the outlet of this name, for which this database only remembers the nights.
ALTER TABLE homeroom.districts ADD COLUMN rows_at text NOT NULL DEFAULT 'here';

-- Homeroom's own: keys that a night changed, beside what else it changed.
ALTER TABLE homeroom.published_index_patches ADD COLUMN keys bytea;
ALTER TABLE homeroom.published_index_patches ALTER COLUMN keys SET STORAGE EXTERNAL;

-- The order in which holds were made.
ALTER TABLE homeroom.holds ADD COLUMN seq bigint GENERATED ALWAYS AS IDENTITY;

-- Files that a run left for review, in parts, each compressed (zstd): findings, quarantined records, held changes.
CREATE TABLE homeroom.kept (
    run_id text COLLATE "C" NOT NULL,
    district_id text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    part bigint NOT NULL,
    data bytea NOT NULL,
    PRIMARY KEY (district_id, run_id, name, part)
);
CREATE INDEX kept_run_id ON homeroom.kept (run_id);
ALTER TABLE homeroom.kept ALTER COLUMN data SET STORAGE EXTERNAL;

-- Records that have another key at the source and keep their public id: accepted by whom, and applied by which run.  Applied
-- maps are kept for good: a record that is created under an old key is another one and needs an id of its own.
CREATE TABLE homeroom.rekeys (
    seq bigint GENERATED ALWAYS AS IDENTITY,
    district_id text COLLATE "C" NOT NULL,
    entity text COLLATE "C" NOT NULL,
    old_source_id text COLLATE "C" NOT NULL,
    new_source_id text COLLATE "C" NOT NULL,
    hold_id text COLLATE "C",
    accepted_at timestamptz NOT NULL,
    accepted_by text NOT NULL,
    reason text NOT NULL,
    applied_run text COLLATE "C",
    PRIMARY KEY (district_id, seq)
);
CREATE INDEX rekeys_old_source_id ON homeroom.rekeys (district_id, entity, old_source_id);
CREATE INDEX rekeys_new_source_id ON homeroom.rekeys (district_id, entity, new_source_id);
CREATE INDEX rekeys_pending ON homeroom.rekeys (district_id) WHERE applied_run IS NULL;

CREATE INDEX audit_district_id ON homeroom.audit (district_id, seq);
