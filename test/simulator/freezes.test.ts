import { MAX_FREEZE_DAYS } from '../../simulator/run/freezes.js';
import { TestBench, type Said } from './support/bench.js';
import {
  clock,
  cut,
  GATEWAY,
  guard,
  headEnd,
  manifest,
  METER,
  restore,
  seal,
  stranger,
  START_MS,
} from './support/fixtures.js';

interface Entry {
  at: string;
  energyWh: number;
  quality: string;
}
const entries = (said: Said[]): Entry[] => said.flatMap(({ message }) => message.readings as Entry[]);
const DAY_MS = 86_400_000;
const begin = (bench: TestBench, text: string): void => bench.setClock(Date.parse(text));

describe('the clock', () => {
  test('follows the head-end: virtual now = virtualAt + (real now − realAt) × scale', () => {
    const bench = new TestBench();
    expect(bench.simulation.context.clock.nowMs()).toBe(START_MS);
    const hear = (message: object, ...signers: Parameters<typeof seal>[1][]): boolean =>
      bench.simulation.clockFollower.hear(GATEWAY, seal(message, ...signers));
    // Real time stands at 0 on the bench; realAt −10 s at 1000-fold speed is 10,000 s ago.
    const fast = { virtualAt: '2025-01-01T00:00:00.000Z', realAt: '1969-12-31T23:59:50.000Z', scaleMillis: 1_000_000 };
    expect(hear(clock({ version: 5, ...fast }))).toBe(true);
    expect(bench.simulation.context.clock.nowMs()).toBe(Date.parse('2025-01-01T02:46:40.000Z'));

    const now = bench.simulation.context.clock.nowMs();
    const refused: [string, boolean][] = [
      ['older', hear(clock({ version: 4 }))],
      ['same again', hear(clock({ version: 5 }))],
      ['of another gateway', hear(clock({ version: 6, gateway: '900000000002' }))],
      ['by a stranger', hear(clock({ version: 6 }), stranger)],
      ['by the guard', hear(clock({ version: 6 }), guard)],
      ['by both', hear(clock({ version: 6 }), headEnd, guard)],
      ['no instant', hear(clock({ version: 6, virtualAt: '2025-02-30T00:00:00.000Z' }))],
      ['another kind', hear({ ...cut(), version: 6 })],
      ['no message', bench.simulation.clockFollower.hear(GATEWAY, Buffer.from('now!'))],
    ];
    expect(refused.filter(([, changed]) => changed)).toEqual([]);
    expect(bench.simulation.context.clock.nowMs()).toBe(now);
  });

  test('going back does not take the register back', () => {
    const bench = new TestBench();
    begin(bench, '2025-08-01T00:00:00.000Z');
    const { physics } = bench.simulation.context;
    const before = physics.registerWh(bench.meter(), Date.parse('2025-08-01T00:00:00.000Z'));
    begin(bench, '2025-06-20T00:00:00.000Z');
    const now = Date.parse('2025-06-20T00:00:00.000Z');
    expect(physics.registerWh(bench.meter(), now)).toBeCloseTo(before, 6);
    expect(physics.registerWh(bench.meter(), now + DAY_MS)).toBeGreaterThan(before + 1_000);
  });
});

describe('midnight freezes', () => {
  test('one per local midnight passed, with the register of that midnight', () => {
    const bench = new TestBench();
    begin(bench, '2025-06-15T15:59:59.999Z');
    expect(bench.pump()).toHaveLength(1);
    const before = bench.said.length;
    begin(bench, '2025-06-15T16:00:00.000Z');
    const said = bench.pump();
    expect(bench.said.length - before).toBe(1);
    expect(said[0]?.message).toMatchObject({ kind: 'reading', cause: 'freeze' });
    const [freeze] = entries(said);
    expect(freeze?.at).toBe('2025-06-15T16:00:00.000Z');
    const { physics } = bench.simulation.context;
    expect(freeze?.energyWh).toBe(physics.frozenWh(bench.meter(), Date.parse('2025-06-15T16:00:00.000Z')));
    expect(bench.pump()).toEqual([]);
  });

  test('a jump over the end of February sends every day, leap day included, never falling', () => {
    const bench = new TestBench({ manifest: manifest({ meter: { registerAt: '2024-01-01T00:00:00.000Z' } }) });
    begin(bench, '2024-02-26T04:00:00.000Z');
    bench.meter().frozenThroughDay = Number.NaN;
    bench.simulation.freezes.begin();
    begin(bench, '2024-03-02T04:00:00.000Z');
    const freezes = entries(bench.pump());
    expect(freezes.map(({ at }) => at)).toEqual([
      '2024-02-26T16:00:00.000Z',
      '2024-02-27T16:00:00.000Z',
      '2024-02-28T16:00:00.000Z',
      '2024-02-29T16:00:00.000Z',
      '2024-03-01T16:00:00.000Z',
    ]);
    const used = freezes.slice(1).map(({ energyWh }, index) => energyWh - (freezes[index] as Entry).energyWh);
    for (const dayWh of used) expect(dayWh).toBeGreaterThan(4_000);
  });

  test('in a zone with summer time midnights follow the wall clock', () => {
    const bench = new TestBench({ manifest: manifest({ timezone: 'Europe/Berlin' }) });
    begin(bench, '2025-10-24T12:00:00.000Z');
    bench.pump();
    begin(bench, '2025-10-27T12:00:00.000Z');
    expect(entries(bench.pump()).map(({ at }) => at)).toEqual([
      '2025-10-24T22:00:00.000Z',
      '2025-10-25T22:00:00.000Z',
      '2025-10-26T23:00:00.000Z',
    ]);
  });

  test('a long jump comes in messages of 100, at most the last 400 days', () => {
    const bench = new TestBench();
    begin(bench, new Date(START_MS + 1_000 * DAY_MS).toISOString());
    const said = bench.pump();
    expect(said.map(({ message }) => (message.readings as Entry[]).length)).toEqual([100, 100, 100, 100]);
    const freezes = entries(said);
    expect(freezes).toHaveLength(MAX_FREEZE_DAYS);
    expect(new Set(freezes.map(({ at }) => at)).size).toBe(MAX_FREEZE_DAYS);
    expect(Date.parse(freezes.at(-1)?.at ?? '')).toBeGreaterThan(START_MS + 999 * DAY_MS);
  });

  test('days before a cut keep the register they had: a late freeze is not rewritten by the cut', () => {
    const bench = new TestBench({ relayMs: 0 });
    begin(bench, new Date(START_MS + 3 * DAY_MS).toISOString());
    // Not pumped yet: the freezes of three midnights are still owed when the cut comes.
    const later = {
      issuedAt: new Date(START_MS + 3 * DAY_MS).toISOString(),
      notAfter: new Date(START_MS + 4 * DAY_MS).toISOString(),
    };
    const said = bench.down(seal(cut(later)));
    expect(said.map(({ kind }) => kind)).toEqual(['reading', 'ack', 'state']);
    const owed = entries(said.slice(0, 1)).map(({ energyWh }) => energyWh);
    expect(owed).toHaveLength(3);
    expect(new Set(owed).size).toBe(3);
    expect(bench.pump()).toEqual([]);
    // In the dark every midnight has the same register.
    begin(bench, new Date(START_MS + 6 * DAY_MS).toISOString());
    expect(new Set(entries(bench.pump()).map(({ energyWh }) => energyWh))).toEqual(
      new Set([said[1]?.message.energyWh]),
    );
    bench.down(seal(restore({ sequence: 2, notAfter: '2025-12-01T00:00:00.000Z' })));
  });

  test('a wrong clock freezes at its own midnight', () => {
    const bench = new TestBench();
    bench.simulation.faultControl.add({ name: 'clockOffset', parameters: { offsetMs: 2 * 3_600_000 } });
    begin(bench, '2025-06-10T14:00:00.000Z');
    const [freeze] = entries(bench.pump());
    expect(freeze?.at).toBe('2025-06-10T16:00:00.000Z');
    const { physics } = bench.simulation.context;
    expect(freeze?.energyWh).toBe(physics.frozenWh(bench.meter(), Date.parse('2025-06-10T14:00:00.000Z')));
  });

  test('a silent meter keeps its freezes and sends them when it is back', () => {
    const bench = new TestBench();
    const { id } = bench.simulation.faultControl.add({ name: 'offline', target: { meter: METER } });
    begin(bench, new Date(START_MS + 5 * DAY_MS).toISOString());
    expect(bench.pump()).toEqual([]);
    bench.simulation.faultControl.remove(id);
    expect(entries(bench.pump())).toHaveLength(5);
  });

  test('a fleet is spread by its rate and by the room its gateways have', () => {
    let room = true;
    const bench = new TestBench({
      manifest: manifest({ metersEach: 300 }),
      freezesPerSecond: 100,
      hasRoom: () => room,
    });
    begin(bench, new Date(START_MS + DAY_MS).toISOString());
    bench.simulation.pump();
    bench.scheduler.advance(1_000);
    bench.simulation.pump();
    expect(bench.said.length).toBeLessThanOrEqual(100);
    expect(bench.said.length).toBeGreaterThan(50);
    room = false;
    bench.scheduler.advance(10_000);
    bench.simulation.pump();
    expect(bench.said.length).toBeLessThanOrEqual(100);
    room = true;
    for (let second = 0; second < 10; second += 1) {
      bench.scheduler.advance(1_000);
      bench.simulation.pump();
    }
    expect(new Set(bench.said.map(({ meter }) => meter)).size).toBe(300);
    expect(bench.said).toHaveLength(300);
  });
});
