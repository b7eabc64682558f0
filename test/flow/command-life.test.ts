import { attendCommands } from '../../src/flows/attend-commands.js';
import { reconcileSupply } from '../../src/flows/schedules.js';
import { takeUplink } from '../../src/flows/take-uplink.js';
import { LIMITS } from '../../src/platform/limits.js';
import type { MeterReport } from '../../src/switching/report-policy.js';
import { auditFaults } from '../support/check-audit.js';
import { startTestRelight, type TestRelight } from '../support/test-relight.js';
import { contextAt, cutOff, meterObeys, meterSays, pay, queueCut, send } from './support/acts.js';
import { buildDebtor, buildHouse, type House } from './support/houses.js';
import { commandOf, commandsOf, interruptionsOf } from './support/looks.js';

let relight: TestRelight;
beforeAll(async () => {
  relight = await startTestRelight({ wire: false, plan: { metersPerDistrict: 1, months: 1, arrearsShare: 0 } });
});
afterEach(async () => {
  await send(relight);
});
afterAll(async () => {
  await relight.stop();
});

/** The wait of a command is over: nothing was heard. Returns the questions that go to its meter (other tests' meters may be asked as well). */
async function silence(commandId: string) {
  await relight.sql('UPDATE switch_command SET attention_wall_at = clock_timestamp() WHERE id = $1', [commandId]);
  const { reads } = await attendCommands(relight.ctx);
  const [meter] = await relight.sql<{ serial: string }>(
    'SELECT m.serial FROM switch_command c JOIN meter m ON m.id = c.meter_id WHERE c.id = $1',
    [commandId],
  );
  return reads.filter(({ serial }) => serial === meter!.serial);
}

/** The whole remote window of a command is over. */
async function theEnd(commandId: string) {
  await relight.sql('UPDATE switch_command SET give_up_wall_at = clock_timestamp() WHERE id = $1', [commandId]);
  return silence(commandId);
}

/** A house whose restore was sent just now, and heard by nobody yet. */
async function restoring(as: Parameters<typeof buildDebtor>[2] = {}) {
  const house = await buildDebtor(relight, 10_000n, as);
  await cutOff(relight, house);
  const { restoreCommandIds } = await pay(relight, house, 10_000n);
  const [order] = await send(relight);
  return { house, commandId: restoreCommandIds[0]!, order: order! };
}
const historyOf = async (commandId: string) =>
  (
    await relight.sql<{ to: string }>(`SELECT to_state AS to FROM audit_entry WHERE subject_id = $1 ORDER BY id`, [
      commandId,
    ])
  ).map(({ to }) => to);
const wordOf = async (house: House) =>
  (
    await relight.sql<{ relay: string; sequence: bigint; reported: bigint; power: number | null; since: Date }>(
      'SELECT reported_relay AS relay, sequence, reported_sequence AS reported, power_w AS power, reported_since AS since FROM meter WHERE id = $1',
      [house.meterId],
    )
  )[0]!;

describe('a restore', () => {
  test('is proven by the relay, not by the word that it was heard', async () => {
    const { house, commandId, order } = await restoring();
    await meterSays(relight, house, {
      kind: 'ACK',
      commandId,
      result: 'ACCEPTED',
      relay: 'OPEN',
      lastSequence: order.sequence,
    });
    expect((await commandOf(relight, commandId)).state).toBe('ACCEPTED');
    await meterSays(relight, house, { relay: 'CLOSED', lastSequence: order.sequence });
    expect(await historyOf(commandId)).toEqual(['QUEUED', 'SENT', 'ACCEPTED', 'VERIFIED']);
  });

  test('after silence the meter is asked; it had not heard, and is sent the same order with the same sequence', async () => {
    const { house, commandId, order } = await restoring();
    const [question] = await silence(commandId);
    expect(question).toMatchObject({ serial: house.serial });
    expect((await commandOf(relight, commandId)).state).toBe('UNKNOWN');
    expect(await send(relight)).toEqual([]);
    await meterSays(relight, house, {
      relay: 'OPEN',
      lastSequence: order.sequence - 1n,
      requestId: question!.requestId,
    });
    const [again] = await send(relight);
    expect(again).toMatchObject({ commandId, sequence: order.sequence });
    expect((await commandOf(relight, commandId)).attempts).toBe(2);
    await meterObeys(relight, house, again!);
    expect(await historyOf(commandId)).toEqual(['QUEUED', 'SENT', 'UNKNOWN', 'QUEUED', 'SENT', 'VERIFIED']);
  });

  test('proven by an older word than the one on record is ordered again: the meter has opened since', async () => {
    const { house, commandId, order } = await restoring();
    const [earlier, later] = [
      new Date(relight.ctx.clock.now().getTime() + 1_000),
      new Date(relight.ctx.clock.now().getTime() + 2_000),
    ];
    await meterSays(relight, house, { kind: 'STATE', relay: 'OPEN', lastSequence: order.sequence, meterAt: later });
    await meterSays(relight, house, {
      kind: 'ACK',
      commandId,
      result: 'ACCEPTED',
      relay: 'CLOSED',
      lastSequence: order.sequence,
      meterAt: earlier,
    });
    expect(await commandsOf(relight, house)).toEqual(['CUT VERIFIED', 'RESTORE VERIFIED', 'RESTORE QUEUED']);
  });

  test('a late answer is still an answer', async () => {
    const { house, commandId, order } = await restoring();
    await silence(commandId);
    await meterObeys(relight, house, order);
    expect((await commandOf(relight, commandId)).state).toBe('VERIFIED');
  });

  test('a refusal for its sequence is answered with a greater one, above what the meter has seen', async () => {
    const { house, commandId } = await restoring();
    await meterSays(relight, house, {
      kind: 'ACK',
      commandId,
      result: 'REFUSED',
      refusal: 'SEQUENCE',
      relay: 'OPEN',
      lastSequence: 500n,
    });
    const [again] = await send(relight);
    expect(again).toMatchObject({ commandId, sequence: 501n });
  });

  test('arms the meter where a button is required, and waits for the button', async () => {
    const { house, commandId, order } = await restoring({ reconnectMode: 'ARM' });
    expect(order.mode).toBe('ARM');
    await meterSays(relight, house, {
      kind: 'ACK',
      commandId,
      result: 'ACCEPTED',
      relay: 'OPEN',
      armed: true,
      lastSequence: order.sequence,
    });
    expect((await commandOf(relight, commandId)).state).toBe('ARMED');
    const [question] = await silence(commandId);
    await meterSays(relight, house, {
      relay: 'OPEN',
      armed: true,
      lastSequence: order.sequence,
      requestId: question!.requestId,
    });
    expect((await commandOf(relight, commandId)).state).toBe('ARMED');
    await meterSays(relight, house, { relay: 'CLOSED', lastSequence: order.sequence });
    expect((await commandOf(relight, commandId)).state).toBe('VERIFIED');
  });

  test('without proof in time it becomes field work with an owner and a deadline; the proof closes the field work', async () => {
    const { house, commandId } = await restoring();
    expect(await theEnd(commandId)).toEqual([]);
    expect((await commandOf(relight, commandId)).state).toBe('FIELD_VISIT');
    const orders = () =>
      relight.sql<{ kind: string; state: string; owner: string; hours: number }>(
        `SELECT kind, state, owner, extract(epoch FROM deadline_at - opened_at)::float8 / 3600 AS hours FROM work_order WHERE service_point_id = $1`,
        [house.servicePointId],
      );
    expect(await orders()).toEqual([{ kind: 'RESTORE_ON_SITE', state: 'OPEN', owner: 'manager-0001', hours: 24 }]);
    // The meter is heard again, still open: another restore is ordered by itself.
    await meterSays(relight, house, { relay: 'OPEN', lastSequence: 1n });
    const [again] = await send(relight);
    await meterObeys(relight, house, again!);
    expect(await commandsOf(relight, house)).toEqual(['CUT VERIFIED', 'RESTORE FIELD_VISIT', 'RESTORE VERIFIED']);
    expect(await orders()).toMatchObject([{ state: 'DONE' }]);
  });

  test('goes on being ordered by the hourly reconciler until it is proven', async () => {
    const { house, commandId } = await restoring();
    await theEnd(commandId);
    await reconcileSupply(relight.ctx, relight.ctx.clock.now());
    await reconcileSupply(relight.ctx, relight.ctx.clock.now());
    expect(await commandsOf(relight, house)).toEqual(['CUT VERIFIED', 'RESTORE FIELD_VISIT', 'RESTORE QUEUED']);
  });
});

describe('a cut', () => {
  const cutting = async () => {
    const house = await buildDebtor(relight);
    const commandId = await queueCut(relight, house);
    const [order] = await send(relight);
    return { house, commandId, order: order! };
  };

  test('is never sent again: not heard, it is waited for until the meter itself would refuse it', async () => {
    const { house, commandId, order } = await cutting();
    const [question] = await silence(commandId);
    const notHeard = { relay: 'CLOSED', lastSequence: order.sequence - 1n, requestId: question!.requestId } as const;
    await meterSays(relight, house, notHeard);
    expect((await commandOf(relight, commandId)).state).toBe('UNKNOWN');
    expect(await send(relight)).toEqual([]);
    const later = new Date(order.notAfter.getTime() + 1);
    const report: MeterReport = {
      meterId: house.meterId,
      kind: 'STATE',
      armed: false,
      protected: false,
      meterAt: later,
      ...notHeard,
    };
    await takeUplink(contextAt(relight, later), [{ kind: 'REPORT', report }]);
    expect(await commandOf(relight, commandId)).toMatchObject({ state: 'EXPIRED', failureCode: 'NOT_RECEIVED' });
    expect(await interruptionsOf(relight, house)).toEqual([]);
    expect(await commandsOf(relight, house)).toEqual(['CUT EXPIRED']);
  });

  test('whose relay does not move fails, is looked at on site, and power is made sure of', async () => {
    const { house, commandId, order } = await cutting();
    await meterSays(relight, house, {
      kind: 'ACK',
      commandId,
      result: 'ACCEPTED',
      relay: 'CLOSED',
      lastSequence: order.sequence,
    });
    for (let round = 0; round < 3; round += 1) {
      const [question] = await silence(commandId);
      await meterSays(relight, house, {
        relay: 'CLOSED',
        lastSequence: order.sequence,
        requestId: question!.requestId,
      });
    }
    expect(await commandOf(relight, commandId)).toMatchObject({ state: 'FAILED', failureCode: 'RELAY_STUCK' });
    expect(await commandsOf(relight, house)).toEqual(['CUT FAILED', 'RESTORE QUEUED']);
    expect(
      await relight.sql('SELECT kind, state FROM work_order WHERE service_point_id = $1', [house.servicePointId]),
    ).toEqual([{ kind: 'INSPECT_RELAY', state: 'OPEN' }]);
  });

  test('that a payment superseded may still answer: the evidence is kept, and changes nothing', async () => {
    const { house, commandId, order } = await cutting();
    await pay(relight, house, 10_000n);
    await meterObeys(relight, house, order);
    expect((await commandOf(relight, commandId)).state).toBe('SUPERSEDED');
    const late = await relight.sql<{ detail: { relay: string } }>(
      `SELECT detail FROM audit_entry WHERE subject_id = $1 AND act = 'switch-command.late-evidence'`,
      [commandId],
    );
    expect(late.map(({ detail }) => detail.relay)).toEqual(['OPEN']);
    const [restore] = await send(relight);
    await meterObeys(relight, house, restore!);
    expect(await commandsOf(relight, house)).toEqual(['CUT SUPERSEDED', 'RESTORE VERIFIED']);
  });

  test('that has ended is answered late, and again, by several consumers at once: the same evidence is kept once', async () => {
    const { house, commandId, order } = await cutting();
    await pay(relight, house, 10_000n);
    const answer = (says: Partial<MeterReport> = {}): MeterReport => ({
      meterId: house.meterId,
      kind: 'ACK',
      commandId,
      result: 'ACCEPTED',
      relay: 'CLOSED',
      armed: false,
      protected: false,
      lastSequence: order.sequence,
      meterAt: relight.ctx.clock.now(),
      powerW: 40,
      ...says,
    });
    const kept = async () =>
      (
        await relight.sql<{ relay: string }>(
          `SELECT detail->>'relay' AS relay FROM audit_entry WHERE subject_id = $1 AND act = 'switch-command.late-evidence' ORDER BY id`,
          [commandId],
        )
      ).map(({ relay }) => relay);
    const hear = (report: MeterReport) => takeUplink(relight.ctx, [{ kind: 'REPORT', report }]);
    await Promise.all(Array.from({ length: 8 }, () => hear(answer())));
    expect(await kept()).toEqual(['CLOSED']);
    // Said again later, with another reading of the power: no news of the command.
    await hear(answer({ meterAt: new Date(Date.now() + 60_000), powerW: 41, supplyVoltageMv: 229_000 }));
    expect(await kept()).toEqual(['CLOSED']);
    await hear(answer({ relay: 'OPEN' }));
    await hear(answer());
    expect(await kept()).toEqual(['CLOSED', 'OPEN']);
    // A meter whose key is stolen may say something new for ever; the audit does not grow for ever.
    const most = LIMITS.lateEvidence.value;
    for (let n = 1; n <= most + 5; n += 1) await hear(answer({ lastSequence: order.sequence + BigInt(n) }));
    expect(await kept()).toHaveLength(most);
  });
});

describe('what a meter says', () => {
  test('twice, in one group or in two, changes nothing the second time', async () => {
    const { house, commandId, order } = await restoring();
    const report: MeterReport = {
      meterId: house.meterId,
      kind: 'ACK',
      commandId,
      result: 'ACCEPTED',
      relay: 'CLOSED',
      armed: false,
      protected: false,
      lastSequence: order.sequence,
      meterAt: relight.ctx.clock.now(),
    };
    await takeUplink(relight.ctx, [
      { kind: 'REPORT', report },
      { kind: 'REPORT', report },
    ]);
    const [history, word] = [await historyOf(commandId), await wordOf(house)];
    await takeUplink(relight.ctx, [{ kind: 'REPORT', report }]);
    expect([await historyOf(commandId), await wordOf(house)]).toEqual([history, word]);
  });

  test('does not go back behind what it said later, unless it is asked', async () => {
    const house = await buildHouse(relight);
    const at = (minute: number) => new Date(Date.UTC(2026, 2, 10, 2, minute));
    await meterSays(relight, house, { relay: 'CLOSED', lastSequence: 5n, meterAt: at(10) });
    await meterSays(relight, house, { relay: 'OPEN', lastSequence: 5n, meterAt: at(9) });
    await meterSays(relight, house, { relay: 'OPEN', lastSequence: 4n, meterAt: at(11) });
    expect(await wordOf(house)).toMatchObject({ relay: 'CLOSED', reported: 5n });
    expect(await commandsOf(relight, house)).toEqual([]);
  });

  test('in answer to our last question is its word now, whatever its clock says', async () => {
    const { house, commandId, order } = await restoring();
    const [question] = await silence(commandId);
    const heard = { lastSequence: order.sequence - 1n, powerW: 3 };
    await meterSays(relight, house, {
      ...heard,
      relay: 'OPEN',
      meterAt: new Date(0),
      requestId: '00000000-0000-7000-8000-000000000123',
    });
    expect((await wordOf(house)).power).not.toBe(3);
    await meterSays(relight, house, { ...heard, relay: 'OPEN', meterAt: new Date(0), requestId: question!.requestId });
    expect((await wordOf(house)).power).toBe(3);
  });

  test('raises our sequence where the database has fallen behind the meter (restored from a backup)', async () => {
    const house = await buildHouse(relight);
    await meterSays(relight, house, { relay: 'OPEN', lastSequence: 77n });
    const [order] = await send(relight);
    expect(order).toMatchObject({ operation: 'RESTORE', sequence: 78n });
  });

  test('with its clock ahead, is given more time to obey a restore', async () => {
    const house = await buildHouse(relight);
    const ahead = 3_600_000;
    await meterSays(relight, house, { relay: 'OPEN', meterAt: new Date(relight.ctx.clock.now().getTime() + ahead) });
    const [order] = await send(relight);
    const grantedMs = order!.notAfter.getTime() - order!.issuedAt.getTime() - relight.ctx.timings.restoreValidityMs;
    expect(grantedMs).toBeGreaterThan(ahead - 60_000);
  });
});

test('restores go in one group, and ahead of cuts', async () => {
  const houses = await Promise.all(Array.from({ length: 5 }, () => buildHouse(relight)));
  const debtor = await buildDebtor(relight);
  const cut = await queueCut(relight, debtor);
  for (const house of houses) await meterSays(relight, house, { relay: 'OPEN' });
  const priorities = await relight.sql<{ operation: string }>(
    `SELECT operation FROM switch_command WHERE state = 'QUEUED' ORDER BY priority, attention_wall_at`,
  );
  expect(priorities.map(({ operation }) => operation)).toEqual([...houses.map(() => 'RESTORE'), 'CUT']);
  const orders = await send(relight);
  expect(orders).toHaveLength(6);
  expect((await commandOf(relight, cut)).state).toBe('SENT');
});

describe('the audit', () => {
  test('tells every state of all that happened here', async () => {
    expect(await auditFaults(relight.ctx.db)).toEqual([]);
  });

  test('tells the opening of a work order once, also when a second command joins it', async () => {
    const { house, commandId } = await restoring();
    await theEnd(commandId);
    await meterSays(relight, house, { relay: 'OPEN', lastSequence: 1n });
    const [again] = await send(relight);
    await theEnd(again!.commandId);
    expect(await auditFaults(relight.ctx.db)).toEqual([]);
  });
});
