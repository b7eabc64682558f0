-- The dry run of a day's cuts (停电预演): who could be cut and who not, and why, before anybody is asked to approve; compared afterwards
-- with what happened.

-- REQUEST: asked for by a person. NIGHTLY: made by the schedule for the company, once for each day.
CREATE TABLE cut_dry_run (
  id             uuid PRIMARY KEY,
  dry_run_number bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
  origin         text NOT NULL CHECK (origin IN ('REQUEST', 'NIGHTLY')),
  scope          text NOT NULL CHECK (scope IN ('DISTRICT', 'COMPANY')),
  district_id    uuid REFERENCES transformer_district,
  for_date       date NOT NULL,
  -- The instant of that day for which each account is judged.
  judged_for     timestamptz NOT NULL,
  state          text NOT NULL CHECK (state IN ('QUEUED', 'RUNNING', 'DONE', 'FAILED')),
  considered     integer NOT NULL DEFAULT 0,
  permitted      integer NOT NULL DEFAULT 0,
  -- The last service point judged: written with the lines of its page, so a run goes on exactly where it stood.
  position       uuid,
  requested_by   text NOT NULL,
  requested_at   timestamptz NOT NULL,
  reason         text NOT NULL CHECK (length(reason) <= 1000),
  started_at     timestamptz,
  ended_at       timestamptz,
  failure_text   text,
  -- The process that works on it, until when nobody else takes it over.
  worker         uuid,
  lease_wall_at  timestamptz,
  CHECK ((scope = 'DISTRICT') = (district_id IS NOT NULL)),
  CHECK (permitted <= considered)
) WITH (fillfactor = 70);
-- One at a time for a district, and one for the company.
CREATE UNIQUE INDEX cut_dry_run_one_open ON cut_dry_run (scope, coalesce(district_id, '00000000-0000-0000-0000-000000000000'))
  WHERE state IN ('QUEUED', 'RUNNING');
CREATE UNIQUE INDEX cut_dry_run_nightly ON cut_dry_run (for_date) WHERE origin = 'NIGHTLY';
CREATE INDEX cut_dry_run_for_date ON cut_dry_run (for_date, id);

-- One service point that owes something overdue, and what blocks its cut on that day. Rows are written once and go with their run.
CREATE TABLE cut_dry_run_line (
  run_id           uuid NOT NULL REFERENCES cut_dry_run ON DELETE CASCADE,
  service_point_id uuid NOT NULL REFERENCES service_point,
  account_id       uuid NOT NULL REFERENCES account,
  reason           text NOT NULL CHECK (reason IN ('ARREARS', 'PREPAID_EXHAUSTED')),
  permitted        boolean NOT NULL,
  -- Codes of the checks that block, in the order of the checks; empty when permitted.
  blocking         text[] NOT NULL,
  -- The same checks with evidence and clause: [{code, passed, evidence, clause}].
  reasons          jsonb NOT NULL,
  -- Overdue, late fees included; paid ahead: what the balance is below zero.
  debt_minor       bigint NOT NULL CHECK (debt_minor >= 0),
  currency         char(3) NOT NULL,
  -- Null where no policy applies, and then nobody is cut.
  policy_code      text,
  policy_version   integer,
  PRIMARY KEY (run_id, service_point_id),
  CHECK (permitted = (cardinality(blocking) = 0))
);
-- Why was I on the list? Newest runs of an account.
CREATE INDEX cut_dry_run_line_account ON cut_dry_run_line (account_id, run_id);

CREATE TRIGGER cut_dry_run_line_unchanged BEFORE UPDATE ON cut_dry_run_line
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
