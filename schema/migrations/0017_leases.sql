-- What one process of several does at a time (docs/decisions/0023). A lease is free when nobody holds it, or its holder is not alive.

CREATE TABLE lease_holder (
  -- One for each start of a process.
  id uuid PRIMARY KEY,
  -- INSTANCE of the process, for people.
  instance text NOT NULL,
  -- The database connection that lives as long as the process: when it is gone, so is the process, long before its time is up.
  backend_pid integer NOT NULL,
  backend_start timestamptz NOT NULL,
  expires_wall_at timestamptz NOT NULL
);
CREATE TABLE lease (
  name text PRIMARY KEY,
  holder uuid,
  -- Rises with every new holder.
  epoch bigint NOT NULL DEFAULT 0
);

-- Numbers of the head-end's probe at the broker: no device may bear them.
ALTER TABLE gateway ADD CONSTRAINT gateway_not_a_probe CHECK (gateway_number NOT IN ('000000000000', '999999999999'));
