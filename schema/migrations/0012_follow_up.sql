-- What follows a cut and a payment: a named person follows every cut up, a promise to restore that was not kept is recorded with its
-- explanation, and who was cut wrongly or kept dark too long is compensated.

-- Money that the company pays for its own mistakes (赔偿): an expense that becomes the customer's credit.
CREATE FUNCTION allow_ledger_values(column_name text, added text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE rule text := 'ledger_entry_' || column_name || '_check'; known text[];
BEGIN
  -- A constraint is printed as one list of texts, or as an array of them.
  SELECT array_agg(DISTINCT v) INTO known
  FROM pg_constraint c, regexp_matches(pg_get_constraintdef(c.oid), '''([^'']+)''', 'g') AS m, regexp_split_to_table(btrim(m[1], '{}'), ',') AS v
  WHERE c.conname = rule AND c.conrelid = 'ledger_entry'::regclass;
  EXECUTE format('ALTER TABLE ledger_entry DROP CONSTRAINT %I', rule);
  EXECUTE format('ALTER TABLE ledger_entry ADD CONSTRAINT %I CHECK (%I = ANY (%L::text[]))', rule, column_name, known || added);
END $$;
SELECT allow_ledger_values('kind', ARRAY['COMPENSATION']);
SELECT allow_ledger_values('debit_code', ARRAY['COMPENSATION']);
SELECT allow_ledger_values('credit_code', ARRAY['COMPENSATION']);
DROP FUNCTION allow_ledger_values(text, text[]);

-- Restores by the payment that ordered them.
CREATE INDEX switch_command_payment ON switch_command (payment_id) WHERE payment_id IS NOT NULL;
-- Figures of a period look for what was verified in it.
CREATE INDEX switch_command_verified ON switch_command (ended_at) WHERE state = 'VERIFIED';

-- One for each cut for debt that was carried out (停电后跟踪): a named person is in touch with the customer until power is back.
CREATE TABLE follow_up (
  id               uuid PRIMARY KEY,
  interruption_id  uuid NOT NULL UNIQUE REFERENCES interruption,
  command_id       uuid NOT NULL REFERENCES switch_command,
  account_id       uuid NOT NULL REFERENCES account,
  service_point_id uuid NOT NULL REFERENCES service_point,
  owner            text NOT NULL,
  state            text NOT NULL CHECK (state IN ('OPEN', 'CLOSED')),
  opened_at        timestamptz NOT NULL,
  -- When the customer is to be spoken to next; null once it is closed.
  next_due_at      timestamptz,
  closed_at        timestamptz,
  closing_reason   text,
  CHECK ((state = 'OPEN') = (closed_at IS NULL) AND (state = 'OPEN') = (next_due_at IS NOT NULL))
);
CREATE INDEX follow_up_service_point ON follow_up (service_point_id, opened_at);
CREATE INDEX follow_up_due ON follow_up (next_due_at, id) WHERE state = 'OPEN';
CREATE INDEX follow_up_account ON follow_up (account_id, id);

-- What was said, by whom, how: facts, never changed.
CREATE TABLE follow_up_contact (
  id           uuid PRIMARY KEY,
  follow_up_id uuid NOT NULL REFERENCES follow_up,
  at           timestamptz NOT NULL,
  means        text NOT NULL CHECK (means IN ('CALL', 'SMS_REPORT', 'VISIT', 'LETTER')),
  outcome      text NOT NULL CHECK (outcome IN ('REACHED', 'PROMISED_PAYMENT', 'DISPUTED', 'NEEDS_HELP', 'NOT_REACHED')),
  note         text NOT NULL CHECK (length(note) BETWEEN 3 AND 1000),
  recorded_by  text NOT NULL,
  -- True: somebody else than the owner stood in.
  stand_in     boolean NOT NULL,
  next_due_at  timestamptz NOT NULL,
  recorded_at  timestamptz NOT NULL
);
CREATE INDEX follow_up_contact_of ON follow_up_contact (follow_up_id, at);
CREATE TRIGGER follow_up_contact_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON follow_up_contact
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- A promise to restore that was not kept (超时复电). What starts the clocks is a payment, or, where none did (a guarantee, an upheld
-- dispute, a waiver, a wrongful cut), the restore that was ordered when the debt's reason ended.
CREATE TABLE restore_breach (
  id               uuid PRIMARY KEY,
  payment_id       uuid REFERENCES payment,
  -- The restore that was latest, or is still unproven.
  command_id       uuid NOT NULL REFERENCES switch_command,
  account_id       uuid NOT NULL REFERENCES account,
  service_point_id uuid NOT NULL REFERENCES service_point,
  kind             text NOT NULL CHECK (kind IN ('SAME_DAY', 'WITHIN_SLA')),
  started_at       timestamptz NOT NULL,
  due_at           timestamptz NOT NULL,
  detected_at      timestamptz NOT NULL,
  owner            text NOT NULL,
  explanation      text CHECK (length(explanation) BETWEEN 3 AND 1000),
  explained_by     text,
  explained_at     timestamptz,
  accepted_by_customer boolean,
  acceptance_proof text CHECK (length(acceptance_proof) BETWEEN 3 AND 500),
  acceptance_recorded_by text,
  acceptance_at    timestamptz,
  CHECK (num_nulls(explanation, explained_by, explained_at) IN (0, 3)),
  CHECK (num_nulls(accepted_by_customer, acceptance_proof, acceptance_recorded_by, acceptance_at) IN (0, 4)),
  -- A customer accepts an explanation, not silence.
  CHECK (accepted_by_customer IS NULL OR explanation IS NOT NULL)
);
CREATE UNIQUE INDEX restore_breach_payment ON restore_breach (payment_id, kind) WHERE payment_id IS NOT NULL;
CREATE UNIQUE INDEX restore_breach_command ON restore_breach (command_id, kind) WHERE payment_id IS NULL;
CREATE INDEX restore_breach_account ON restore_breach (account_id, id);
CREATE INDEX restore_breach_unsettled ON restore_breach (due_at, id) WHERE accepted_by_customer IS NOT TRUE;

-- Payments, and restores without one, both of whose clocks have ended: the watch need not look at them again.
CREATE TABLE restore_clock_ended (
  subject_id uuid PRIMARY KEY,
  ended_at   timestamptz NOT NULL
);

-- Compensation (赔偿): asked for by one person, or by a fact on record, and decided by another person.
CREATE TABLE compensation_case (
  id               uuid PRIMARY KEY,
  kind             text NOT NULL CHECK (kind IN ('WRONGFUL_CUT', 'LATE_RESTORE')),
  state            text NOT NULL CHECK (state IN ('OPEN', 'GRANTED', 'REFUSED')),
  account_id       uuid NOT NULL REFERENCES account,
  service_point_id uuid NOT NULL REFERENCES service_point,
  interruption_id  uuid REFERENCES interruption,
  command_id       uuid NOT NULL REFERENCES switch_command,
  breach_id        uuid REFERENCES restore_breach,
  cause            text CHECK (cause IN ('WRONG_PREMISE', 'PROTECTED', 'PAID', 'NO_NOTICE', 'OTHER')),
  evidence         text NOT NULL CHECK (length(evidence) BETWEEN 3 AND 1000),
  opened_at        timestamptz NOT NULL,
  opened_by        text NOT NULL,
  -- The person who says that the cut was wrong; null while the case is only suggested by what a meter reported.
  declared_by      text,
  -- The dark for which it is proposed: since when, and days begun.
  dark_from        timestamptz NOT NULL,
  days             integer NOT NULL CHECK (days >= 0),
  proposed_minor   bigint CHECK (proposed_minor >= 0),
  currency         char(3) NOT NULL,
  clause           text,
  policy_code      text,
  policy_version   integer,
  decided_at       timestamptz,
  decided_by       text,
  decision_reason  text CHECK (length(decision_reason) BETWEEN 3 AND 1000),
  granted_minor    bigint CHECK (granted_minor > 0),
  ledger_entry_id  bigint UNIQUE REFERENCES ledger_entry,
  CHECK ((kind = 'LATE_RESTORE') = (breach_id IS NOT NULL)),
  CHECK ((proposed_minor IS NULL) = (clause IS NULL)),
  CHECK ((state = 'OPEN') = (decided_by IS NULL) AND num_nulls(decided_at, decided_by, decision_reason) IN (0, 3)),
  CHECK ((state = 'GRANTED') = (granted_minor IS NOT NULL) AND (granted_minor IS NULL) = (ledger_entry_id IS NULL)),
  CONSTRAINT compensation_case_declared CHECK (kind <> 'WRONGFUL_CUT' OR state <> 'GRANTED' OR (declared_by IS NOT NULL AND cause IS NOT NULL)),
  CONSTRAINT compensation_case_second_person CHECK (state <> 'GRANTED' OR (decided_by <> opened_by AND decided_by IS DISTINCT FROM declared_by))
);
CREATE UNIQUE INDEX compensation_case_cut ON compensation_case (command_id) WHERE kind = 'WRONGFUL_CUT';
CREATE UNIQUE INDEX compensation_case_breach ON compensation_case (breach_id) WHERE breach_id IS NOT NULL;
CREATE INDEX compensation_case_account ON compensation_case (account_id, id);
CREATE INDEX compensation_case_open ON compensation_case (id) WHERE state = 'OPEN';

-- Figures of a period: rows come in the order of these instants, so a few bytes a block suffice.
CREATE INDEX bill_issued ON bill USING brin (issued_at);
CREATE INDEX payment_posted ON payment USING brin (posted_at);
