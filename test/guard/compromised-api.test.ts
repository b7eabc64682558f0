import { generateKeyPairSync } from 'node:crypto';
import { encodeSwitch } from '../../src/head-end/codecs/orders.js';
import { newId } from '../../src/platform/ids.js';
import { signPayload } from '../../src/platform/signing-key.js';
import type { SwitchOrder } from '../../src/switching/dispatch.js';
import type { Debtor } from '../fault/support/debtors.js';
import { Dice } from '../support/wire-model.js';
import { GuardTable, type SentCut } from './support/guard-table.js';

const METERS = 120;
const BUDGET = {
  cutsPerMinute: 1_000,
  cutsPerHour: 12,
  cutsPerDay: 30,
  cutsPerDistrictPerHour: 1_000,
  cutsPerRequesterPerDay: 1_000,
  urgentCutsPerMinute: 1_000,
  urgentCutsPerHour: 1_000,
  urgentCutsPerDay: 7,
  urgentCutsPerRequesterPerDay: 1_000,
};

/**
 * Somebody holds everything the product holds: the right to write every table, the head-end's key, the broker. What stands between
 * them and the meters is the guard's own budget.
 */
describe('an API process in wrong hands', () => {
  let table: GuardTable;
  beforeAll(async () => {
    table = await GuardTable.open(METERS, BUDGET);
  });
  afterAll(() => table.stop());

  const sql = (text: string, values: readonly unknown[] = []) => table.relight.ctx.db.pool.query(text, [...values]);

  /** A command written into the table as SENT, as a cut for danger that nobody need approve, by an invented person. */
  const forgeUrgent = async (victim: Debtor): Promise<SentCut> => {
    const commandId = newId();
    const at = table.relight.ctx.clock.now();
    const notAfter = new Date(at.getTime() + 600_000);
    await sql(
      `INSERT INTO switch_command (id, account_id, service_point_id, meter_id, installation_id, operation, mode, reason, state, priority,
         requested_by, requested_at, request_reason, sequence, sent_at, not_after, give_up_wall_at)
       SELECT $1, $2, $3, m.id, i.id, 'CUT', 'DIRECT', 'SAFETY', 'SENT', 50, $5, $6, 'fire', m.sequence + 1, $6, $7, now() + interval '1 hour'
       FROM meter m JOIN meter_installation i ON i.meter_id = m.id AND i.removed_at IS NULL WHERE m.id = $4`,
      [commandId, victim.accountId, victim.servicePointId, victim.meterId, `nobody-${commandId}`, at, notAfter],
    );
    await sql(
      `INSERT INTO interruption (id, service_point_id, account_id, reason, opened_at, opened_by, command_id)
       VALUES ($1, $2, $3, 'SAFETY', $4, 'nobody', $5)`,
      [newId(), victim.servicePointId, victim.accountId, at, commandId],
    );
    const [row] = (
      await sql(
        `SELECT p.service_point_number AS point, c.installation_id AS installation, c.sequence FROM switch_command c
       JOIN service_point p ON p.id = c.service_point_id WHERE c.id = $1`,
        [commandId],
      )
    ).rows as [{ point: string; installation: string; sequence: bigint }];
    const order: SwitchOrder = {
      commandId,
      gatewayNumber: victim.gateway,
      serial: victim.serial,
      codec: 'JSON',
      installationId: row.installation,
      accountNumber: victim.accountNumber,
      servicePointNumber: row.point,
      operation: 'CUT',
      mode: 'DIRECT',
      reason: 'SAFETY',
      sequence: row.sequence,
      issuedAt: at,
      notAfter,
    };
    return { order, payload: encodeSwitch(order) };
  };

  /** Asks for each, and puts whatever comes of it on the wire. Returns how many the guard signed. */
  const attack = async (cuts: readonly SentCut[]): Promise<number> => {
    let signed = 0;
    for (const cut of cuts) {
      const answer = await table.sign(cut.payload);
      if ('signature' in answer) signed += 1;
      table.deliver(cut, 'signature' in answer ? answer.signature : undefined);
    }
    return signed;
  };

  test('no more cuts for danger than their budget, however many are invented', async () => {
    const cuts: SentCut[] = [];
    for (let n = 0; n < 25; n += 1) cuts.push(await forgeUrgent(table.debtor()));
    expect(await attack(cuts)).toBe(BUDGET.urgentCutsPerDay);
    expect(table.dark()).toBe(BUDGET.urgentCutsPerDay);
  });

  test('no more ordinary cuts than theirs: not under many names, not after a restart, not with the record wiped', async () => {
    const darkBefore = table.dark();
    const cuts: SentCut[] = [];
    for (let n = 0; n < 40; n += 1) cuts.push(await table.sentCut());
    await sql(`UPDATE switch_command SET requested_by = 'invented-' || id::text WHERE operation = 'CUT'`);
    expect(await attack(cuts.slice(0, 20))).toBe(BUDGET.cutsPerHour);
    await table.restart({ budget: BUDGET });
    expect(await attack(cuts.slice(20, 30))).toBe(0);
    // The commands that were signed never were; the meters of the world have grown a thousandfold.
    for (const table of ['switch_command', 'cut_approval']) await sql(`ALTER TABLE ${table} DISABLE TRIGGER USER`);
    const signed = cuts.slice(0, 20).map(({ order }) => order.commandId);
    await sql(`DELETE FROM cut_approval WHERE command_id = ANY($1::uuid[])`, [signed]);
    await sql(`DELETE FROM switch_command WHERE id = ANY($1::uuid[])`, [signed]);
    for (const table of ['switch_command', 'cut_approval']) await sql(`ALTER TABLE ${table} ENABLE TRIGGER USER`);
    expect(await attack(cuts.slice(30))).toBe(0);
    // Asked all at once, over many connections.
    const verdicts = await Promise.all(cuts.slice(20).map(({ payload }) => table.verdict(payload)));
    expect(new Set(verdicts)).toEqual(new Set(['BUDGET']));
    expect(table.dark() - darkBefore).toBe(BUDGET.cutsPerHour);
  });

  test('the room that the guard tells is the room there is', async () => {
    const ask = (reason: 'ARREARS' | 'SAFETY') =>
      table.client.room({ id: newId(), accountId: newId(), reason, requestedBy: 'x', district: 'x' } as never);
    expect(await ask('SAFETY')).toEqual({ waitMs: expect.any(Number) as number });
    expect(await ask('ARREARS')).toEqual({ waitMs: expect.any(Number) as number });
  });

  test('with the key of the head-end alone nothing goes dark: 1,200 second signatures, none of a guard over these bytes', async () => {
    const SEED = 31;
    const dice = new Dice(SEED);
    const { relight } = table;
    const darkBefore = table.dark();
    const [cut, other] = [await table.sentCut(), await table.sentCut()];
    const stranger = { ...relight.guardKey, privateKey: generateKeyPairSync('ed25519').privateKey };
    const asGuard = { ...relight.key, kid: relight.guardKey.kid };
    const b64 = (text: string): string => Buffer.from(text).toString('base64url');
    // A genuine signature of the guard, which the attacker has seen: of another cut.
    const genuine = signPayload(b64(other.payload), relight.guardKey);
    const ofThisCut = signPayload(b64(cut.payload), relight.guardKey);
    const flipped = (text: string): string => {
      const bytes = Buffer.from(text, 'base64url');
      const bit = dice.below(bytes.length * 8);
      bytes[bit >> 3]! ^= 1 << (bit & 7);
      return bytes.toString('base64url');
    };
    const forgeries: Record<string, () => ReturnType<typeof signPayload> | undefined> = {
      none: () => undefined,
      'the head-end once more': () => signPayload(b64(cut.payload), relight.key),
      "the head-end's key under the guard's name": () => signPayload(b64(cut.payload), asGuard),
      "a stranger under the guard's name": () => signPayload(b64(cut.payload), stranger),
      'the guard over another cut': () => genuine,
      'a bit of the signature': () => ({ ...ofThisCut, signature: flipped(ofThisCut.signature) }),
      'a bit of the header': () => ({ ...ofThisCut, protected: flipped(ofThisCut.protected) }),
      'alg none': () => ({ ...ofThisCut, protected: b64(`{"alg":"none","kid":"${relight.guardKey.kid}"}`) }),
      'chance bytes': () => ({
        ...ofThisCut,
        signature: Buffer.from(Array.from({ length: 64 }, () => dice.below(256))).toString('base64url'),
      }),
      'the guard over other bytes': () =>
        signPayload(
          b64(cut.payload.replace(/"sequence":\d+/, `"sequence":${2 + dice.below(1_000)}`)),
          relight.guardKey,
        ),
    };
    const accepted: string[] = [];
    let tried = 0;
    for (const [name, forge] of Object.entries(forgeries)) {
      for (let round = 0; round < 120; round += 1) {
        tried += 1;
        if (table.deliver(cut, forge())) accepted.push(name);
      }
    }
    expect({ SEED, tried, accepted }).toEqual({ SEED, tried: 1_200, accepted: [] });
    expect(table.dark()).toBe(darkBefore);
    // The test is not blind: with the true signature the same bytes are obeyed.
    expect(table.deliver(cut, ofThisCut)).toBe(true);
  });
});

describe('the stolen token of one operator', () => {
  test('asks for cut after cut; the guard signs no more than one person may ask for in a day', async () => {
    const table = await GuardTable.open(20, { cutsPerRequesterPerDay: 5 });
    try {
      const verdicts: string[] = [];
      for (let n = 0; n < 12; n += 1) verdicts.push(await table.verdict((await table.sentCut()).payload));
      expect(verdicts.filter((one) => one === 'SIGNED')).toHaveLength(5);
      expect(verdicts.slice(5)).toEqual(Array(7).fill('BUDGET'));
    } finally {
      await table.stop();
    }
  });
});
