-- How a customer stands with the company, and what holds a cut for debt back (暂缓).

-- One statement of why dunning stands still. While a row is open (closed_at is null) no cut for debt is sent. Days are local:
-- held from from_date; ended_on is the local day of its end, on which another one of the kind may begin.
CREATE TABLE hold (
  id             uuid PRIMARY KEY,
  account_id     uuid NOT NULL REFERENCES account,
  kind           text NOT NULL CHECK (kind IN ('DISPUTE', 'COMPLAINT', 'PAYMENT_PLAN', 'PROMISE_TO_PAY', 'HARDSHIP', 'BANK_LATE', 'DEPOSIT_UNDER_PROTEST', 'GUARANTEE', 'INVESTIGATION')),
  reason         text NOT NULL CHECK (length(reason) BETWEEN 3 AND 1000),
  evidence       text CHECK (length(evidence) BETWEEN 1 AND 500),
  opened_at      timestamptz NOT NULL,
  opened_by      text NOT NULL,
  from_date      date NOT NULL,
  -- Last local day; null: until a person ends it.
  until_date     date,
  -- Promised, guaranteed, deposited, disputed, or the whole of a payment plan.
  amount_minor   bigint CHECK (amount_minor > 0),
  -- Who must rule, until when; a late ruling keeps holding.
  ruling_owner   text,
  ruling_due_at  timestamptz,
  ruling_reminded_at timestamptz,
  closed_at      timestamptz,
  closed_by      text,
  ended_on       date,
  outcome        text CHECK (outcome IN ('KEPT', 'BROKEN', 'UPHELD', 'REJECTED', 'WITHDRAWN', 'EXPIRED', 'SETTLED')),
  closing_reason text CHECK (length(closing_reason) <= 1000),
  CONSTRAINT hold_until_after_from CHECK (until_date >= from_date),
  CONSTRAINT hold_ruling_has_owner CHECK ((ruling_owner IS NULL) = (ruling_due_at IS NULL)),
  CONSTRAINT hold_closed_whole CHECK (num_nulls(closed_at, closed_by, ended_on, outcome) IN (0, 4)),
  CONSTRAINT hold_ended_after_from CHECK (ended_on >= from_date)
);
CREATE UNIQUE INDEX hold_one_open ON hold (account_id, kind) WHERE closed_at IS NULL;
CREATE INDEX hold_history ON hold (account_id, kind, from_date);
CREATE INDEX hold_ends ON hold (id) WHERE closed_at IS NULL;
CREATE INDEX hold_ruling ON hold (ruling_due_at, id) WHERE closed_at IS NULL AND ruling_due_at IS NOT NULL;

-- Two holds of one kind never cover the same day of one account, also not one that has ended. (An exclusion constraint would need
-- btree_gist, which not every installation has; writers hold the account's lock, so looking is enough.)
CREATE FUNCTION refuse_overlapping_hold() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE other uuid;
BEGIN
  SELECT id INTO other FROM hold WHERE account_id = NEW.account_id AND kind = NEW.kind AND closed_at IS NOT NULL AND ended_on > NEW.from_date
    AND (NEW.until_date IS NULL OR from_date <= NEW.until_date) LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'hold % covers days of this hold', other USING ERRCODE = 'exclusion_violation', CONSTRAINT = 'hold_overlaps';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER hold_overlaps BEFORE INSERT ON hold FOR EACH ROW EXECUTE FUNCTION refuse_overlapping_hold();
CREATE TRIGGER hold_kept BEFORE DELETE OR TRUNCATE ON hold FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- What is to be paid by when under a payment plan (分期); the sum is the debt at its opening.
CREATE TABLE plan_instalment (
  hold_id      uuid NOT NULL REFERENCES hold,
  number       smallint NOT NULL CHECK (number BETWEEN 1 AND 60),
  due_date     date NOT NULL,
  amount_minor bigint NOT NULL CHECK (amount_minor > 0),
  PRIMARY KEY (hold_id, number)
);
CREATE TRIGGER plan_instalment_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON plan_instalment
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Each attempt to reach a customer at a contact, and what became of it (联系记录).
CREATE TABLE contact_proof (
  id          uuid PRIMARY KEY,
  contact_id  uuid NOT NULL REFERENCES contact,
  at          timestamptz NOT NULL,
  outcome     text NOT NULL CHECK (outcome IN ('REACHED', 'NOT_REACHED', 'WRONG_PERSON', 'INVALID')),
  how         text NOT NULL CHECK (how IN ('CALL', 'SMS_REPORT', 'VISIT', 'LETTER')),
  reference   text CHECK (length(reference) BETWEEN 1 AND 500),
  recorded_at timestamptz NOT NULL,
  recorded_by text NOT NULL
);
CREATE INDEX contact_proof_contact ON contact_proof (contact_id, at);
CREATE TRIGGER contact_proof_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON contact_proof
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Why a customer is in arrears, as a person found out; the latest counts, the others are its history.
CREATE TABLE arrears_cause (
  id         uuid PRIMARY KEY,
  account_id uuid NOT NULL REFERENCES account,
  cause      text NOT NULL CHECK (cause IN ('FORGOT', 'AWAY', 'TENANT', 'HARDSHIP', 'DISPUTE', 'BANK_LATE', 'MALICIOUS')),
  found_at   timestamptz NOT NULL,
  found_by   text NOT NULL,
  note       text NOT NULL CHECK (length(note) BETWEEN 3 AND 1000),
  evidence   text CHECK (length(evidence) BETWEEN 1 AND 500)
);
CREATE INDEX arrears_cause_latest ON arrears_cause (account_id, found_at, id);
CREATE TRIGGER arrears_cause_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON arrears_cause
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- A protection ends only when somebody established that its reason is gone; another person than the one who recorded it.
ALTER TABLE protection
  ADD COLUMN recorded_by       text,
  ADD COLUMN proof_verified_at timestamptz,
  ADD COLUMN proof_verified_by text,
  ADD COLUMN ended_at          timestamptz,
  ADD COLUMN ended_by          text,
  ADD COLUMN ending_reason     text CHECK (length(ending_reason) <= 1000),
  ADD CONSTRAINT protection_verified_whole CHECK ((proof_verified_at IS NULL) = (proof_verified_by IS NULL)),
  ADD CONSTRAINT protection_ended_whole CHECK (num_nulls(ended_at, ended_by, ending_reason) IN (0, 3)),
  ADD CONSTRAINT protection_second_person CHECK (ended_by <> recorded_by);

-- Cuts for debt in an account's history, for its credit rating.
CREATE INDEX interruption_debt_history ON interruption (account_id, opened_at) WHERE reason IN ('ARREARS', 'PREPAID_EXHAUSTED');
