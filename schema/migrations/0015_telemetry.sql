-- Telemetry at scale: events and what meters say of themselves in partitions by month, the newest register of each installation at
-- hand, midnights that are missing (docs/telemetry.md).

-- partitions -------------------------------------------------------------------------------------------------------

-- Makes one partition per month (UTC) of a table partitioned by range of key_column. Rows already in the default partition for a month
-- keep that month from being split off: it stays there, and the function returns its name.
CREATE FUNCTION ensure_month_partitions(parent text, key_column text, first_month date, last_month date) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE month date := date_trunc('month', first_month)::date; skipped text[] := '{}'; part text; low timestamptz; high timestamptz; taken boolean;
BEGIN
  WHILE month <= last_month LOOP
    part := parent || '_' || to_char(month, 'YYYY_MM');
    low := month::timestamp AT TIME ZONE 'UTC';
    high := (month + interval '1 month')::timestamp AT TIME ZONE 'UTC';
    IF to_regclass(part) IS NULL THEN
      EXECUTE format('SELECT EXISTS (SELECT FROM %I WHERE %I >= $1 AND %I < $2)', parent || '_default', key_column, key_column) INTO taken USING low, high;
      IF taken THEN
        skipped := skipped || part;
      ELSE
        EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)', part, parent, low, high);
      END IF;
    END IF;
    month := (month + interval '1 month')::date;
  END LOOP;
  RETURN skipped;
END $$;

-- The partitions of all telemetry, readings included.
CREATE FUNCTION ensure_telemetry_partitions(first_month date, last_month date) RETURNS text[] LANGUAGE sql AS $$
  SELECT ensure_month_partitions('reading', 'read_at', first_month, last_month)
      || ensure_month_partitions('meter_event', 'event_at', first_month, last_month)
      || ensure_month_partitions('meter_state', 'meter_at', first_month, last_month) $$;

-- Drops the partitions of meter_event or meter_state that lie wholly before a month, and returns their names. An operator's act, or the
-- schedule's where METER_HISTORY_MONTHS is set. Readings are not telemetry to be forgotten: bills rest on them.
CREATE FUNCTION drop_meter_history(parent text, before_month date) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE part text; dropped text[] := '{}';
BEGIN
  IF parent NOT IN ('meter_event', 'meter_state') THEN
    RAISE EXCEPTION 'only meter_event and meter_state may be dropped by month, not %', parent;
  END IF;
  FOR part IN
    SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = parent::regclass AND c.relname ~ ('^' || parent || '_\d{4}_\d{2}$')
      AND to_date(right(c.relname, 7), 'YYYY_MM') < date_trunc('month', before_month) ORDER BY 1
  LOOP
    EXECUTE format('DROP TABLE %I', part);
    dropped := dropped || part;
  END LOOP;
  RETURN dropped;
END $$;

-- readings ---------------------------------------------------------------------------------------------------------

-- The newest stored reading of the meter, where it was read (not estimated), believed, and belongs to this installation, which is the
-- present one; otherwise null: then nothing is known here, and the readings themselves must be asked. With it the next reading is
-- judged, and its day of use derived, without looking at readings at all. Written under the row's lock by those who store readings.
ALTER TABLE meter_installation
  ADD COLUMN last_read_at timestamptz,
  ADD COLUMN last_wh bigint,
  -- Whether the local day in which last_read_at lies (and which it does not begin) was read at its very beginning; null: no use is kept of it.
  ADD COLUMN last_day_exact boolean,
  ADD CONSTRAINT meter_installation_last_reading CHECK ((last_read_at IS NULL) = (last_wh IS NULL));
-- Each reading changes its row; room on the page keeps the indexes out of it.
ALTER TABLE meter_installation SET (fillfactor = 50);

-- A day of use is written only by who holds the lock of its installation's row; to look for that row once more costs as much as the day itself.
ALTER TABLE daily_usage DROP CONSTRAINT daily_usage_installation_id_fkey;

-- events -----------------------------------------------------------------------------------------------------------

ALTER TABLE meter_event RENAME TO meter_event_unpartitioned;
ALTER TABLE meter_event_unpartitioned RENAME CONSTRAINT meter_event_pkey TO meter_event_unpartitioned_pkey;
-- The key is what the meter said: hearing it twice changes nothing. By month of the meter's own clock, as the key must hold that.
CREATE TABLE meter_event (
  id          bigint GENERATED ALWAYS AS IDENTITY,
  meter_id    uuid NOT NULL,
  event       text NOT NULL,
  event_at    timestamptz NOT NULL,
  detail      text,
  received_at timestamptz NOT NULL,
  PRIMARY KEY (meter_id, event_at, event)
) PARTITION BY RANGE (event_at);
CREATE TABLE meter_event_default PARTITION OF meter_event DEFAULT;

-- states -----------------------------------------------------------------------------------------------------------

-- What meters said of relay, voltages and load, as it came: the history behind meter.reported_*, which holds the newest word only.
CREATE TABLE meter_state (
  meter_id          uuid NOT NULL,
  -- The meter's own clock.
  meter_at          timestamptz NOT NULL,
  kind              text NOT NULL CHECK (kind IN ('ACK', 'STATE')),
  last_sequence     bigint NOT NULL,
  relay             text NOT NULL CHECK (relay IN ('OPEN', 'CLOSED')),
  armed             boolean NOT NULL,
  protected         boolean NOT NULL,
  supply_voltage_mv integer,
  load_voltage_mv   integer,
  power_w           integer,
  received_at       timestamptz NOT NULL,
  PRIMARY KEY (meter_id, meter_at, kind, last_sequence, relay, armed)
) PARTITION BY RANGE (meter_at);
CREATE TABLE meter_state_default PARTITION OF meter_state DEFAULT;

-- Events of the past get their months; what lies far from today by a clock gone wrong stays in the default partition.
SELECT ensure_month_partitions('meter_event', 'event_at', min(event_at)::date, max(event_at)::date)
FROM meter_event_unpartitioned WHERE event_at BETWEEN now() - interval '10 years' AND now() + interval '3 months';
INSERT INTO meter_event (meter_id, event, event_at, detail, received_at)
  SELECT meter_id, event, event_at, detail, received_at FROM meter_event_unpartitioned ORDER BY id;
DROP TABLE meter_event_unpartitioned;

-- gaps -------------------------------------------------------------------------------------------------------------

-- A midnight of an installation without a register that was read. Found by a schedule, asked for over the wire, and filled or given up.
CREATE TABLE reading_gap (
  installation_id uuid NOT NULL REFERENCES meter_installation,
  midnight_at     timestamptz NOT NULL,
  meter_id        uuid NOT NULL,
  -- The local day that begins at midnight_at, as the meter is asked for it.
  midnight        date NOT NULL,
  state           text NOT NULL DEFAULT 'OPEN' CHECK (state IN ('OPEN', 'FILLED', 'GIVEN_UP')),
  found_at        timestamptz NOT NULL,
  attempts        smallint NOT NULL DEFAULT 0,
  -- When the meter was asked last, and when it may be asked (again), wall time.
  asked_wall_at   timestamptz,
  ask_wall_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
  ended_at        timestamptz CHECK ((ended_at IS NULL) = (state = 'OPEN')),
  PRIMARY KEY (installation_id, midnight_at)
) WITH (fillfactor = 80);
CREATE INDEX reading_gap_open ON reading_gap (ask_wall_at) WHERE state = 'OPEN';
CREATE INDEX reading_gap_meter ON reading_gap (meter_id, midnight_at);
CREATE INDEX reading_gap_asked ON reading_gap (asked_wall_at) WHERE state = 'OPEN';

-- Midnights that have been looked through, so that each is looked through once.
CREATE TABLE reading_gap_scan (
  midnight_at timestamptz PRIMARY KEY,
  scanned_at  timestamptz NOT NULL,
  missing     integer NOT NULL
);
