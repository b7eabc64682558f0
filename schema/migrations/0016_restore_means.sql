-- What brings power back and what keeps it: the button, the one-time code, protection kept at the meter, and outages told apart from cuts.

-- Why a restore was ordered direct or armed, decided for each order anew (reconnect-mode-policy.ts). Null: a cut, or ordered before there was a rule.
ALTER TABLE switch_command
  ADD COLUMN mode_reason text CHECK (mode_reason IN ('NO_REASON_TO_ARM', 'METER', 'CUSTOMER_CLASS', 'LONG_OFF', 'BACKFEED')),
  ADD COLUMN mode_evidence text,
  -- How often it was armed again after nobody had pressed the button in time.
  ADD COLUMN rearms smallint NOT NULL DEFAULT 0;
-- The time of an armed meter ran out: it is armed once more, under a new sequence.
INSERT INTO switch_command_move VALUES ('ARMED', 'QUEUED');

-- One-time restore codes (复电码). The code itself is nowhere: it follows from the meter's key and the sequence.
CREATE TABLE restore_code (
  id               uuid PRIMARY KEY,
  account_id       uuid NOT NULL REFERENCES account,
  service_point_id uuid NOT NULL REFERENCES service_point,
  meter_id         uuid NOT NULL REFERENCES meter,
  installation_id  uuid NOT NULL REFERENCES meter_installation,
  command_id       uuid NOT NULL REFERENCES switch_command,
  sequence         bigint NOT NULL CHECK (sequence > 0),
  state            text NOT NULL CHECK (state IN ('ISSUED', 'ACCEPTED', 'VOID', 'EXPIRED')),
  origin           text NOT NULL CHECK (origin IN ('PERSON', 'NO_ANSWER')),
  issued_at        timestamptz NOT NULL,
  issued_by        text NOT NULL,
  reason           text NOT NULL,
  expires_at       timestamptz NOT NULL CHECK (expires_at > issued_at),
  ended_at         timestamptz,
  -- What ended it: METER_EVENT, METER_STATE, FIELD_REPORT, NEW_CODE, LATER_ORDER, NOT_DUE, TIME.
  ended_by         text CHECK (length(ended_by) <= 64),
  refusals         integer NOT NULL DEFAULT 0,
  CHECK ((state = 'ISSUED') = (ended_at IS NULL)),
  UNIQUE (meter_id, sequence)
);
CREATE UNIQUE INDEX restore_code_one_open ON restore_code (meter_id) WHERE state = 'ISSUED';
CREATE INDEX restore_code_expiry ON restore_code (expires_at) WHERE state = 'ISSUED';
CREATE INDEX restore_code_command ON restore_code (command_id);
CREATE INDEX restore_code_service_point ON restore_code (service_point_id, id);
CREATE TRIGGER restore_code_kept BEFORE DELETE OR TRUNCATE ON restore_code FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Messages about the way back to power. {code} in a body stands for the restore code, which is put in as the message leaves.
ALTER TABLE notice DROP CONSTRAINT notice_purpose_check;
ALTER TABLE notice ADD CONSTRAINT notice_purpose_check
  CHECK (purpose IN ('REMINDER', 'DEMAND', 'CUT_NOTICE', 'LAST_CALL', 'RESTORE_BUTTON', 'RESTORE_CODE'));
ALTER TABLE notice
  ADD COLUMN command_id uuid REFERENCES switch_command,
  ADD COLUMN restore_code_id uuid REFERENCES restore_code,
  ADD CONSTRAINT notice_restore_whole CHECK ((purpose IN ('RESTORE_BUTTON', 'RESTORE_CODE')) = (command_id IS NOT NULL)),
  ADD CONSTRAINT notice_code_whole CHECK ((purpose = 'RESTORE_CODE') = (restore_code_id IS NOT NULL));
DROP INDEX notice_one_open;
CREATE UNIQUE INDEX notice_one_open ON notice (account_id, coalesce(step_code, 'LAST_CALL'),
  coalesce(anchor_bill_id, restore_code_id, command_id, '00000000-0000-0000-0000-000000000000'), recipient) WHERE state IN ('PREPARED', 'SENT');
CREATE INDEX notice_command ON notice (command_id) WHERE command_id IS NOT NULL;

-- Orders to keep or end protection (保电) at the meter. Due is what the customer's protections say; reported is the meter's own word.
CREATE TABLE protection_order (
  id               uuid PRIMARY KEY,
  account_id       uuid NOT NULL REFERENCES account,
  service_point_id uuid NOT NULL REFERENCES service_point,
  meter_id         uuid NOT NULL REFERENCES meter,
  installation_id  uuid NOT NULL REFERENCES meter_installation,
  operation        text NOT NULL CHECK (operation IN ('PROTECT', 'UNPROTECT')),
  state            text NOT NULL CHECK (state IN ('QUEUED', 'SENT', 'VERIFIED', 'FAILED', 'WITHDRAWN')),
  ordered_at       timestamptz NOT NULL,
  reason           text NOT NULL,
  sequence         bigint,
  not_after        timestamptz,
  sent_at          timestamptz,
  attempts         integer NOT NULL DEFAULT 0,
  next_attempt_wall_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  refusal          text,
  ended_at         timestamptz,
  CHECK ((state IN ('QUEUED', 'SENT')) = (ended_at IS NULL)),
  CHECK (state <> 'SENT' OR (sequence IS NOT NULL AND sent_at IS NOT NULL AND not_after IS NOT NULL))
);
CREATE UNIQUE INDEX protection_order_one_open ON protection_order (meter_id) WHERE state IN ('QUEUED', 'SENT');
CREATE INDEX protection_order_attempt ON protection_order (next_attempt_wall_at) WHERE state IN ('QUEUED', 'SENT');
CREATE INDEX protection_order_meter ON protection_order (meter_id, id);
CREATE TRIGGER protection_order_kept BEFORE DELETE OR TRUNCATE ON protection_order FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Presence, last gasp and relay are three facts. Event times are the meter's own clock.
ALTER TABLE gateway ADD COLUMN offline_cause text CHECK (offline_cause IN ('LAST_GASP'));
ALTER TABLE meter
  ADD COLUMN last_gasp_at timestamptz,
  ADD COLUMN power_on_at timestamptz,
  -- Since when a meter behind a concentrator does not answer on its serial line; null: it does.
  ADD COLUMN silent_since timestamptz;
CREATE INDEX meter_last_gasp ON meter (gateway_id) WHERE last_gasp_at IS NOT NULL;

-- Power is away although nothing was cut: a fault as the meters' words tell it, or an announced outage.
CREATE TABLE outage (
  id               uuid PRIMARY KEY,
  outage_number    bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
  kind             text NOT NULL CHECK (kind IN ('FAULT', 'PLANNED')),
  scope            text NOT NULL CHECK (scope IN ('DISTRICT', 'SERVICE_POINT')),
  district_id      uuid NOT NULL REFERENCES transformer_district,
  service_point_id uuid REFERENCES service_point,
  started_at       timestamptz NOT NULL,
  -- Planned: the announced end.
  expected_end_at  timestamptz CHECK (expected_end_at > started_at),
  ended_at         timestamptz CHECK (ended_at >= started_at),
  evidence         jsonb NOT NULL DEFAULT '{}',
  reason           text NOT NULL,
  recorded_at      timestamptz NOT NULL,
  recorded_by      text NOT NULL,
  ended_by         text,
  CHECK ((scope = 'SERVICE_POINT') = (service_point_id IS NOT NULL)),
  CHECK ((kind = 'PLANNED') = (expected_end_at IS NOT NULL))
);
CREATE UNIQUE INDEX outage_one_fault_district ON outage (district_id) WHERE kind = 'FAULT' AND scope = 'DISTRICT' AND ended_at IS NULL;
CREATE UNIQUE INDEX outage_one_fault_point ON outage (service_point_id) WHERE kind = 'FAULT' AND scope = 'SERVICE_POINT' AND ended_at IS NULL;
CREATE INDEX outage_district ON outage (district_id, started_at);
CREATE INDEX outage_open ON outage (district_id) WHERE ended_at IS NULL;
CREATE TRIGGER outage_kept BEFORE DELETE OR TRUNCATE ON outage FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
