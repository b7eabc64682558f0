import type { EntityMetadata, EntityProperty, MikroORM } from '@mikro-orm/postgresql';
import { openOrm } from '../../src/orm.js';
import { CUT_BATCH_MOVES } from '../../src/dunning/cut-batch.js';
import { NOTICE_MOVES } from '../../src/dunning/notice.js';
import { SWITCH_COMMAND_MOVES } from '../../src/switching/switch-command.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import pg from 'pg';

/** Tables that no entity describes: nobody reads them through the ORM. Anything else belongs into src/orm.ts. */
const NOT_ENTITIES = new Set([
  'lease',
  'lease_holder',
  'clock_state', // platform/clock.ts
  'request_key', // platform/idempotency.ts
  'schedule', // platform/schedules.ts
  'audit_batch', // platform/audit-seals.ts
  'audit_checkpoint', // platform/audit-seals.ts
  'kill_switch', // flows/set-kill-switch.ts
  'switch_command_move', // the trigger's copy of SWITCH_COMMAND_MOVES
  'notice_move', // the trigger's copy of NOTICE_MOVES
  'cut_batch_move', // the trigger's copy of CUT_BATCH_MOVES
  'cut_gate', // one row to be locked, with nothing to read
  'policy_version', // written at the start, for auditors (dunning/policies-in-force.ts)
  'meter_clock_correction', // metering/clock-corrections.ts
  'uplink_quarantine', // flows/take-uplink.ts
  'simulated_world', // simulation/open-world.ts
  'reading_gap_scan', // metering/reading-gaps.ts
  'period_reading', // metering/readings.ts, billing/billing-facts.ts
  'restore_clock_ended', // dunning/restore-breaches.ts
  'billing_run_page', // billing/billing-runs.ts
  'mikro_orm_migrations', // the ORM's own
]);

/** Column type of the database → column types an entity may declare for it. */
const SAME_TYPE: Readonly<Record<string, RegExp>> = {
  uuid: /^uuid$/,
  text: /^(text|varchar\(\d+\)|character varying\(\d+\))$/,
  'character(3)': /^(char\(3\)|character\(3\)|text|varchar\(\d+\))$/,
  bigint: /^bigint|^bigserial/,
  integer: /^(int|integer)$/,
  smallint: /^(smallint|int2)$/,
  boolean: /^(boolean|bool)$/,
  date: /^date$/,
  'timestamp with time zone': /^timestamptz/,
  bytea: /^bytea$/,
  jsonb: /^jsonb$/,
  'text[]': /^text\[\]$/,
  xid8: /^xid8$/,
};

interface Column {
  table: string;
  column: string;
  type: string;
  nullable: boolean;
  primary: boolean;
}

describe('the migrated schema and the code agree', () => {
  let database: TestDatabase;
  let orm: MikroORM;
  let client: pg.Client;
  let columns: Column[];
  beforeAll(async () => {
    database = await createTestDatabase();
    orm = await openOrm(database.url);
    client = new pg.Client({ connectionString: database.url });
    await client.connect();
    columns = (
      await client.query<Column>(
        `SELECT c.relname AS "table", a.attname AS "column", format_type(a.atttypid, a.atttypmod) AS type, NOT a.attnotnull AS nullable,
                coalesce(a.attnum = ANY (k.conkey), false) AS primary
         FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
         LEFT JOIN pg_constraint k ON k.conrelid = c.oid AND k.contype = 'p'
         WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition ORDER BY 1, a.attnum`,
      )
    ).rows;
  });
  afterAll(async () => {
    await client.end();
    await orm.close(true);
    await database.drop();
  });

  const entities = (): EntityMetadata[] => [...orm.getMetadata().getAll().values()];
  const properties = (meta: EntityMetadata): { prop: EntityProperty; column: string }[] =>
    Object.values(meta.properties as Record<string, EntityProperty>).map((prop) => ({
      prop,
      column: prop.fieldNames[0]!,
    }));

  test('every entity column is in its table, with the same nullability, key and type', () => {
    const faults = entities().flatMap((meta) =>
      properties(meta).flatMap(({ prop, column }) => {
        const name = `${meta.className}.${prop.name}`;
        const found = columns.find((one) => one.table === meta.tableName && one.column === column);
        if (!found)
          return [`${name}: table ${meta.tableName} has no column ${column}; add a migration, or remove the property`];
        const declared = prop.columnTypes[0]!;
        return [
          ...((prop.nullable ?? false) === found.nullable
            ? []
            : [`${name}: nullable ${prop.nullable ?? false} here, ${found.nullable} in the table`]),
          ...((prop.primary ?? false) === found.primary
            ? []
            : [`${name}: primary key ${prop.primary ?? false} here, ${found.primary} in the table`]),
          ...(SAME_TYPE[found.type]?.test(declared) ? [] : [`${name}: ${declared} here, ${found.type} in the table`]),
        ];
      }),
    );
    expect(entities().length).toBeGreaterThan(20);
    expect(faults).toEqual([]);
  });

  test('every column of every table is in an entity, or its table is on the list', () => {
    const described = new Set(
      entities().flatMap((meta) => properties(meta).map(({ column }) => `${meta.tableName}.${column}`)),
    );
    const forgotten = columns.filter(
      ({ table, column }) => !NOT_ENTITIES.has(table) && !described.has(`${table}.${column}`),
    );
    expect(forgotten.map(({ table, column }) => `${table}.${column}`)).toEqual([]);
    expect([...NOT_ENTITIES].filter((table) => !columns.some((one) => one.table === table))).toEqual([]);
  });

  test.each([
    ['switch_command_move', SWITCH_COMMAND_MOVES],
    ['notice_move', NOTICE_MOVES],
    ['cut_batch_move', CUT_BATCH_MOVES],
  ])('%s allows exactly the moves of the code', async (table, moves: Readonly<Record<string, readonly string[]>>) => {
    const { rows } = await client.query<{ move: string }>(
      `SELECT from_state || ' → ' || to_state AS move FROM ${table}`,
    );
    const declared = Object.entries(moves).flatMap(([from, targets]) => targets.map((to) => `${from} → ${to}`));
    expect(rows.map(({ move }) => move).sort()).toEqual(declared.sort());
  });
});
