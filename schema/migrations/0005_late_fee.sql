-- Late fees (违约金): entered when money meets the bill, explained line by line, taken back with a reason.

ALTER TABLE ledger_entry DROP CONSTRAINT ledger_entry_kind_check;
ALTER TABLE ledger_entry ADD CONSTRAINT ledger_entry_kind_check CHECK (kind IN
  ('BILL', 'PAYMENT', 'CREDIT_APPLIED', 'REVERSAL', 'SUSPENSE_RESOLVED', 'LATE_FEE', 'LATE_FEE_REVERSED', 'LATE_FEE_CREDITED'));
CREATE INDEX ledger_entry_late_fee ON ledger_entry (bill_id) WHERE kind = 'LATE_FEE';

-- How a LATE_FEE entry comes about: its lines add up to its amount. Beside the days they tell the least and the highest fee, what was
-- waived, and what had been charged before.
CREATE TABLE late_fee_line (
  entry_id      bigint NOT NULL REFERENCES ledger_entry,
  line_number   smallint NOT NULL CHECK (line_number > 0),
  bill_id       uuid NOT NULL REFERENCES bill,
  kind          text NOT NULL CHECK (kind IN ('DAILY', 'WAIVED', 'MINIMUM', 'CAP', 'POSTED')),
  from_date     date NOT NULL,
  to_date       date NOT NULL,
  days          integer CHECK (days > 0),
  base_minor    bigint CHECK (base_minor > 0),
  rate_per_mille smallint CHECK (rate_per_mille > 0),
  amount_minor  bigint NOT NULL,
  clause        text NOT NULL,
  rule_code     text NOT NULL,
  PRIMARY KEY (entry_id, line_number),
  CHECK (to_date >= from_date),
  CHECK (num_nulls(days, base_minor, rate_per_mille) IN (0, 3)),
  CHECK (kind <> 'DAILY' OR days IS NOT NULL)
);
CREATE TRIGGER late_fee_line_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON late_fee_line
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- A late fee waived (违约金减免): days that bear none, or an amount taken off. Above a limit it waits for a second person.
CREATE TABLE late_fee_waiver (
  id             uuid PRIMARY KEY,
  bill_id        uuid NOT NULL REFERENCES bill,
  account_id     uuid NOT NULL REFERENCES account,
  kind           text NOT NULL CHECK (kind IN ('BANK_LATE', 'BILLING_ERROR', 'HARDSHIP', 'OTHER')),
  state          text NOT NULL CHECK (state IN ('REQUESTED', 'GRANTED', 'REFUSED')),
  from_date      date,
  to_date        date,
  amount_minor   bigint CHECK (amount_minor > 0),
  -- What it takes off the fee as it stood when it was asked for, and then when it was granted.
  effect_minor   bigint NOT NULL CHECK (effect_minor > 0),
  evidence       text NOT NULL CHECK (length(evidence) BETWEEN 3 AND 500),
  reason         text NOT NULL CHECK (length(reason) BETWEEN 3 AND 1000),
  two_persons    boolean NOT NULL,
  requested_at   timestamptz NOT NULL,
  requested_by   text NOT NULL,
  decided_at     timestamptz,
  decided_by     text,
  decision_reason text CHECK (length(decision_reason) BETWEEN 3 AND 1000),
  CONSTRAINT late_fee_waiver_days_or_amount CHECK (num_nonnulls(from_date, amount_minor) = 1 AND (from_date IS NULL) = (to_date IS NULL)),
  CONSTRAINT late_fee_waiver_days_in_order CHECK (to_date >= from_date),
  CONSTRAINT late_fee_waiver_decided CHECK ((state = 'REQUESTED') = (decided_by IS NULL) AND (decided_by IS NULL) = (decided_at IS NULL)),
  CONSTRAINT late_fee_waiver_second_person CHECK (NOT (two_persons AND state = 'GRANTED') OR decided_by <> requested_by)
);
CREATE INDEX late_fee_waiver_bill ON late_fee_waiver (bill_id, id);
CREATE INDEX late_fee_waiver_requested ON late_fee_waiver (id) WHERE state = 'REQUESTED';
