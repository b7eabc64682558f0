-- What customers were told, when, how, and what proves it (通知与送达); pauses of the ladder; what became of steps that were not taken.

-- A case of arrears (欠费案): opened when the first step of a ladder falls due on a bill (or, prepaid, on the balance), closed when that bill
-- no longer leads. A record for people: no decision is taken by it.
CREATE TABLE dunning_case (
  id             uuid PRIMARY KEY,
  account_id     uuid NOT NULL REFERENCES account,
  -- The bill whose dates the ladder follows; null for a prepaid balance.
  anchor_bill_id uuid REFERENCES bill,
  opened_at      timestamptz NOT NULL,
  closed_at      timestamptz
);
-- One open case per account: the ladder has one anchor.
CREATE UNIQUE INDEX dunning_case_one_open ON dunning_case (account_id) WHERE closed_at IS NULL;
CREATE INDEX dunning_case_account ON dunning_case (account_id, id);
CREATE TRIGGER dunning_case_kept BEFORE DELETE OR TRUNCATE ON dunning_case FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Why a step of a case was not taken.
CREATE TABLE ladder_step_outcome (
  id             uuid PRIMARY KEY,
  case_id        uuid NOT NULL REFERENCES dunning_case,
  account_id     uuid NOT NULL REFERENCES account,
  anchor_bill_id uuid REFERENCES bill,
  step_code      text NOT NULL CHECK (length(step_code) BETWEEN 1 AND 64),
  state          text NOT NULL CHECK (state IN ('SKIPPED', 'WITHDRAWN', 'NEVER_ACTIONED')),
  reason_code    text NOT NULL CHECK (length(reason_code) BETWEEN 1 AND 64),
  reason         text NOT NULL CHECK (length(reason) <= 1000),
  at             timestamptz NOT NULL,
  UNIQUE (case_id, step_code)
);
CREATE INDEX ladder_step_outcome_account ON ladder_step_outcome (account_id, id);
CREATE TRIGGER ladder_step_outcome_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ladder_step_outcome
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- One notice to one recipient. step_code is null for the last call before a cut.
CREATE TABLE notice (
  id               uuid PRIMARY KEY,
  notice_number    bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
  account_id       uuid NOT NULL REFERENCES account,
  case_id          uuid REFERENCES dunning_case,
  anchor_bill_id   uuid REFERENCES bill,
  -- A copy for another recipient (owner, authority …) names the notice it copies.
  copy_of_id       uuid REFERENCES notice,
  step_code        text CHECK (length(step_code) BETWEEN 1 AND 64),
  purpose          text NOT NULL CHECK (purpose IN ('REMINDER', 'DEMAND', 'CUT_NOTICE', 'LAST_CALL')),
  state            text NOT NULL CHECK (state IN ('PREPARED', 'SENT', 'SERVED', 'FAILED', 'WITHDRAWN')),
  channel          text NOT NULL CHECK (channel IN ('SMS', 'VOICE', 'APP', 'EMAIL', 'LETTER', 'VISIT')),
  recipient        text NOT NULL CHECK (recipient IN ('CUSTOMER', 'OWNER', 'NOMINATED_PERSON', 'AUTHORITY')),
  -- Null: it goes to the premises, or to a recipient whose address is not on file.
  contact_id       uuid REFERENCES contact,
  -- True: the gateway sends it by itself; false: a person serves it, before deadline_at.
  by_gateway       boolean NOT NULL,
  owner            text,
  deadline_at      timestamptz,
  -- No cut without its proven service; one that is not mandatory is given up at its deadline.
  mandatory        boolean NOT NULL,
  language         text NOT NULL CHECK (language IN ('zh', 'en')),
  template_code    text NOT NULL,
  template_version smallint NOT NULL CHECK (template_version > 0),
  body             text NOT NULL CHECK (length(body) BETWEEN 1 AND 8000),
  principal_minor  bigint NOT NULL CHECK (principal_minor >= 0),
  late_fee_minor   bigint NOT NULL CHECK (late_fee_minor >= 0),
  -- Prepaid: the balance spoken of; below zero the customer owes.
  balance_minor    bigint NOT NULL,
  currency         char(3) NOT NULL,
  policy_code      text NOT NULL,
  policy_version   integer NOT NULL,
  -- Ways still to be tried when this one fails ('VOICE:<contact id>', 'VISIT'), and what proves its service; as the policy said when it was made.
  routes_left      text[] NOT NULL DEFAULT '{}',
  accepted_proofs  text[] NOT NULL DEFAULT '{}',
  announced_cut_at timestamptz,
  created_at       timestamptz NOT NULL,
  sent_at          timestamptz,
  served_at        timestamptz,
  failed_at        timestamptz,
  withdrawn_at     timestamptz,
  failure_code     text CHECK (length(failure_code) <= 64),
  proof_kind       text CHECK (proof_kind IN ('SIGNATURE', 'SEAL', 'RECEIPT', 'CALL_RECORD', 'PHOTO', 'DELIVERY_REPORT')),
  proof_reference  text CHECK (length(proof_reference) BETWEEN 1 AND 500),
  proof_recorded_by text,
  gateway_message_id text CHECK (length(gateway_message_id) <= 200),
  -- Attempts on the present channel; the id of a message is notice id and attempt_key, the same for every repeat of an attempt.
  attempts         smallint NOT NULL DEFAULT 0,
  attempt_key      smallint NOT NULL DEFAULT 1,
  next_attempt_wall_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CHECK ((purpose = 'LAST_CALL') = (step_code IS NULL)),
  CHECK (purpose IN ('CUT_NOTICE', 'LAST_CALL') OR announced_cut_at IS NULL),
  CHECK (purpose <> 'LAST_CALL' OR announced_cut_at IS NOT NULL),
  CHECK ((state = 'SERVED') = (served_at IS NOT NULL)),
  CHECK (state <> 'FAILED' OR (failed_at IS NOT NULL AND failure_code IS NOT NULL)),
  CHECK (served_at >= created_at),
  CHECK (by_gateway OR owner IS NOT NULL)
) WITH (fillfactor = 80);
-- The same step is never under way twice, however often a run happens.
CREATE UNIQUE INDEX notice_one_open ON notice (account_id, coalesce(step_code, 'LAST_CALL'),
  coalesce(anchor_bill_id, '00000000-0000-0000-0000-000000000000'), recipient) WHERE state IN ('PREPARED', 'SENT');
CREATE INDEX notice_account ON notice (account_id, id);
CREATE INDEX notice_copies ON notice (copy_of_id) WHERE copy_of_id IS NOT NULL;
CREATE INDEX notice_to_send ON notice (next_attempt_wall_at, id) WHERE state = 'PREPARED' AND by_gateway;
CREATE INDEX notice_unreported ON notice (next_attempt_wall_at, id) WHERE state = 'SENT' AND by_gateway;
CREATE INDEX notice_field_work ON notice (deadline_at, id) WHERE state IN ('PREPARED', 'SENT') AND NOT by_gateway;
CREATE INDEX notice_open ON notice (account_id) WHERE state IN ('PREPARED', 'SENT');

-- Which bills a notice speaks of, and what each asked for then.
CREATE TABLE notice_bill (
  notice_id       uuid NOT NULL REFERENCES notice,
  bill_id         uuid NOT NULL REFERENCES bill,
  principal_minor bigint NOT NULL,
  late_fee_minor  bigint NOT NULL,
  PRIMARY KEY (notice_id, bill_id)
);
CREATE INDEX notice_bill_bill ON notice_bill (bill_id);
CREATE TRIGGER notice_bill_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON notice_bill
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- The same table as dunning/notice.ts: a test compares them, and this trigger backs it whoever writes.
CREATE TABLE notice_move (from_state text NOT NULL, to_state text NOT NULL, PRIMARY KEY (from_state, to_state));
INSERT INTO notice_move VALUES
  ('PREPARED', 'SENT'), ('PREPARED', 'SERVED'), ('PREPARED', 'FAILED'), ('PREPARED', 'WITHDRAWN'),
  ('SENT', 'SERVED'), ('SENT', 'FAILED'), ('SENT', 'PREPARED'), ('SENT', 'WITHDRAWN'),
  ('FAILED', 'SERVED');
CREATE FUNCTION check_notice_move() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM notice_move WHERE from_state = OLD.state AND to_state = NEW.state) THEN
    RAISE EXCEPTION 'notice % may not move from % to %', OLD.id, OLD.state, NEW.state USING ERRCODE = 'check_violation', CONSTRAINT = 'notice_move';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER notice_move BEFORE UPDATE OF state ON notice
  FOR EACH ROW WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION check_notice_move();
CREATE TRIGGER notice_kept BEFORE DELETE OR TRUNCATE ON notice FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- A pause of the ladder (暂停催费) between local days, both included. ended_on: resumed; from that day on it holds nothing back.
CREATE TABLE dunning_pause (
  id           uuid PRIMARY KEY,
  account_id   uuid NOT NULL REFERENCES account,
  reason       text NOT NULL CHECK (length(reason) BETWEEN 3 AND 1000),
  from_date    date NOT NULL,
  until_date   date,
  paused_at    timestamptz NOT NULL,
  paused_by    text NOT NULL,
  ended_on     date,
  ended_at     timestamptz,
  ended_by     text,
  ending_reason text CHECK (length(ending_reason) <= 1000),
  CONSTRAINT dunning_pause_until_after_from CHECK (until_date >= from_date),
  CONSTRAINT dunning_pause_ended_whole CHECK (num_nulls(ended_on, ended_at, ended_by) IN (0, 3))
);
CREATE INDEX dunning_pause_account ON dunning_pause (account_id, from_date);

-- Two pauses never cover the same day. Writers hold the account's lock, and the trigger takes it for whoever does not.
CREATE FUNCTION refuse_overlapping_pause() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE other uuid;
BEGIN
  PERFORM FROM account WHERE id = NEW.account_id FOR NO KEY UPDATE;
  SELECT id INTO other FROM dunning_pause
   WHERE account_id = NEW.account_id AND (NEW.until_date IS NULL OR from_date <= NEW.until_date)
     AND coalesce(ended_on - 1, until_date, 'infinity') >= NEW.from_date LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'pause % covers days of this pause', other USING ERRCODE = 'exclusion_violation', CONSTRAINT = 'dunning_pause_overlaps';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER dunning_pause_overlaps BEFORE INSERT ON dunning_pause FOR EACH ROW EXECUTE FUNCTION refuse_overlapping_pause();
CREATE TRIGGER dunning_pause_kept BEFORE DELETE OR TRUNCATE ON dunning_pause FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
