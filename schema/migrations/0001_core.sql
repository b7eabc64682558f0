-- Relight, first schema. Money is bigint minor units (fen); energy is bigint Wh; instants are timestamptz.
-- Columns ending in _wall_at are judged by the machine's clock (waits on a wire); every other instant is product time
-- (platform/clock), which simulation may scale, set and advance.
-- Lock order, everywhere: account → switch_command → meter → interruption → work_order.

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only: a mistake is corrected by a new row that names the old one', TG_TABLE_NAME
    USING ERRCODE = 'restrict_violation';
END $$;

-- platform ---------------------------------------------------------------------------------------------------------

-- Who, what, why, when for every state change; also the history of a command and the feed of live subscriptions.
-- transaction_id lets a reader resume without missing an entry that committed late (see platform/audit.ts).
CREATE TABLE audit_entry (
  id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  transaction_id   xid8 NOT NULL DEFAULT pg_current_xact_id(),
  at               timestamptz NOT NULL,
  recorded_wall_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  actor_kind       text NOT NULL CHECK (actor_kind IN ('PERSON', 'SYSTEM', 'METER')),
  actor            text NOT NULL CHECK (length(actor) BETWEEN 1 AND 128),
  act              text NOT NULL CHECK (length(act) BETWEEN 1 AND 64),
  subject_type     text NOT NULL,
  subject_id       uuid NOT NULL,
  account_id       uuid,
  service_point_id uuid,
  from_state       text,
  to_state         text,
  reason           text CHECK (length(reason) <= 1000),
  detail           jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX audit_entry_subject ON audit_entry (subject_id, id);
CREATE INDEX audit_entry_service_point ON audit_entry (service_point_id, id) WHERE service_point_id IS NOT NULL;
CREATE INDEX audit_entry_feed ON audit_entry (transaction_id, id);
CREATE TRIGGER audit_entry_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entry
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- One row. Product time = virtual_at + (wall now − wall_at) × scale_millis / 1000; in real mode it is wall time.
CREATE TABLE clock_state (
  only_row     boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  mode         text NOT NULL CHECK (mode IN ('REAL', 'SIMULATED')),
  version      bigint NOT NULL DEFAULT 1,
  virtual_at   timestamptz NOT NULL,
  wall_at      timestamptz NOT NULL,
  scale_millis integer NOT NULL DEFAULT 1000 CHECK (scale_millis BETWEEN 0 AND 100000000)
);

-- One row per idempotency key of an act by a person, for ever: same key and content, same answer. (Payments and reversals carry
-- their keys themselves.)
CREATE TABLE request_key (
  idempotency_key text PRIMARY KEY CHECK (length(idempotency_key) BETWEEN 8 AND 128),
  act             text NOT NULL,
  content_sha256  bytea NOT NULL,
  result          jsonb,
  at              timestamptz NOT NULL
);

-- Periodic work: the row is the schedule, claimed under its lock, due by product time.
CREATE TABLE schedule (
  name          text PRIMARY KEY,
  next_due_at   timestamptz NOT NULL,
  last_run_at   timestamptz,
  last_error    text,
  failure_count integer NOT NULL DEFAULT 0
);

-- accounts ---------------------------------------------------------------------------------------------------------

CREATE TABLE transformer_district (
  id             uuid PRIMARY KEY,
  code           text NOT NULL UNIQUE CHECK (code ~ '^[A-Z0-9-]{2,32}$'),
  name           text NOT NULL,
  service_phone  text NOT NULL,
  reading_day    smallint NOT NULL CHECK (reading_day BETWEEN 1 AND 28),
  settlement_day smallint NOT NULL CHECK (settlement_day BETWEEN 1 AND 28),
  manager        text
);

CREATE TABLE customer (
  id             uuid PRIMARY KEY,
  name           text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  customer_class text NOT NULL CHECK (customer_class IN ('RESIDENTIAL', 'COMMERCIAL', 'INDUSTRIAL', 'TEMPORARY')),
  id_document    text,
  created_at     timestamptz NOT NULL
);

CREATE TABLE contact (
  id          uuid PRIMARY KEY,
  customer_id uuid NOT NULL REFERENCES customer,
  kind        text NOT NULL CHECK (kind IN ('MOBILE', 'LANDLINE', 'EMAIL', 'ADDRESS')),
  value       text NOT NULL CHECK (length(value) BETWEEN 3 AND 300),
  valid       boolean NOT NULL DEFAULT true,
  UNIQUE (customer_id, kind, value)
);

-- At least two valid contacts (new-connection rule): judged when the transaction that touched them commits.
CREATE FUNCTION require_two_contacts() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE subject uuid;
BEGIN
  IF TG_TABLE_NAME = 'customer' THEN subject := NEW.id;
  ELSIF TG_OP = 'DELETE' THEN subject := OLD.customer_id;
  ELSE subject := NEW.customer_id;
  END IF;
  IF EXISTS (SELECT FROM customer WHERE id = subject)
     AND (SELECT count(*) FROM contact WHERE customer_id = subject AND valid) < 2 THEN
    RAISE EXCEPTION 'customer % needs at least two valid contacts', subject USING ERRCODE = 'check_violation', CONSTRAINT = 'customer_two_contacts';
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER customer_two_contacts AFTER INSERT ON customer
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION require_two_contacts();
CREATE CONSTRAINT TRIGGER contact_two_contacts AFTER UPDATE OR DELETE ON contact
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION require_two_contacts();

-- A protection that was never asked about has no row; see switching/cut-policy.ts for what that means.
CREATE TABLE protection (
  id          uuid PRIMARY KEY,
  customer_id uuid NOT NULL REFERENCES customer,
  kind        text NOT NULL CHECK (kind IN ('LIFE_SUPPORT', 'MEDICAL', 'LONE_ELDERLY', 'LOW_INCOME', 'INFANT', 'DISABLED', 'IMPORTANT_USER')),
  proof       text,
  valid_until date,
  created_at  timestamptz NOT NULL
);
CREATE INDEX protection_customer ON protection (customer_id);

-- due_minor and credit_minor are caches written with the ledger entries under the row lock; a test and the checker compare
-- them with the ledger.
CREATE TABLE account (
  id             uuid PRIMARY KEY,
  account_number text NOT NULL UNIQUE CHECK (account_number ~ '^[0-9]{10}$'),
  customer_id    uuid NOT NULL REFERENCES customer,
  district_id    uuid NOT NULL REFERENCES transformer_district,
  currency       char(3) NOT NULL,
  tariff_code    text NOT NULL,
  due_minor      bigint NOT NULL DEFAULT 0 CHECK (due_minor >= 0),
  credit_minor   bigint NOT NULL DEFAULT 0 CHECK (credit_minor >= 0),
  opened_at      timestamptz NOT NULL,
  closed_at      timestamptz
);
CREATE INDEX account_customer ON account (customer_id);
CREATE INDEX account_district ON account (district_id, account_number);

CREATE TABLE service_point (
  id                   uuid PRIMARY KEY,
  service_point_number text NOT NULL UNIQUE CHECK (service_point_number ~ '^[0-9]{10}$'),
  account_id           uuid NOT NULL REFERENCES account,
  district_id          uuid NOT NULL REFERENCES transformer_district,
  address              text NOT NULL
);
CREATE INDEX service_point_account ON service_point (account_id);

-- metering ---------------------------------------------------------------------------------------------------------

CREATE TABLE gateway (
  id              uuid PRIMARY KEY,
  gateway_number  text NOT NULL UNIQUE CHECK (gateway_number ~ '^[0-9]{12}$'),
  kind            text NOT NULL CHECK (kind IN ('CONCENTRATOR', 'METER')),
  district_id     uuid NOT NULL REFERENCES transformer_district,
  password_sha256 bytea NOT NULL CHECK (length(password_sha256) = 32),
  online          boolean,
  online_since    timestamptz
);

-- sequence: last command sequence taken for this meter, raised under the row lock. reported_*: the meter's own latest word.
CREATE TABLE meter (
  id                  uuid PRIMARY KEY,
  serial              text NOT NULL UNIQUE CHECK (serial ~ '^[0-9]{12}$'),
  gateway_id          uuid NOT NULL REFERENCES gateway,
  codec               text NOT NULL DEFAULT 'JSON' CHECK (codec IN ('JSON', 'DLT645')),
  reconnect_mode      text NOT NULL DEFAULT 'DIRECT' CHECK (reconnect_mode IN ('DIRECT', 'ARM')),
  public_key          bytea NOT NULL CHECK (length(public_key) = 32),
  sequence            bigint NOT NULL DEFAULT 0,
  reported_relay      text CHECK (reported_relay IN ('OPEN', 'CLOSED')),
  reported_armed      boolean NOT NULL DEFAULT false,
  reported_protected  boolean NOT NULL DEFAULT false,
  reported_sequence   bigint NOT NULL DEFAULT 0,
  reported_meter_at   timestamptz,
  reported_since      timestamptz,
  reported_at         timestamptz,
  supply_voltage_mv   integer,
  load_voltage_mv     integer,
  power_w             integer,
  clock_offset_ms     bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 70);
CREATE INDEX meter_gateway ON meter (gateway_id);

CREATE TABLE meter_installation (
  id               uuid PRIMARY KEY,
  meter_id         uuid NOT NULL REFERENCES meter,
  service_point_id uuid NOT NULL REFERENCES service_point,
  installed_at     timestamptz NOT NULL,
  removed_at       timestamptz CHECK (removed_at > installed_at),
  installed_wh     bigint NOT NULL CHECK (installed_wh >= 0),
  removed_wh       bigint
);
CREATE UNIQUE INDEX meter_installation_one_point ON meter_installation (meter_id) WHERE removed_at IS NULL;
CREATE UNIQUE INDEX meter_installation_one_meter ON meter_installation (service_point_id) WHERE removed_at IS NULL;
CREATE INDEX meter_installation_history ON meter_installation (service_point_id, installed_at);

-- Partitioned by month of read_at; partitions are made ahead by ensure_reading_partitions, anything outside them (a far-future
-- reading is kept, not refused) lands in the default partition.
CREATE TABLE reading (
  meter_id        uuid NOT NULL,
  installation_id uuid NOT NULL,
  read_at         timestamptz NOT NULL,
  energy_wh       bigint NOT NULL CHECK (energy_wh >= 0),
  quality         text NOT NULL CHECK (quality IN ('ACTUAL', 'ESTIMATED')),
  cause           text NOT NULL CHECK (cause IN ('FREEZE', 'PERIODIC', 'REQUESTED', 'MANUAL')),
  flags           text[] NOT NULL DEFAULT '{}',
  usable          boolean NOT NULL DEFAULT true,
  received_at     timestamptz NOT NULL,
  PRIMARY KEY (meter_id, read_at, quality)
) PARTITION BY RANGE (read_at);
CREATE TABLE reading_default PARTITION OF reading DEFAULT;

-- Makes one partition per month from first_month to last_month. Rows already in the default partition for a month keep that month
-- from being split off: it stays there, and the function says so by returning it in "left".
CREATE FUNCTION ensure_reading_partitions(first_month date, last_month date) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE month date := date_trunc('month', first_month)::date; skipped text[] := '{}'; part text; low timestamptz; high timestamptz;
BEGIN
  WHILE month <= last_month LOOP
    part := 'reading_' || to_char(month, 'YYYY_MM');
    low := month::timestamp AT TIME ZONE 'UTC';
    high := (month + interval '1 month')::timestamp AT TIME ZONE 'UTC';
    IF to_regclass(part) IS NULL THEN
      IF EXISTS (SELECT FROM reading_default WHERE read_at >= low AND read_at < high) THEN
        skipped := skipped || part;
      ELSE
        EXECUTE format('CREATE TABLE %I PARTITION OF reading FOR VALUES FROM (%L) TO (%L)', part, low, high);
      END IF;
    END IF;
    month := (month + interval '1 month')::date;
  END LOOP;
  RETURN skipped;
END $$;

CREATE TABLE daily_usage (
  installation_id uuid NOT NULL REFERENCES meter_installation,
  usage_date      date NOT NULL,
  energy_wh       bigint NOT NULL CHECK (energy_wh >= 0),
  quality         text NOT NULL CHECK (quality IN ('ACTUAL', 'ESTIMATED')),
  PRIMARY KEY (installation_id, usage_date)
);

CREATE TABLE meter_event (
  id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  meter_id   uuid NOT NULL REFERENCES meter,
  event      text NOT NULL,
  event_at   timestamptz NOT NULL,
  detail     text,
  received_at timestamptz NOT NULL,
  UNIQUE (meter_id, event, event_at)
);

-- billing ----------------------------------------------------------------------------------------------------------

CREATE TABLE bill (
  id               uuid PRIMARY KEY,
  bill_number      bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
  account_id       uuid NOT NULL REFERENCES account,
  service_point_id uuid NOT NULL REFERENCES service_point,
  period_from      date NOT NULL,
  period_to        date NOT NULL CHECK (period_to > period_from),
  energy_wh        bigint NOT NULL CHECK (energy_wh >= 0),
  estimated        boolean NOT NULL,
  issued_at        timestamptz NOT NULL,
  due_date         date NOT NULL,
  currency         char(3) NOT NULL,
  total_minor      bigint NOT NULL CHECK (total_minor >= 0),
  paid_minor       bigint NOT NULL DEFAULT 0,
  late_fee_minor   bigint NOT NULL DEFAULT 0 CHECK (late_fee_minor >= 0),
  late_fee_paid_minor bigint NOT NULL DEFAULT 0,
  CONSTRAINT bill_paid_within_total CHECK (paid_minor BETWEEN 0 AND total_minor),
  CONSTRAINT bill_late_fee_paid_within CHECK (late_fee_paid_minor BETWEEN 0 AND late_fee_minor),
  UNIQUE (service_point_id, period_from)
);
CREATE INDEX bill_account ON bill (account_id, period_from);
CREATE INDEX bill_open ON bill (account_id, due_date) WHERE paid_minor < total_minor OR late_fee_paid_minor < late_fee_minor;

CREATE TABLE bill_line (
  bill_id          uuid NOT NULL REFERENCES bill,
  line_number      smallint NOT NULL,
  kind             text NOT NULL CHECK (kind IN ('ENERGY')),
  tariff_code      text NOT NULL,
  tier             smallint NOT NULL,
  energy_wh        bigint NOT NULL,
  unit_price_micro bigint NOT NULL,
  amount_minor     bigint NOT NULL,
  PRIMARY KEY (bill_id, line_number)
);

-- One row per business key, for ever: idempotency_key never expires.
CREATE TABLE payment (
  id               uuid PRIMARY KEY,
  idempotency_key  text NOT NULL UNIQUE CHECK (length(idempotency_key) BETWEEN 8 AND 128),
  content_sha256   bytea NOT NULL,
  account_id       uuid REFERENCES account,
  account_number   text NOT NULL CHECK (length(account_number) BETWEEN 1 AND 32),
  amount_minor     bigint NOT NULL CHECK (amount_minor > 0),
  currency         char(3) NOT NULL,
  channel          text NOT NULL CHECK (channel IN ('COUNTER_CASH', 'COUNTER_CHEQUE', 'BANK', 'BANK_FILE', 'MOBILE_APP', 'SELF_SERVICE', 'CORRECTION')),
  reference        text CHECK (length(reference) <= 128),
  value_date       date NOT NULL,
  posted_at        timestamptz NOT NULL,
  posted_by        text NOT NULL,
  state            text NOT NULL CHECK (state IN ('POSTED', 'SUSPENSE', 'RESOLVED', 'REVERSED')),
  -- What no bill took: the customer's credit, or the whole amount while in suspense.
  credited_minor   bigint NOT NULL DEFAULT 0 CHECK (credited_minor >= 0),
  resolved_by_payment_id uuid REFERENCES payment,
  CHECK ((account_id IS NULL) = (state IN ('SUSPENSE', 'RESOLVED') OR (state = 'REVERSED' AND account_id IS NULL)))
);
CREATE INDEX payment_account ON payment (account_id, id);
CREATE INDEX payment_suspense ON payment (id) WHERE state = 'SUSPENSE';

CREATE TABLE payment_reversal (
  payment_id      uuid PRIMARY KEY REFERENCES payment,
  idempotency_key text NOT NULL UNIQUE,
  content_sha256  bytea NOT NULL,
  reversed_at     timestamptz NOT NULL,
  reversed_by     text NOT NULL,
  reason          text NOT NULL CHECK (length(reason) BETWEEN 3 AND 1000)
);

-- What a payment (or credit carried over: payment_id of the payment that brought the credit) settled. Reversal adds negative rows.
CREATE TABLE payment_allocation (
  id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  payment_id      uuid REFERENCES payment,
  bill_id         uuid NOT NULL REFERENCES bill,
  principal_minor bigint NOT NULL,
  late_fee_minor  bigint NOT NULL,
  at              timestamptz NOT NULL
);
CREATE INDEX payment_allocation_payment ON payment_allocation (payment_id);
CREATE INDEX payment_allocation_bill ON payment_allocation (bill_id);

-- Double entry: one row is one balanced pair (debit side, credit side, one positive amount), so a half entry cannot exist.
-- A ledger account is a code, plus the customer's account for RECEIVABLE and CUSTOMER_CREDIT.
CREATE TABLE ledger_entry (
  id                bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at                timestamptz NOT NULL,
  kind              text NOT NULL CHECK (kind IN ('BILL', 'PAYMENT', 'CREDIT_APPLIED', 'REVERSAL', 'SUSPENSE_RESOLVED')),
  debit_code        text NOT NULL CHECK (debit_code IN ('RECEIVABLE', 'CUSTOMER_CREDIT', 'CASH', 'REVENUE', 'LATE_FEE_REVENUE', 'SUSPENSE')),
  debit_account_id  uuid REFERENCES account,
  credit_code       text NOT NULL CHECK (credit_code IN ('RECEIVABLE', 'CUSTOMER_CREDIT', 'CASH', 'REVENUE', 'LATE_FEE_REVENUE', 'SUSPENSE')),
  credit_account_id uuid REFERENCES account,
  amount_minor      bigint NOT NULL CHECK (amount_minor > 0),
  currency          char(3) NOT NULL,
  bill_id           uuid REFERENCES bill,
  payment_id        uuid REFERENCES payment,
  reverses_entry_id bigint UNIQUE REFERENCES ledger_entry,
  CHECK ((debit_code IN ('RECEIVABLE', 'CUSTOMER_CREDIT')) = (debit_account_id IS NOT NULL)),
  CHECK ((credit_code IN ('RECEIVABLE', 'CUSTOMER_CREDIT')) = (credit_account_id IS NOT NULL))
);
CREATE INDEX ledger_entry_debit ON ledger_entry (debit_account_id, id) WHERE debit_account_id IS NOT NULL;
CREATE INDEX ledger_entry_credit ON ledger_entry (credit_account_id, id) WHERE credit_account_id IS NOT NULL;
CREATE INDEX ledger_entry_payment ON ledger_entry (payment_id) WHERE payment_id IS NOT NULL;
CREATE TRIGGER ledger_entry_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_entry
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- service ----------------------------------------------------------------------------------------------------------

CREATE TABLE work_order (
  id               uuid PRIMARY KEY,
  work_order_number bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
  kind             text NOT NULL CHECK (kind IN ('RESTORE_ON_SITE', 'INSPECT_RELAY', 'CHECK_INSTALLATION')),
  state            text NOT NULL CHECK (state IN ('OPEN', 'DONE', 'WITHDRAWN')),
  service_point_id uuid NOT NULL REFERENCES service_point,
  account_id       uuid NOT NULL REFERENCES account,
  command_id       uuid,
  owner            text NOT NULL,
  reason           text NOT NULL,
  opened_at        timestamptz NOT NULL,
  deadline_at      timestamptz NOT NULL,
  closed_at        timestamptz,
  closing_reason   text
);
CREATE UNIQUE INDEX work_order_one_open ON work_order (service_point_id, kind) WHERE state = 'OPEN';
CREATE INDEX work_order_open ON work_order (deadline_at) WHERE state = 'OPEN';

-- switching --------------------------------------------------------------------------------------------------------

-- Power is due exactly when a service point has no open interruption.
CREATE TABLE interruption (
  id               uuid PRIMARY KEY,
  service_point_id uuid NOT NULL REFERENCES service_point,
  account_id       uuid NOT NULL REFERENCES account,
  reason           text NOT NULL CHECK (reason IN ('ARREARS', 'PREPAID_EXHAUSTED', 'SAFETY', 'THEFT', 'CUSTOMER_REQUEST', 'VACANT')),
  opened_at        timestamptz NOT NULL,
  opened_by        text NOT NULL,
  evidence         jsonb NOT NULL DEFAULT '{}',
  command_id       uuid,
  closed_at        timestamptz,
  closed_by        text,
  closing_reason   text,
  CHECK ((closed_at IS NULL) = (closed_by IS NULL))
);
CREATE UNIQUE INDEX interruption_one_open ON interruption (service_point_id, reason) WHERE closed_at IS NULL;
CREATE INDEX interruption_history ON interruption (service_point_id, opened_at);
CREATE INDEX interruption_command ON interruption (command_id) WHERE closed_at IS NULL;

CREATE TABLE kill_switch (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  engaged  boolean NOT NULL DEFAULT false,
  since    timestamptz,
  set_by   text,
  reason   text
);
INSERT INTO kill_switch DEFAULT VALUES;

CREATE TABLE switch_command (
  id               uuid PRIMARY KEY,
  account_id       uuid NOT NULL REFERENCES account,
  service_point_id uuid NOT NULL REFERENCES service_point,
  meter_id         uuid NOT NULL REFERENCES meter,
  installation_id  uuid NOT NULL REFERENCES meter_installation,
  operation        text NOT NULL CHECK (operation IN ('CUT', 'RESTORE')),
  mode             text NOT NULL CHECK (mode IN ('DIRECT', 'ARM')),
  reason           text NOT NULL CHECK (reason IN ('ARREARS', 'PREPAID_EXHAUSTED', 'SAFETY', 'THEFT', 'CUSTOMER_REQUEST', 'VACANT')),
  state            text NOT NULL,
  priority         smallint NOT NULL,
  evidence         jsonb NOT NULL DEFAULT '{}',
  requested_by     text NOT NULL,
  requested_at     timestamptz NOT NULL,
  requested_wall_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  request_reason   text NOT NULL,
  payment_id       uuid,
  approved_by      text,
  approved_at      timestamptz,
  sequence         bigint,
  not_after        timestamptz,
  attempts         smallint NOT NULL DEFAULT 0,
  reads            smallint NOT NULL DEFAULT 0,
  contradictions   smallint NOT NULL DEFAULT 0,
  read_request_id  uuid,
  attention_wall_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  give_up_wall_at  timestamptz NOT NULL,
  sent_at          timestamptz,
  accepted_at      timestamptz,
  ended_at         timestamptz,
  ended_wall_at    timestamptz,
  failure_code     text,
  failure_text     text,
  superseded_by_id uuid,
  work_order_id    uuid,
  CHECK (operation = 'RESTORE' OR mode = 'DIRECT'),
  CHECK (approved_by IS NULL OR approved_by <> requested_by)
) WITH (fillfactor = 70);
-- One open command per meter.
CREATE UNIQUE INDEX switch_command_one_open ON switch_command (meter_id)
  WHERE state IN ('PENDING_APPROVAL', 'QUARANTINED', 'QUEUED', 'SENT', 'ACCEPTED', 'ARMED', 'UNKNOWN');
CREATE INDEX switch_command_attention ON switch_command (priority, attention_wall_at)
  WHERE state IN ('QUEUED', 'SENT', 'ACCEPTED', 'ARMED', 'UNKNOWN');
CREATE INDEX switch_command_waiting ON switch_command (requested_at) WHERE state IN ('PENDING_APPROVAL', 'QUARANTINED');
CREATE INDEX switch_command_service_point ON switch_command (service_point_id, id);
CREATE INDEX switch_command_superseded_by ON switch_command (superseded_by_id) WHERE superseded_by_id IS NOT NULL;
CREATE INDEX switch_command_account ON switch_command (account_id, id);

-- The same table as switching/switch-command.ts: a test compares them, and this trigger backs it whoever writes.
CREATE TABLE switch_command_move (from_state text NOT NULL, to_state text NOT NULL, PRIMARY KEY (from_state, to_state));
INSERT INTO switch_command_move VALUES
  ('PENDING_APPROVAL', 'QUEUED'), ('PENDING_APPROVAL', 'CANCELLED'), ('PENDING_APPROVAL', 'EXPIRED'), ('PENDING_APPROVAL', 'QUARANTINED'),
  ('QUARANTINED', 'QUEUED'), ('QUARANTINED', 'CANCELLED'), ('QUARANTINED', 'EXPIRED'),
  ('QUEUED', 'SENT'), ('QUEUED', 'CANCELLED'), ('QUEUED', 'SUPERSEDED'), ('QUEUED', 'EXPIRED'), ('QUEUED', 'QUARANTINED'), ('QUEUED', 'FIELD_VISIT'), ('QUEUED', 'VERIFIED'),
  ('SENT', 'ACCEPTED'), ('SENT', 'ARMED'), ('SENT', 'VERIFIED'), ('SENT', 'REJECTED'), ('SENT', 'UNKNOWN'), ('SENT', 'QUEUED'), ('SENT', 'SUPERSEDED'), ('SENT', 'FAILED'), ('SENT', 'FIELD_VISIT'),
  ('ACCEPTED', 'ARMED'), ('ACCEPTED', 'VERIFIED'), ('ACCEPTED', 'UNKNOWN'), ('ACCEPTED', 'SUPERSEDED'), ('ACCEPTED', 'FAILED'), ('ACCEPTED', 'FIELD_VISIT'),
  ('ARMED', 'VERIFIED'), ('ARMED', 'UNKNOWN'), ('ARMED', 'SUPERSEDED'), ('ARMED', 'FAILED'), ('ARMED', 'FIELD_VISIT'),
  ('UNKNOWN', 'ACCEPTED'), ('UNKNOWN', 'ARMED'), ('UNKNOWN', 'VERIFIED'), ('UNKNOWN', 'REJECTED'), ('UNKNOWN', 'QUEUED'), ('UNKNOWN', 'SUPERSEDED'), ('UNKNOWN', 'EXPIRED'), ('UNKNOWN', 'FAILED'), ('UNKNOWN', 'FIELD_VISIT');
CREATE FUNCTION check_switch_command_move() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM switch_command_move WHERE from_state = OLD.state AND to_state = NEW.state) THEN
    RAISE EXCEPTION 'switch command % may not move from % to %', OLD.id, OLD.state, NEW.state USING ERRCODE = 'check_violation', CONSTRAINT = 'switch_command_move';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER switch_command_move BEFORE UPDATE OF state ON switch_command
  FOR EACH ROW WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION check_switch_command_move();
CREATE TRIGGER switch_command_kept BEFORE DELETE OR TRUNCATE ON switch_command FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- head-end ---------------------------------------------------------------------------------------------------------

-- What arrived and could not be used, byte for byte, with the reason.
CREATE TABLE uplink_quarantine (
  id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  topic            text NOT NULL,
  payload          bytea NOT NULL,
  payload_bytes    integer NOT NULL,
  code             text NOT NULL,
  message          text NOT NULL,
  received_at      timestamptz NOT NULL
);

-- simulation -------------------------------------------------------------------------------------------------------

-- One row when this database holds a simulated world: what it was drawn from. key_seed lets a simulator derive its meters' keys.
CREATE TABLE simulated_world (
  only_row  boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  plan      jsonb NOT NULL,
  key_seed  text NOT NULL,
  starts_at timestamptz NOT NULL,
  complete  boolean NOT NULL DEFAULT false
);
CREATE INDEX uplink_quarantine_received ON uplink_quarantine (received_at);
