import pg from 'pg';

/** Own tables, so that the product's rows stay the product's. LIKE brings widths, defaults, checks and indexes, not triggers. */
const SCHEMA = `
  DROP SCHEMA IF EXISTS bench_floor CASCADE;
  CREATE SCHEMA bench_floor;
  CREATE TABLE bench_floor.switch_command (LIKE public.switch_command INCLUDING ALL);
  CREATE TABLE bench_floor.meter (LIKE public.meter INCLUDING ALL);
  CREATE TABLE bench_floor.audit_entry (LIKE public.audit_entry INCLUDING ALL);
  INSERT INTO bench_floor.meter SELECT * FROM public.meter;`;

const COPY_COMMANDS = `INSERT INTO bench_floor.switch_command
  SELECT (jsonb_populate_record(c, '{"state": "QUEUED", "operation": "RESTORE", "ended_at": null, "ended_wall_at": null}')).*
  FROM public.switch_command c WHERE id = ANY($1::uuid[])`;

const DETAIL = `jsonb_build_object('by', 'ACK', 'result', 'ACCEPTED', 'relay', 'CLOSED', 'armed', false, 'lastSequence', '2', 'meterAt', now(),
  'supplyVoltageMv', 229871, 'loadVoltageMv', 229544, 'powerW', 412)`;

// What the product writes between the payment's answer and the proof: the command SENT with the meter's next sequence and one
// audit entry, then the command VERIFIED with the meter's word and one audit entry. There in two transactions, here in one.
const SEND = {
  name: 'floor-send',
  text: `WITH numbered AS (UPDATE bench_floor.meter SET sequence = sequence + 1 WHERE id = (SELECT meter_id FROM bench_floor.switch_command WHERE id = $1) RETURNING sequence),
    sent AS (
      UPDATE bench_floor.switch_command SET state = 'SENT', sequence = numbered.sequence, attempts = attempts + 1, sent_at = now(),
        not_after = now() + interval '7 days', attention_wall_at = now() + interval '8 seconds'
      FROM numbered WHERE id = $1 RETURNING id, account_id, service_point_id, numbered.sequence)
    INSERT INTO bench_floor.audit_entry (at, actor_kind, actor, act, subject_type, subject_id, account_id, service_point_id, from_state, to_state, detail)
    SELECT now(), 'SYSTEM', 'dispatch', 'switch-command.moved', 'SwitchCommand', id, account_id, service_point_id, 'QUEUED', 'SENT',
      jsonb_build_object('sequence', sequence, 'attempt', 1, 'notAfter', now()) FROM sent`,
};
const PROVE = {
  name: 'floor-prove',
  text: `WITH proven AS (
      UPDATE bench_floor.switch_command SET state = 'VERIFIED', accepted_at = now(), ended_at = now(), ended_wall_at = clock_timestamp()
      WHERE id = $1 RETURNING id, account_id, service_point_id, meter_id),
    stored AS (
      UPDATE bench_floor.meter m SET reported_since = now(), reported_relay = 'CLOSED', reported_sequence = m.sequence, reported_meter_at = now(),
        reported_at = now(), supply_voltage_mv = 229871, load_voltage_mv = 229544, power_w = 412, clock_offset_ms = 3 FROM proven WHERE m.id = proven.meter_id)
    INSERT INTO bench_floor.audit_entry (at, actor_kind, actor, act, subject_type, subject_id, account_id, service_point_id, from_state, to_state, detail)
    SELECT now(), 'SYSTEM', 'take-meter-reports', 'switch-command.moved', 'SwitchCommand', id, account_id, service_point_id, 'SENT', 'VERIFIED', ${DETAIL} FROM proven`,
};

/** The rows of a restore, written by plain `pg` with prepared statements and committed once. */
export class FloorRows {
  private constructor(
    private readonly connection: pg.Client,
    private readonly commandIds: readonly string[],
  ) {}

  /** Makes the tables and copies these commands (in any state) and all meters into them, as they were before the restore. */
  static async open(databaseUrl: string, commandIds: readonly string[]): Promise<FloorRows> {
    const connection = new pg.Client({ connectionString: databaseUrl, application_name: 'bench floor' });
    await connection.connect();
    await connection.query(SCHEMA);
    await connection.query(COPY_COMMANDS, [commandIds]);
    await connection.query('ANALYZE bench_floor.switch_command');
    await connection.query('ANALYZE bench_floor.meter');
    return new FloorRows(connection, commandIds);
  }

  /** Writes and commits the rows of one command. */
  async commit(index: number): Promise<void> {
    const values = [this.commandIds[index]];
    await this.connection.query('BEGIN');
    await this.connection.query({ ...SEND, values });
    await this.connection.query({ ...PROVE, values });
    await this.connection.query('COMMIT');
  }

  async close(): Promise<void> {
    await this.connection.end();
  }
}
