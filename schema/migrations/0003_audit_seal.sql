-- Seals of the audit trail: what makes it tamper-evident. The exact byte forms are in docs/audit.md, why it is built this way in
-- docs/decisions/0011. Nothing here touches audit_entry: sealing happens after the fact, and costs who writes an entry nothing.

-- Lengths in the byte form are counted in UTF-8.
DO $$ BEGIN
  IF current_setting('server_encoding') <> 'UTF8' THEN
    RAISE EXCEPTION 'Relight needs a database in UTF8; this one is in %', current_setting('server_encoding');
  END IF;
END $$;

-- A sealed batch: the entries between the last of the batch before and its own last, in order of (transaction_id, id). Every entry of a
-- transaction below the horizon is committed, so nothing can come into a sealed range later.
CREATE TABLE audit_batch (
  batch_number         bigint PRIMARY KEY CHECK (batch_number > 0),
  form                 smallint NOT NULL CHECK (form = 1),
  -- Position of the first entry in the whole chain, counted from 1.
  first_position       bigint NOT NULL UNIQUE CHECK (first_position > 0),
  entry_count          integer NOT NULL CHECK (entry_count > 0),
  last_transaction_id  xid8 NOT NULL,
  last_entry_id        bigint NOT NULL,
  -- The entries one by one, so that a changed or missing one is not only found but named.
  entry_ids            bigint[] NOT NULL CHECK (cardinality(entry_ids) = entry_count),
  entry_hashes         bytea NOT NULL CHECK (length(entry_hashes) = 32 * entry_count),
  -- Root of the Merkle tree over the hashes of the entries.
  root                 bytea NOT NULL CHECK (length(root) = 32),
  -- Hash of the batch before (32 zero bytes for the first); unique, so that the chain has no fork.
  previous_hash        bytea NOT NULL UNIQUE CHECK (length(previous_hash) = 32),
  batch_hash           bytea NOT NULL UNIQUE CHECK (length(batch_hash) = 32),
  sealed_at            timestamptz(3) NOT NULL,
  sealed_wall_at       timestamptz(3) NOT NULL
);
-- Hashes do not compress; trying costs time.
ALTER TABLE audit_batch ALTER COLUMN entry_hashes SET STORAGE EXTERNAL;
CREATE TRIGGER audit_batch_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_batch
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- A signed statement about a batch, and through the chain about all before it. The same is appended to a file outside the database.
CREATE TABLE audit_checkpoint (
  checkpoint_number bigint PRIMARY KEY CHECK (checkpoint_number > 0),
  batch_number      bigint NOT NULL UNIQUE REFERENCES audit_batch,
  batch_hash        bytea NOT NULL CHECK (length(batch_hash) = 32),
  -- How many entries the chain holds up to and with that batch.
  entry_count       bigint NOT NULL CHECK (entry_count > 0),
  at                timestamptz(3) NOT NULL,
  wall_at           timestamptz(3) NOT NULL,
  kid               text NOT NULL CHECK (kid ~ '^[a-z0-9-]{1,64}$'),
  signature         bytea NOT NULL CHECK (length(signature) = 64)
);
CREATE TRIGGER audit_checkpoint_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_checkpoint
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
