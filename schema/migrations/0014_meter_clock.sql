-- A meter whose clock is wrong: found, set by a time order, read again, until it is right or somebody goes there. One at a time for each meter.
CREATE TABLE meter_clock_correction (
  id           uuid PRIMARY KEY,
  meter_id     uuid NOT NULL REFERENCES meter,
  state        text NOT NULL CHECK (state IN ('OPEN', 'VERIFIED', 'GIVEN_UP')),
  -- What gave it away: the refusal of an order, or a clock that was read.
  found_by     text NOT NULL,
  -- As it was read when it was found, and last; null: not read yet.
  found_offset_ms bigint,
  last_offset_ms  bigint,
  -- Since when last_offset_ms is known; an offset read before an order was sent says nothing about it.
  read_at      timestamptz,
  questions    smallint NOT NULL DEFAULT 0,
  attempts     smallint NOT NULL DEFAULT 0,
  -- The last time order, and its sequence at the meter.
  request_id   uuid,
  sequence     bigint,
  sent_at      timestamptz,
  opened_at    timestamptz NOT NULL,
  attention_wall_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  ended_at     timestamptz,
  CHECK ((state = 'OPEN') = (ended_at IS NULL))
);
CREATE UNIQUE INDEX meter_clock_correction_one_open ON meter_clock_correction (meter_id) WHERE ended_at IS NULL;
CREATE INDEX meter_clock_correction_due ON meter_clock_correction (attention_wall_at) WHERE ended_at IS NULL;
