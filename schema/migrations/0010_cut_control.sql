-- Who may cut how many, when, and who answers for each.

-- A batch of cuts (停电批次) for one local day, released in growing steps.
CREATE TABLE cut_batch (
  id             uuid PRIMARY KEY,
  batch_number   bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
  district_id    uuid NOT NULL REFERENCES transformer_district,
  planned_for    date NOT NULL,
  state          text NOT NULL CHECK (state IN ('PENDING_APPROVAL', 'APPROVED', 'RUNNING', 'PAUSED', 'DONE', 'ABORTED', 'EXPIRED')),
  -- The named person who follows every customer of the batch up.
  owner          text NOT NULL,
  proposed_by    text NOT NULL,
  proposed_at    timestamptz NOT NULL,
  reason         text NOT NULL,
  size           integer NOT NULL CHECK (size > 0),
  -- Steps of the ramp released so far.
  ramp_step      smallint NOT NULL DEFAULT 0,
  ended_at       timestamptz,
  ending_code    text,
  ending_text    text
);
-- One open batch per district and day: a second proposal finds the first.
CREATE UNIQUE INDEX cut_batch_one_open ON cut_batch (district_id, planned_for) WHERE ended_at IS NULL;
CREATE TABLE cut_batch_move (from_state text NOT NULL, to_state text NOT NULL, PRIMARY KEY (from_state, to_state));
INSERT INTO cut_batch_move VALUES
  ('PENDING_APPROVAL', 'APPROVED'), ('PENDING_APPROVAL', 'ABORTED'), ('PENDING_APPROVAL', 'EXPIRED'), ('PENDING_APPROVAL', 'DONE'),
  ('APPROVED', 'RUNNING'), ('APPROVED', 'ABORTED'), ('APPROVED', 'EXPIRED'), ('APPROVED', 'DONE'),
  ('RUNNING', 'PAUSED'), ('RUNNING', 'DONE'), ('RUNNING', 'ABORTED'), ('RUNNING', 'EXPIRED'),
  ('PAUSED', 'RUNNING'), ('PAUSED', 'ABORTED'), ('PAUSED', 'EXPIRED'), ('PAUSED', 'DONE');
CREATE FUNCTION check_cut_batch_move() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM cut_batch_move WHERE from_state = OLD.state AND to_state = NEW.state) THEN
    RAISE EXCEPTION 'cut batch % may not move from % to %', OLD.id, OLD.state, NEW.state USING ERRCODE = 'check_violation', CONSTRAINT = 'cut_batch_move';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER cut_batch_move BEFORE UPDATE OF state ON cut_batch
  FOR EACH ROW WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION check_cut_batch_move();

ALTER TABLE switch_command
  ADD COLUMN batch_id uuid REFERENCES cut_batch,
  -- The named person who follows the customer up after the cut.
  ADD COLUMN owner text,
  -- Product time announced to the customer: a cut is not sent before.
  ADD COLUMN not_before timestamptz,
  ADD COLUMN policy_code text,
  ADD COLUMN policy_version integer,
  -- Who let a quarantined cut go on; a second, distinct person.
  ADD COLUMN released_by text,
  ADD CONSTRAINT switch_command_released_by_another CHECK (released_by IS NULL OR released_by <> requested_by);
CREATE INDEX switch_command_batch ON switch_command (batch_id, id) WHERE batch_id IS NOT NULL;
-- Windows of the thresholds count what was sent.
CREATE INDEX switch_command_cuts_sent ON switch_command (sent_at) WHERE operation = 'CUT' AND sent_at IS NOT NULL;

ALTER TABLE interruption ADD COLUMN owner text;

-- Approvals are facts: of one command, or of a batch as a whole; never twice by one person.
CREATE TABLE cut_approval (
  id          uuid PRIMARY KEY,
  command_id  uuid REFERENCES switch_command,
  batch_id    uuid REFERENCES cut_batch,
  approved_by text NOT NULL,
  role        text NOT NULL CHECK (role IN ('DISTRICT_MANAGER', 'OPERATIONS', 'SUPERVISOR')),
  approved_at timestamptz NOT NULL,
  note        text NOT NULL,
  CHECK (num_nonnulls(command_id, batch_id) = 1),
  UNIQUE (command_id, approved_by),
  UNIQUE (batch_id, approved_by)
);
CREATE TRIGGER cut_approval_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON cut_approval
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Thresholds are changed, never edited: what holds at an instant is the latest change in force. Raising one takes another person and
-- 24 hours; lowering one takes effect at once.
CREATE TABLE cut_threshold_change (
  id             uuid PRIMARY KEY,
  kind           text NOT NULL,
  value          bigint NOT NULL CHECK (value >= 0),
  raises         boolean NOT NULL,
  requested_by   text NOT NULL,
  requested_at   timestamptz NOT NULL,
  reason         text NOT NULL,
  approved_by    text,
  approved_at    timestamptz,
  effective_from timestamptz,
  withdrawn_by   text,
  withdrawn_at   timestamptz,
  CHECK (approved_by IS NULL OR approved_by <> requested_by),
  CHECK (NOT raises OR (effective_from IS NULL) = (approved_by IS NULL)),
  CHECK (NOT raises OR effective_from IS NULL OR effective_from >= approved_at + interval '24 hours')
);
CREATE INDEX cut_threshold_change_kind ON cut_threshold_change (kind, effective_from);

-- Cuts pass one by one through this row while they are counted against the thresholds: cuts are rare, and a count that two
-- senders take at once is no count.
CREATE TABLE cut_gate (only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row));
INSERT INTO cut_gate DEFAULT VALUES;
