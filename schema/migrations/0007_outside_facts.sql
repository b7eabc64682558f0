-- What a cut depends on and nobody here decides: the weather, and whether one can still pay today.

-- Code of the weather region a district lies in (a county, a warning zone). NULL: the district's own code up to its last hyphen.
ALTER TABLE transformer_district ADD COLUMN weather_region text CHECK (weather_region ~ '^[A-Z0-9-]{1,32}$');

-- What a weather service said, when. A correction is a new row with a later issued_at; nothing is ever changed.
CREATE TABLE weather_report (
  id          uuid PRIMARY KEY,
  region      text NOT NULL CHECK (region ~ '^[A-Z0-9-]{1,32}$'),
  kind        text NOT NULL CHECK (kind IN ('OBSERVED', 'FORECAST', 'ALERT')),
  alert_kind  text CHECK (alert_kind IN ('HEAT', 'COLD', 'STORM', 'NONE')),
  observed_on date,
  period_from timestamptz,
  period_to   timestamptz,
  issued_at   timestamptz NOT NULL,
  min_milli_c integer,
  max_milli_c integer,
  received_at timestamptz NOT NULL,
  recorded_by text NOT NULL,
  UNIQUE NULLS NOT DISTINCT (region, kind, issued_at, period_from, period_to, observed_on, alert_kind),
  CHECK ((kind = 'OBSERVED') = (observed_on IS NOT NULL)),
  CHECK ((kind = 'OBSERVED') = (period_from IS NULL) AND (kind = 'OBSERVED') = (period_to IS NULL)),
  CHECK ((kind = 'ALERT') = (alert_kind IS NOT NULL)),
  CHECK ((kind = 'ALERT') = (min_milli_c IS NULL) AND (kind = 'ALERT') = (max_milli_c IS NULL)),
  CHECK (period_from < period_to),
  CHECK (min_milli_c <= max_milli_c)
);
CREATE INDEX weather_report_region ON weather_report (region, issued_at, id);
CREATE INDEX weather_report_received ON weather_report (received_at);

-- Where and when one can pay. hours: [{"weekday": 1, "opens": "08:30", "closes": "17:30"}, …] in local time, 1 = Monday.
-- district_id NULL: for everybody. closed_from, closed_until: local days, both included; without an end it stays closed.
CREATE TABLE payment_channel (
  id               uuid PRIMARY KEY,
  code             text NOT NULL UNIQUE CHECK (code ~ '^[A-Z0-9-]{2,32}$'),
  name             text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  kind             text NOT NULL CHECK (kind IN ('COUNTER', 'AGENT', 'BANK', 'SELF_SERVICE', 'APP', 'ONLINE_BANK')),
  district_id      uuid REFERENCES transformer_district,
  hours            jsonb NOT NULL CHECK (jsonb_typeof(hours) = 'array'),
  open_on_holidays boolean NOT NULL,
  closed_from      date,
  closed_until     date,
  down_since       timestamptz,
  changed_at       timestamptz NOT NULL,
  CHECK (closed_until IS NULL OR closed_from <= closed_until)
);
CREATE INDEX payment_channel_district ON payment_channel (district_id);
