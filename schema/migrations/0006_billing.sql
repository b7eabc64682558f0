-- From the reading to the bill: corrected readings, faults of reading as facts, period registers, correction bills, billing runs.

-- Adds values to a CHECK (column IN (…)) and keeps those that stand, whichever migration brought them.
CREATE FUNCTION allow_values(table_name text, column_name text, added text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE rule text := table_name || '_' || column_name || '_check'; known text[];
BEGIN
  SELECT array_agg(DISTINCT m[1]) INTO known
  FROM pg_constraint c, regexp_matches(pg_get_constraintdef(c.oid), '''([A-Z0-9_]+)''', 'g') AS m
  WHERE c.conname = rule AND c.conrelid = table_name::regclass;
  EXECUTE format('ALTER TABLE %I DROP CONSTRAINT %I', table_name, rule);
  EXECUTE format('ALTER TABLE %I ADD CONSTRAINT %I CHECK (%I = ANY (%L::text[]))', table_name, rule, column_name, known || added);
END $$;

-- A contact that moves to another customer leaves one behind: both must keep two.
CREATE OR REPLACE FUNCTION require_two_contacts() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE subjects uuid[]; subject uuid;
BEGIN
  IF TG_TABLE_NAME = 'customer' THEN subjects := ARRAY[NEW.id];
  ELSIF TG_OP = 'DELETE' THEN subjects := ARRAY[OLD.customer_id];
  ELSE subjects := ARRAY[OLD.customer_id, NEW.customer_id];
  END IF;
  FOREACH subject IN ARRAY subjects LOOP
    IF EXISTS (SELECT FROM customer WHERE id = subject)
       AND (SELECT count(*) FROM contact WHERE customer_id = subject AND valid) < 2 THEN
      RAISE EXCEPTION 'customer % needs at least two valid contacts', subject USING ERRCODE = 'check_violation', CONSTRAINT = 'customer_two_contacts';
    END IF;
  END LOOP;
  RETURN NULL;
END $$;

-- accounts ---------------------------------------------------------------------------------------------------------

-- Large customers whose use is unstable are settled several times a month (一月多次结算).
ALTER TABLE account ADD COLUMN settlements_per_month smallint NOT NULL DEFAULT 1 CHECK (settlements_per_month BETWEEN 1 AND 6);
CREATE INDEX service_point_district ON service_point (district_id, id);

-- metering ---------------------------------------------------------------------------------------------------------

-- A stored reading is never changed. A correction is the same instant with the next revision; the highest usable one counts.
ALTER TABLE reading ADD COLUMN revision smallint NOT NULL DEFAULT 0;
ALTER TABLE reading DROP CONSTRAINT reading_pkey;
ALTER TABLE reading ADD PRIMARY KEY (meter_id, read_at, quality, revision);
CREATE INDEX reading_estimated ON reading (meter_id, read_at) WHERE quality = 'ESTIMATED';

-- Registers per time-of-use period, where the meter has them (分时示数). Written beside the reading of the same instant.
CREATE TABLE period_reading (
  meter_id        uuid NOT NULL REFERENCES meter,
  installation_id uuid NOT NULL REFERENCES meter_installation,
  read_at         timestamptz NOT NULL,
  period          text NOT NULL CHECK (period IN ('SHARP', 'PEAK', 'FLAT', 'VALLEY')),
  energy_wh       bigint NOT NULL CHECK (energy_wh >= 0),
  PRIMARY KEY (meter_id, read_at, period)
);

-- What went wrong with reading a meter: estimated 估抄, missed 漏抄, wrong 错抄, and what was corrected.
CREATE TABLE reading_fault (
  id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kind             text NOT NULL CHECK (kind IN ('ESTIMATED', 'MISSED', 'WRONG', 'CORRECTED')),
  service_point_id uuid NOT NULL REFERENCES service_point,
  installation_id  uuid NOT NULL REFERENCES meter_installation,
  read_at          timestamptz NOT NULL,
  -- The value used, estimated or corrected; for WRONG the one that is not believed; none for MISSED.
  energy_wh        bigint,
  -- CORRECTED: what stood before.
  earlier_wh       bigint,
  method           text CHECK (method IN ('INTERPOLATED', 'EXTRAPOLATED', 'ENTERED')),
  reason           text CHECK (length(reason) <= 1000),
  evidence         text CHECK (length(evidence) <= 1000),
  recorded_at      timestamptz NOT NULL,
  recorded_by      text NOT NULL,
  CHECK ((kind = 'ESTIMATED') = (method IS NOT NULL)),
  CHECK ((kind = 'CORRECTED') = (earlier_wh IS NOT NULL))
);
CREATE UNIQUE INDEX reading_fault_once ON reading_fault (installation_id, read_at, kind) WHERE kind <> 'CORRECTED';
CREATE INDEX reading_fault_service_point ON reading_fault (service_point_id, read_at, id);
CREATE TRIGGER reading_fault_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON reading_fault
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- billing ----------------------------------------------------------------------------------------------------------

-- A billing run (电费核算批次) over a district or the company. REQUEST: asked for by a person, worked off by the jobs process.
-- SETTLEMENT: one per district and settlement day, done by the schedule.
CREATE TABLE billing_run (
  id            uuid PRIMARY KEY,
  origin        text NOT NULL CHECK (origin IN ('REQUEST', 'SETTLEMENT')),
  scope         text NOT NULL CHECK (scope IN ('DISTRICT', 'COMPANY')),
  district_id   uuid REFERENCES transformer_district,
  period_to     date NOT NULL,
  state         text NOT NULL CHECK (state IN ('QUEUED', 'RUNNING', 'DONE', 'FAILED')),
  total_points  integer,
  done_points   integer NOT NULL DEFAULT 0,
  issued        integer NOT NULL DEFAULT 0,
  skipped       integer NOT NULL DEFAULT 0,
  position      uuid,
  requested_by  text NOT NULL,
  requested_at  timestamptz NOT NULL,
  reason        text NOT NULL CHECK (length(reason) <= 1000),
  started_at    timestamptz,
  ended_at      timestamptz,
  failure_text  text,
  -- The process that works on it, until when nobody else takes it over.
  worker        uuid,
  lease_wall_at timestamptz,
  CHECK ((scope = 'DISTRICT') = (district_id IS NOT NULL))
);
CREATE INDEX billing_run_open ON billing_run (requested_at) WHERE state IN ('QUEUED', 'RUNNING');
CREATE UNIQUE INDEX billing_run_settlement ON billing_run (district_id, period_to) WHERE origin = 'SETTLEMENT';
-- Two open requests for the same are one.
CREATE UNIQUE INDEX billing_run_one_open ON billing_run (scope, coalesce(district_id, '00000000-0000-0000-0000-000000000000'), period_to)
  WHERE origin = 'REQUEST' AND state IN ('QUEUED', 'RUNNING');

-- Written in the transaction of the page, so that it tells exactly what was done, whatever dies when.
CREATE TABLE billing_run_page (
  run_id   uuid NOT NULL REFERENCES billing_run,
  after_id uuid NOT NULL,
  upto_id  uuid NOT NULL,
  points   integer NOT NULL,
  issued   integer NOT NULL,
  skipped  integer NOT NULL,
  PRIMARY KEY (run_id, after_id)
);

-- Service points a run could not bill, until one can. Somebody owns each.
CREATE TABLE billing_skip (
  id               uuid PRIMARY KEY,
  service_point_id uuid NOT NULL REFERENCES service_point,
  account_id       uuid NOT NULL REFERENCES account,
  period_to        date NOT NULL,
  reason           text NOT NULL CHECK (reason IN ('NO_TARIFF', 'NO_READING', 'CURRENCY_DIFFERS')),
  owner            text NOT NULL,
  since            timestamptz NOT NULL,
  last_seen_at     timestamptz NOT NULL,
  run_id           uuid REFERENCES billing_run,
  resolved_at      timestamptz
);
CREATE UNIQUE INDEX billing_skip_one_open ON billing_skip (service_point_id) WHERE resolved_at IS NULL;
CREATE INDEX billing_skip_run ON billing_skip (run_id, id);

-- A correction bill takes back what the bill it names and its earlier corrections charged, and charges anew. Its amounts are the
-- difference; in the customer's favour they are negative, and settled at once by becoming credit.
ALTER TABLE bill
  ADD COLUMN corrects_bill_id uuid REFERENCES bill,
  ADD COLUMN correction_number smallint NOT NULL DEFAULT 0,
  ADD COLUMN correction_reason text CHECK (length(correction_reason) <= 1000),
  DROP CONSTRAINT bill_energy_wh_check,
  DROP CONSTRAINT bill_total_minor_check,
  DROP CONSTRAINT bill_paid_within_total,
  DROP CONSTRAINT bill_service_point_id_period_from_key,
  ADD CONSTRAINT bill_correction_named CHECK ((corrects_bill_id IS NULL) = (correction_number = 0) AND (corrects_bill_id IS NULL) = (correction_reason IS NULL)),
  ADD CONSTRAINT bill_negative_corrects CHECK (corrects_bill_id IS NOT NULL OR (energy_wh >= 0 AND total_minor >= 0)),
  ADD CONSTRAINT bill_paid_within_total CHECK (CASE WHEN total_minor >= 0 THEN paid_minor BETWEEN 0 AND total_minor ELSE paid_minor = total_minor END),
  -- Each period is billed once, and each correction of it has its own number.
  ADD CONSTRAINT bill_once UNIQUE (service_point_id, period_from, correction_number);
CREATE INDEX bill_corrects ON bill (corrects_bill_id) WHERE corrects_bill_id IS NOT NULL;

ALTER TABLE bill_line
  ADD COLUMN tou_period text CHECK (tou_period IN ('SHARP', 'PEAK', 'FLAT', 'VALLEY')),
  -- True when the energy of a time-of-use period was derived from a load shape and not from registers.
  ADD COLUMN split_estimated boolean NOT NULL DEFAULT false;
SELECT allow_values('bill_line', 'kind', ARRAY['TIER_SURCHARGE', 'FREE_ALLOWANCE']);
SELECT allow_values('ledger_entry', 'kind', ARRAY['CORRECTION']);
CREATE INDEX ledger_entry_bill ON ledger_entry (bill_id) WHERE kind IN ('BILL', 'CORRECTION');
DROP FUNCTION allow_values(text, text, text[]);
