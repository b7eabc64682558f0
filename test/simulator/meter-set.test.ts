import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { startFleet } from '../../simulator/fleet.js';
import { MAX_RELAY_LOG, type RelayToggle } from '../../simulator/meter/meter.js';
import { MeterSet } from '../../simulator/meter/meter-set.js';
import type { FleetManifest } from '../../simulator/wire/contract.js';
import { TestBench } from './support/bench.js';
import { manifest, nextId } from './support/fixtures.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** What is alive on the heap and beside it (typed arrays), bytes. */
async function aliveBytes(): Promise<number> {
  for (let round = 0; round < 3; round += 1) {
    collectGarbage();
    // The memory of dead typed arrays is given back by another thread.
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** What a meter may cost with all its state; measured: see docs/simulator.md. The bar of the whole is 300. */
const MAX_BYTES_PER_METER = 240;
const MAX_BYTES_PER_TOGGLE = 60;

describe('the meters of a fleet', () => {
  test('cost little each, also after every relay has moved', async () => {
    const fleet = manifest({ concentrators: 20, metersEach: 1_000 });
    const count = fleet.meters.length;
    // Once for everything that is made once (compiled code, load shapes, calendars).
    new TestBench({ manifest: fleet });
    const before = await aliveBytes();
    const bench = new TestBench({ manifest: fleet });
    const idle = ((await aliveBytes()) - before) / count;
    expect(idle).toBeLessThan(MAX_BYTES_PER_METER);
    for (const to of ['open', 'closed', 'open', 'closed'] as const) {
      for (const meter of bench.simulation.meters.values()) {
        meter.lastSequence += 1;
        meter.lastCommandId = nextId();
        meter.logToggle({
          atMs: 1,
          to,
          cause: 'command',
          sequence: meter.lastSequence,
          commandId: meter.lastCommandId,
        });
      }
    }
    const moved = ((await aliveBytes()) - before) / count;
    expect(moved - idle).toBeLessThan(4 * MAX_BYTES_PER_TOGGLE);
    // Used once more, so that neither has been let go of in between.
    expect(bench.simulation.meters.size).toBe(fleet.meters.length);
  });

  test('are found by their number, whatever the numbers are', () => {
    const template = manifest().meters[0]!;
    const serial = fc.integer({ min: 0, max: 999_999_999_999 }).map((number) => String(number).padStart(12, '0'));
    fc.assert(
      fc.property(fc.uniqueArray(serial, { maxLength: 300 }), fc.array(serial), (serials, others) => {
        const set = new MeterSet(
          serials.map((meter) => ({ ...template, meter })),
          1,
        );
        expect(serials.map((one) => set.get(one)?.serial)).toEqual(serials);
        expect([...set.keys()]).toEqual(serials);
        for (const other of others) expect(set.has(other)).toBe(serials.includes(other));
      }),
    );
  });

  test('anything but twelve digits is nobody', () => {
    const set = new MeterSet(manifest().meters, 1);
    expect(set.get('100000000001')?.index).toBe(0);
    for (const wrong of ['', '100000000001 ', ' 10000000001', '1e11', '1.0000000001', '+10000000001', '__proto__']) {
      expect(set.get(wrong)).toBeUndefined();
    }
  });

  test('have each its own installation, command and flags', () => {
    const set = new MeterSet(manifest({ metersEach: 3 }).meters, 1);
    const [first, second, third] = [...set.values()] as [NonNullable<ReturnType<typeof set.at>>, never, never];
    const commandId = nextId();
    Object.assign(second, { lastCommandId: commandId, armed: true, relayClosed: false, frozenThroughDay: 20_000 });
    expect([first, second, third].map((meter: typeof first) => meter.lastCommandId)).toEqual(['', commandId, '']);
    expect([first, second, third].map((meter: typeof first) => meter.armed)).toEqual([false, true, false]);
    expect([first, second, third].map((meter: typeof first) => meter.relayClosed)).toEqual([true, false, true]);
    expect([first, second, third].map((meter: typeof first) => meter.frozenThroughDay)).toEqual([NaN, 20_000, NaN]);
    expect(() => (first.installation = 'a house')).toThrow(RangeError);
    expect(first.installation).toBe(manifest().meters[0]!.installation);
  });
});

describe('the relay log', () => {
  const toggle = (sequence: number): RelayToggle => ({
    atMs: 1_700_000_000_000 + sequence,
    to: sequence % 2 === 0 ? 'open' : 'closed',
    cause: sequence % 3 === 0 ? 'button' : 'command',
    sequence,
    commandId: sequence % 5 === 0 ? '' : nextId(),
  });

  test('keeps the newest of each meter, whoever moves when', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 2 }), { maxLength: 600 }), (moves) => {
        const set = new MeterSet(manifest({ metersEach: 3 }).meters, 1);
        const wanted: RelayToggle[][] = [[], [], []];
        for (const [at, who] of moves.entries()) {
          const moved = toggle(at);
          set.at(who)!.logToggle(moved);
          wanted[who]!.push(moved);
        }
        for (const [who, log] of wanted.entries()) {
          const kept = log.slice(-MAX_RELAY_LOG);
          expect(set.at(who)!.relayLog).toEqual(kept.length > 0 ? kept : undefined);
        }
      }),
      { numRuns: 30 },
    );
  });
});

test('a running fleet does not hold its manifest', async () => {
  let given: FleetManifest | undefined = manifest({ concentrators: 2, metersEach: 50, direct: 2 });
  const reference = new WeakRef(given);
  // Nothing listens there: what is held does not depend on being connected.
  const fleet = await startFleet({ fleet: given, brokerUrl: 'mqtt://127.0.0.1:1' });
  given = undefined;
  // A WeakRef lasts to the end of the turn that made it.
  await new Promise((resolve) => setImmediate(resolve));
  collectGarbage();
  expect(reference.deref()).toBeUndefined();
  expect(fleet.meterCount).toBe(102);
  await fleet.stop();
});
