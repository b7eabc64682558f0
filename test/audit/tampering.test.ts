import { readFileSync, writeFileSync } from 'node:fs';
import { Dice, openAuditWorld, otherKey, takeLocksOff, type AuditWorld } from './support/audit-world.js';
import { columnsOf, flipByte } from './support/flips.js';

/** Printed with every failure; set TAMPER_SEED to play one again. */
const SEED = Number(process.env['TAMPER_SEED'] ?? 20_260_310);
const BATCHES = [40, 35, 45];
const ROUNDS = 20;
const FLIPS_A_ROUND = 25;
const FILE_FLIPS = 100;
const TABLES = ['audit_entry', 'audit_batch', 'audit_checkpoint'];

let world: AuditWorld;
let ids: string[];
let lines: string;

beforeAll(async () => {
  world = await openAuditWorld();
  // With room between them, so that the id of an entry can be changed too.
  await world.sql('ALTER TABLE audit_entry ALTER COLUMN id SET INCREMENT BY 37');
  ids = [];
  for (const [index, count] of BATCHES.entries()) {
    ids.push(...(await world.write(count, index + 1)));
    await world.sealer().sealNow();
  }
  lines = readFileSync(world.checkpointFile, 'utf8');
  await takeLocksOff(world.attacker);
  for (const table of TABLES) await world.sql(`CREATE TABLE true_${table} AS TABLE ${table}`);
});
afterAll(() => world.stop());

/** Puts everything back as it was sealed. */
async function heal(): Promise<void> {
  for (const table of TABLES) {
    await world.sql(`DELETE FROM ${table}`);
    await world.sql(`INSERT INTO ${table} SELECT * FROM true_${table}`);
  }
  writeFileSync(world.checkpointFile, lines);
}
afterEach(async () => {
  await heal();
  expect(await world.verify()).toMatchObject({ intact: true, findings: [], remarks: [] });
});

/** Code, entry and batch of everything that is found. */
const found = async (): Promise<string[]> =>
  (await world.verify()).findings.map(({ code, entry, batch, checkpoint }) =>
    [code, entry && `entry ${entry}`, batch && `batch ${batch}`, checkpoint && `checkpoint ${checkpoint}`]
      .filter(Boolean)
      .join(' '),
  );
/** The n-th entry of the second batch. */
const middle = (n = 0): string => ids[BATCHES[0]! + n]!;
const COLUMNS = [
  ...[
    'at',
    'recorded_wall_at',
    'actor_kind',
    'actor',
    'act',
    'subject_type',
    'subject_id',
    'account_id',
    'service_point_id',
  ],
  ...['from_state', 'to_state', 'reason', 'detail'],
];
const typeOf = async (table: string, name: string) => (await columnsOf(world, table)).find((one) => one.name === name)!;

describe('an entry', () => {
  test.each(COLUMNS)('with one byte of %s changed is named', async (name) => {
    const dice = new Dice(SEED);
    const column = await typeOf('audit_entry', name);
    const said = [];
    for (let n = 0; n < 3; n += 1)
      said.push(await flipByte(world, { table: 'audit_entry', key: 'id', id: middle(n) }, column, dice));
    expect([said, await found()]).toEqual([said, [0, 1, 2].map((n) => `ENTRY_CHANGED entry ${middle(n)} batch 2`)]);
  });

  test('whose id is changed is missing, and a stranger', async () => {
    await world.sql('UPDATE audit_entry SET id = 900000 WHERE id = $1', [middle()]);
    expect(await found()).toEqual(expect.arrayContaining([`ENTRY_MISSING entry ${middle()} batch 2`]));
  });

  test('whose transaction is changed is missing in its place, and inserted elsewhere', async () => {
    await world.sql(`UPDATE audit_entry SET transaction_id = '1' WHERE id = $1`, [middle()]);
    expect(await found()).toEqual([
      `ENTRY_INSERTED entry ${middle()} batch 1`,
      `ENTRY_MISSING entry ${middle()} batch 2`,
    ]);
  });

  test('that is deleted is missed', async () => {
    await world.sql('DELETE FROM audit_entry WHERE id = $1', [middle(7)]);
    expect(await found()).toEqual([`ENTRY_MISSING entry ${middle(7)} batch 2`]);
  });

  test('that is put into a sealed range is a stranger, at its beginning, within, and after its end', async () => {
    const insert = (id: number, like: string) =>
      world.sql(
        `INSERT INTO audit_entry (id, transaction_id, at, actor_kind, actor, act, subject_type, subject_id)
         SELECT $1, transaction_id, at, actor_kind, actor, act, subject_type, subject_id FROM audit_entry WHERE id = $2`,
        [id, like],
      );
    await insert(-1, ids[0]!);
    await insert(900_001, middle(3));
    expect(await found()).toEqual(['ENTRY_INSERTED entry -1 batch 1', 'ENTRY_INSERTED entry 900001 batch 2']);
  });

  test('exchanged with its neighbour, ids or contents, is noticed, and so is the neighbour', async () => {
    const [a, b] = [middle(4), middle(5)];
    await world.sql(`UPDATE audit_entry SET id = CASE id WHEN $1 THEN -$2 ELSE -$1 END WHERE id IN ($1, $2)`, [a, b]);
    await world.sql(`UPDATE audit_entry SET id = -id WHERE id < 0`);
    expect(await found()).toEqual([a, b].map((id) => `ENTRY_CHANGED entry ${id} batch 2`));
    await heal();
    const rest = [...COLUMNS, 'transaction_id'].join(', ');
    await world.sql(
      `UPDATE audit_entry e SET (${rest}) = (SELECT ${rest} FROM true_audit_entry t WHERE t.id = CASE e.id WHEN $1 THEN $2::bigint ELSE $1 END) WHERE id IN ($1, $2)`,
      [a, b],
    );
    expect((await found()).sort()).toEqual([a, b].map((id) => `ENTRY_CHANGED entry ${id} batch 2`));
  });

  test(`any byte of any column of any entry: ${ROUNDS * FLIPS_A_ROUND} random changes are each found, and nothing else (seed ${SEED})`, async () => {
    const dice = new Dice(SEED);
    const columns = await columnsOf(world, 'audit_entry');
    expect(columns).toHaveLength(15);
    for (let round = 0; round < ROUNDS; round += 1) {
      const flips = new Map<string, string>();
      while (flips.size < FLIPS_A_ROUND) {
        const id = dice.pick(ids);
        if (flips.has(id)) continue;
        flips.set(id, await flipByte(world, { table: 'audit_entry', key: 'id', id }, dice.pick(columns), dice));
      }
      const report = await world.verify();
      const named = new Set(report.findings.map(({ entry }) => entry!).filter((id) => ids.includes(id)));
      const missed = [...flips].filter(([id]) => !named.has(id));
      expect({ seed: SEED, round, missed, wrong: [...named].filter((id) => !flips.has(id)) }).toEqual({
        seed: SEED,
        round,
        missed: [],
        wrong: [],
      });
      await heal();
    }
  });
});

describe('a seal', () => {
  test('with any one byte of any column changed is found', async () => {
    const dice = new Dice(SEED + 1);
    for (const [table, key] of [
      ['audit_batch', 'batch_number'],
      ['audit_checkpoint', 'checkpoint_number'],
    ] as const) {
      for (const column of await columnsOf(world, table)) {
        for (const id of ['1', '2', '3']) {
          if (column.name === 'form') continue; // Says which byte form it is; there is one.
          const said = await flipByte(world, { table, key, id }, column, dice);
          const report = await world.verify();
          expect({ seed: SEED, said, intact: report.intact }).toEqual({ seed: SEED, said, intact: false });
          await heal();
        }
      }
    }
  });

  test('that was altered is told apart from its entries, which still agree with its root', async () => {
    await world.sql(`UPDATE audit_batch SET entry_ids[3] = 900002 WHERE batch_number = 2`);
    const { findings } = await world.verify();
    expect(findings.map(({ code, batch }) => [code, batch])).toEqual([['BATCH_ALTERED', '2']]);
    expect(findings[0]!.text).toContain('Its entries agree with its root.');
  });

  test('whose lists were put in another order is found', async () => {
    await world.sql(
      `UPDATE audit_batch SET entry_ids = ARRAY[entry_ids[2], entry_ids[1]] || entry_ids[3:],
         entry_hashes = substr(entry_hashes, 33, 32) || substr(entry_hashes, 1, 32) || substr(entry_hashes, 65) WHERE batch_number = 1`,
    );
    expect(await found()).toEqual(['BATCH_ALTERED batch 1']);
  });

  test('that is deleted is missed', async () => {
    await world.sql('DELETE FROM audit_batch WHERE batch_number = 2');
    expect(await found()).toEqual(expect.arrayContaining(['BATCH_MISSING batch 2']));
  });

  test('made anew over changed entries, with its whole chain, is given away by the checkpoints', async () => {
    await world.sql(`UPDATE audit_entry SET reason = 'nothing happened here' WHERE id = $1`, [middle()]);
    const { key } = otherKey(world.dir);
    await world.sql('DELETE FROM audit_checkpoint');
    await world.sql('DELETE FROM audit_batch');
    // The attacker has the program, and not the key.
    await world.sealer({ key, checkpointFile: `${world.dir}/forged.jsonl` }).sealNow();
    const codes = (await world.verify()).findings.map(({ code }) => code);
    expect(new Set(codes)).toEqual(new Set(['CHECKPOINT_FORGED', 'CHAIN_REWRITTEN', 'TAIL_CUT']));
  });
});

describe('the tail', () => {
  const cut = async (keep: number) => {
    await world.sql('DELETE FROM audit_checkpoint WHERE batch_number > $1', [keep]);
    await world.sql('DELETE FROM audit_batch WHERE batch_number > $1', [keep]);
    const from = BATCHES.slice(0, keep).reduce((sum, count) => sum + count, 0);
    await world.sql('DELETE FROM audit_entry WHERE id = ANY($1)', [ids.slice(from)]);
  };

  test.each([2, 1, 0])('cut off after batch %i, entries and seals together, is missed by the file', async (keep) => {
    await cut(keep);
    expect(await found()).toEqual(['TAIL_CUT batch 3 checkpoint 3']);
  });

  test('cut off is not missed without the file, and that is said', async () => {
    await cut(2);
    const report = await world.verify({ files: [] });
    expect(report.intact).toBe(true);
    expect(report.remarks.join()).toContain('would not be noticed');
  });

  test('cut off and grown again is another chain', async () => {
    await cut(2);
    await world.write(5, 9);
    await world.sealer({ checkpointFile: `${world.dir}/second.jsonl` }).sealNow();
    expect(await found()).toEqual(['CHAIN_REWRITTEN batch 3 checkpoint 3']);
  });
});

describe('a checkpoint', () => {
  test('by another key is forged, in the database and in the file', async () => {
    const { key } = otherKey(world.dir);
    await world.sql('DELETE FROM audit_checkpoint WHERE checkpoint_number = 3');
    await world.sealer({ key, checkpointFile: `${world.dir}/forged-2.jsonl` }).sealNow();
    expect(await found()).toEqual(['CHECKPOINT_FORGED batch 3 checkpoint 3']);
    writeFileSync(world.checkpointFile, readFileSync(`${world.dir}/forged-2.jsonl`));
    expect(await found()).toEqual(['CHECKPOINT_FORGED batch 3 checkpoint 3', 'CHECKPOINT_FORGED batch 3 checkpoint 3']);
  });

  test('under the name of the key, with the signature of another, is forged', async () => {
    const [first, second] = lines
      .split('\n')
      .map((line) => (line ? (JSON.parse(line) as { signature: string }) : undefined));
    writeFileSync(world.checkpointFile, lines.replace(second!.signature, first!.signature));
    expect(await found()).toEqual(['CHECKPOINT_FORGED batch 2 checkpoint 2']);
  });

  test('whose key is not known to the verifier is not believed', async () => {
    const { findings } = await world.verify({ keys: [] });
    expect(findings).toHaveLength(6);
    expect(findings[0]!.text).toContain('a key that was not given');
  });

  test('deleted from the table, at the end or within, is found', async () => {
    await world.sql('DELETE FROM audit_checkpoint WHERE checkpoint_number = 2');
    expect(await found()).toEqual(['CHECKPOINT_MISSING checkpoint 2']);
  });
});

describe('the checkpoint file', () => {
  const rows = () => lines.trimEnd().split('\n');

  test('cut at its end, after a line or within one, is found', async () => {
    writeFileSync(world.checkpointFile, `${rows().slice(0, 2).join('\n')}\n`);
    expect(await found()).toEqual(['CHECKPOINT_MISSING checkpoint 3']);
    writeFileSync(world.checkpointFile, lines.slice(0, -40));
    expect(await found()).toEqual(['CHECKPOINT_MISSING checkpoint 3']);
  });

  test('emptied or removed is found', async () => {
    writeFileSync(world.checkpointFile, '');
    expect(await found()).toEqual(['CHECKPOINT_MISSING checkpoint 1']);
    const report = await world.verify({ files: [`${world.dir}/no-such-file`] });
    expect([report.intact, report.remarks]).toEqual([false, [`There is no file ${world.dir}/no-such-file.`]]);
  });

  test('with a line missing, doubled or moved is found', async () => {
    const [a, b, c] = rows();
    for (const wrong of [
      [a, c],
      [a, b, b, c],
      [a, c, b],
      [b, a, c],
    ]) {
      writeFileSync(world.checkpointFile, `${wrong.join('\n')}\n`);
      expect((await world.verify()).intact).toBe(false);
    }
  });

  test('that begins later is no fault: an older file may be kept elsewhere', async () => {
    writeFileSync(world.checkpointFile, `${rows().slice(1).join('\n')}\n`);
    const report = await world.verify();
    expect([report.intact, report.remarks.length]).toEqual([true, 1]);
  });

  test('with the beginning of a line whose writer was killed, and the line again, is no fault', async () => {
    const [a, b, c] = rows();
    writeFileSync(world.checkpointFile, `${[a, b!.slice(0, 50), b, c].join('\n')}\n`);
    expect(await world.verify()).toMatchObject({ intact: true, remarks: [] });
  });

  test(`with any one byte changed is found (${FILE_FLIPS} of them, seed ${SEED})`, async () => {
    const dice = new Dice(SEED + 2);
    for (let flip = 0; flip < FILE_FLIPS; flip += 1) {
      const bytes = Buffer.from(lines);
      const at = dice.roll(bytes.length);
      bytes[at] = bytes[at]! ^ (1 << dice.roll(7));
      writeFileSync(world.checkpointFile, bytes);
      const { intact } = await world.verify();
      expect({ seed: SEED, at, byte: bytes[at], intact }).toEqual({ seed: SEED, at, byte: bytes[at], intact: false });
    }
  });
});
