import { fork, type ChildProcess } from 'node:child_process';
import { appendFileSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { addCheckpoint, sealBatch } from '../../src/platform/audit-seals.js';
import { recordAudit } from '../../src/platform/audit.js';
import { LIMITS } from '../../src/platform/limits.js';
import { eventually } from '../support/eventually.js';
import { Dice, openAuditWorld, someEntry, type AuditWorld } from './support/audit-world.js';

const SEED = 4711;

let world: AuditWorld;
beforeEach(async () => {
  world = await openAuditWorld();
});
afterEach(() => world.stop());

const time = (iso = '2026-03-10T02:00:05.000Z', wall = '2026-03-10T02:00:06.789Z') => ({
  at: new Date(iso),
  wallAt: new Date(wall),
});
const seal = (at = time()) => world.db.transaction('seal', (tx) => sealBatch(tx, at));
const checkpoint = (at: ReturnType<typeof time>) =>
  world.db.transaction('checkpoint', (tx) => addCheckpoint(tx, world.key, at, false));
/** Ids in the order in which they were sealed. */
const sealedIds = async (): Promise<string[]> =>
  (await world.sql<{ id: string }>(`SELECT unnest(entry_ids)::text AS id FROM audit_batch ORDER BY batch_number`)).map(
    ({ id }) => id,
  );
const count = async (table: string) =>
  Number((await world.sql<{ n: string }>(`SELECT count(*) AS n FROM ${table}`))[0]!.n);
/** A connection with an open transaction that has written an entry. */
async function openWriter(): Promise<{ client: pg.Client; id: string }> {
  const client = new pg.Client({ connectionString: world.database.url });
  await client.connect();
  await client.query('BEGIN');
  const { rows } = await client.query<{ id: string }>(
    `INSERT INTO audit_entry (at, actor_kind, actor, act, subject_type, subject_id)
     VALUES (now(), 'SYSTEM', 'test', 'bill.issued', 'Bill', gen_random_uuid()) RETURNING id::text`,
  );
  return { client, id: rows[0]!.id };
}

test('what was written is sealed, signed, copied and found intact', async () => {
  await world.write(57);
  await world.sealer().sealNow();
  await world.write(20, 2);
  await world.sealer().sealNow();
  await world.write(3, 3);
  const report = await world.verify();
  expect(report).toMatchObject({ intact: true, findings: [], remarks: [] });
  expect(report.figures).toMatchObject({
    entries: 77n,
    batches: 2n,
    unsealed: 3n,
    checkpoints: 2n,
    fileCheckpoints: 2n,
  });
  expect(statSync(world.checkpointFile).mode & 0o007).toBe(0);
  expect(statSync(join(world.dir, 'keys', 'audit.pem')).mode & 0o777).toBe(0o600);
});

test('the byte forms are those of docs/audit.md, worked out there by hand', async () => {
  await world.sql(
    `INSERT INTO audit_entry (id, transaction_id, at, recorded_wall_at, actor_kind, actor, act, subject_type, subject_id, account_id, from_state, to_state, reason, detail)
     OVERRIDING SYSTEM VALUE VALUES
     (1, '700', '2026-03-10T02:00:00.123Z', '2026-03-10T02:00:01.000001Z', 'PERSON', '李明', 'payment.posted', 'Payment', '0197f3d2-0000-7000-8000-000000000001', NULL, NULL, 'POSTED', '现金', '{"amountMinor": "11469"}'),
     (2, '700', '2026-03-10T02:00:00.123Z', '2026-03-10T02:00:01.000001Z', 'SYSTEM', 'dispatch', 'switch-command.moved', 'SwitchCommand', '0197f3d2-0000-7000-8000-000000000002', '0197f3d2-0000-7000-8000-000000000003', 'QUEUED', 'SENT', NULL, '{}'),
     (3, '700', '2026-03-10T02:00:00.123Z', '2026-03-10T02:00:01.000001Z', 'SYSTEM', 'dispatch', 'switch-command.moved', 'SwitchCommand', '0197f3d2-0000-7000-8000-000000000002', '0197f3d2-0000-7000-8000-000000000003', 'QUEUED', 'SENT', NULL, '{}')`,
  );
  await seal();
  const [batch] = await world.sql(
    `SELECT encode(substr(entry_hashes, 1, 32), 'hex') AS first, encode(root, 'hex') AS root, encode(batch_hash, 'hex') AS hash FROM audit_batch`,
  );
  expect(batch).toEqual({
    first: '7ec8e2874096d951c59337d70bebf34fdc8c9a852409c72f0c196a4cd4047fe3',
    root: 'c12dca77ea6368a3d9f5c64e1fbc5f6d44794865a265836d316701221e38b041',
    hash: 'ff703c56d84bd9ad37025f59feef3e4ec248366401b514e7a0a372b14c414d22',
  });
  expect(await world.verify({ files: [] })).toMatchObject({ intact: true });
});

test('PostgreSQL writes a detail in the canonical text of docs/audit.md', async () => {
  const [row] = await world.sql<{ text: string }>(`SELECT $1::jsonb::text AS text`, [
    String.raw`{"bb":1.50,"a":1e3,"ä":-0,"ba":[ ],"a":12345678901234567890.10,"t":"\u0001\u001f\t\n\"\\\/\u00e9\u007f复"}`,
  ]);
  expect(row!.text).toBe(
    `{"a": 12345678901234567890.10, "t": "\\u0001\\u001f\\t\\n\\"\\\\/é\u007f复", "ba": [], "bb": 1.50, "ä": 0}`,
  );
});

test('every column of an entry is sealed: one that is added needs a byte form of its own', async () => {
  const columns = await world.sql<{ name: string }>(
    `SELECT attname AS name FROM pg_attribute WHERE attrelid = 'audit_entry'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum`,
  );
  expect(columns.map(({ name }) => name).join(' ')).toBe(
    'id transaction_id at recorded_wall_at actor_kind actor act subject_type subject_id account_id service_point_id from_state to_state reason detail',
  );
});

describe('the horizon', () => {
  test('an entry of a running transaction holds back all that began after it, and nothing is missed', async () => {
    const [early] = await world.write(1);
    const slow = await openWriter();
    const quick = await openWriter();
    await quick.client.query('COMMIT');
    await quick.client.end();
    await seal();
    expect(await sealedIds()).toEqual([early]);
    await slow.client.query('COMMIT');
    await slow.client.end();
    await world.horizonPassed();
    expect([await seal(), await seal()]).toEqual([2, 0]);
    expect(await sealedIds()).toEqual([early, slow.id, quick.id]);
  });

  test('writers with long transactions, and three sealers at once: everything sealed once, in batches that follow each other', async () => {
    const dice = new Dice(SEED);
    let writing = true;
    const writer = async (pause: number) => {
      for (let round = 0; round < 12; round += 1) {
        await world.db.transaction('write', async (tx) => {
          const actor = { kind: 'SYSTEM', id: 'test' } as const;
          await recordAudit(tx, new Date(), actor, [someEntry(dice)]);
          await world.db.pool.query('SELECT pg_sleep($1)', [pause]);
          await recordAudit(tx, new Date(), actor, [someEntry(dice), someEntry(dice)]);
        });
      }
    };
    const sealing = async () => {
      const sealer = world.sealer();
      while (writing) await sealer.sealNow();
    };
    const sealers = [sealing(), sealing(), sealing()];
    await Promise.all([0, 0, 0.001, 0.003, 0.01, 0.02].map(writer));
    writing = false;
    await Promise.all(sealers);
    await world.horizonPassed();
    await world.sealer().sealNow();
    const ids = await sealedIds();
    expect([ids.length, new Set(ids).size]).toEqual([6 * 12 * 3, 6 * 12 * 3]);
    expect(await count('audit_batch')).toBeGreaterThan(5);
    expect(await world.verify()).toMatchObject({ intact: true, findings: [], remarks: [], figures: { unsealed: 0n } });
  });
});

describe('one sealer at a time', () => {
  test('while somebody seals, others have nothing to do', async () => {
    await world.write(5);
    await world.db.transaction('seal', async (tx) => {
      expect(await sealBatch(tx, time())).toBe(5);
      expect([await seal(), await checkpoint(time())]).toEqual([undefined, false]);
    });
    expect(await seal()).toBe(0);
  });

  test('a batch is bounded; what is left is sealed by the next', async () => {
    const most = LIMITS.auditBatch.value;
    await world.sql(
      `INSERT INTO audit_entry (at, actor_kind, actor, act, subject_type, subject_id)
       SELECT now(), 'SYSTEM', 'test', 'bill.issued', 'Bill', gen_random_uuid() FROM generate_series(1, $1)`,
      [2 * most + 1],
    );
    await world.horizonPassed();
    await world.sealer().sealNow();
    const sizes = await world.sql<{ n: number }>('SELECT entry_count AS n FROM audit_batch ORDER BY batch_number');
    expect(sizes.map(({ n }) => n)).toEqual([most, most, 1]);
    expect((await world.verify()).figures).toMatchObject({ entries: BigInt(2 * most + 1), unsealed: 0n });
  });

  test('sealed by itself while it runs, and to the last entry when it stops, with the product clock standing still', async () => {
    const sealer = world.sealer();
    await world.write(4);
    sealer.start();
    await eventually('the first entries are sealed and signed', async () => (await count('audit_checkpoint')) === 1);
    await world.write(4, 2);
    await sealer.stop();
    expect(await world.verify()).toMatchObject({
      intact: true,
      figures: { entries: 8n, unsealed: 0n, fileCheckpoints: 2n },
    });
  });
});

describe('a checkpoint', () => {
  test('is made at once, then every minute or every 20 batches, and only if there is something new', async () => {
    const after = (seconds: number) =>
      time(undefined, new Date(Date.parse('2026-03-10T02:00:00Z') + seconds * 1_000).toISOString());
    const batchAt = async (seconds: number) => {
      await world.write(1, seconds);
      await seal(after(seconds));
      return checkpoint(after(seconds));
    };
    expect(await checkpoint(after(0))).toBe(false);
    expect([await batchAt(0), await batchAt(59), await checkpoint(after(60)), await checkpoint(after(600))]).toEqual([
      true,
      false,
      true,
      false,
    ]);
    for (let batch = 1; batch < 20; batch += 1) expect(await batchAt(61)).toBe(false);
    expect(await batchAt(61)).toBe(true);
    // A wall clock that was set back must not silence it.
    expect(await batchAt(-3_600)).toBe(true);
  });

  test('that did not reach the file, because its maker was killed, is copied by the next round', async () => {
    const sealer = world.sealer();
    for (const seed of [1, 2, 3]) {
      await world.write(3, seed);
      await sealer.sealNow();
    }
    const lines = readFileSync(world.checkpointFile, 'utf8');
    const [first] = lines.split('\n');
    writeFileSync(world.checkpointFile, `${first}\n`);
    await world.sealer().sealNow();
    expect(readFileSync(world.checkpointFile, 'utf8')).toBe(lines);
    // In the middle of a line, even.
    writeFileSync(world.checkpointFile, lines.slice(0, first!.length + 40));
    await world.sealer().sealNow();
    expect(await world.verify()).toMatchObject({ intact: true, remarks: [], figures: { fileCheckpoints: 3n } });
  });

  test('that the file knows and the database does not stops the copying, not the sealing', async () => {
    await world.write(3);
    await world.sealer().sealNow();
    const before = readFileSync(world.checkpointFile, 'utf8');
    appendFileSync(world.checkpointFile, before.replace('"checkpoint":1', '"checkpoint":7'));
    await world.write(3, 2);
    await world.sealer().sealNow();
    expect(readFileSync(world.checkpointFile, 'utf8').split('\n')).toHaveLength(3);
    expect(await count('audit_checkpoint')).toBe(2);
  });
});

test('a server that counts transactions anew, after a restore from a dump, is told so instead of sealing nothing for ever', async () => {
  await world.write(1);
  await seal();
  await world.sql('ALTER TABLE audit_batch DISABLE TRIGGER USER');
  await world.sql(`UPDATE audit_batch SET last_transaction_id = '9000000000'`);
  await world.write(1, 2);
  await expect(seal()).rejects.toThrow(/restored from a dump; docs\/audit\.md/);
});

describe('kill -9', () => {
  const KILLS = 8;
  const running = new Set<ChildProcess>();
  afterEach(() => running.forEach((child) => child.kill('SIGKILL')));

  const start = (): ChildProcess => {
    const child = fork(
      join(import.meta.dirname, 'support', 'sealing-process.ts'),
      [world.database.url, join(world.dir, 'keys', 'audit.pem'), world.checkpointFile],
      { execArgv: ['--no-warnings'] },
    );
    running.add(child);
    child.once('exit', () => running.delete(child));
    return child;
  };

  test(`of the sealer at ${KILLS} moments: the next one goes on where it stopped (seed ${SEED})`, async () => {
    const dice = new Dice(SEED);
    let writing = true;
    const writer = (async () => {
      for (let seed = 1; writing; seed += 1) await world.write(3, seed);
    })();
    for (let kill = 0; kill < KILLS; kill += 1) {
      const child = start();
      const ended = new Promise((resolve) => child.once('exit', resolve));
      const enough = (await count('audit_batch')) + 1 + dice.roll(6);
      await eventually(`batch ${enough} is sealed`, async () => (await count('audit_batch')) >= enough);
      child.kill('SIGKILL');
      await ended;
    }
    writing = false;
    await writer;
    // The server may still be ending the transaction of the last one killed.
    await eventually('everything is sealed', async () => {
      await world.sealer().sealNow();
      return (await sealedIds()).length === (await count('audit_entry'));
    });
    const ids = await sealedIds();
    expect(new Set(ids).size).toBe(ids.length);
    expect(await world.verify()).toMatchObject({ intact: true, findings: [], remarks: [] });
  });
});
