import { ClockFollowedError, startFleet } from '../../simulator/fleet.js';
import { MAX_SCALE_MILLIS, VirtualClock } from '../../simulator/run/virtual-clock.js';
import { TestBench } from './support/bench.js';
import { TestBroker, TestHeadEnd, until } from './support/broker.js';
import { clock, cut, GATEWAY, installationOf, manifest, restore, seal, START, START_MS } from './support/fixtures.js';

const DAY_MS = 86_400_000;
/** A day in 4.3 s. */
const SCALE = 20_000;
const METERS = 1_000;
/** The bar: a virtual day of 1,000 meters. */
const MAX_DAY_MS = 10_000;

describe('a virtual day of 1,000 meters', () => {
  test('on a broker, at the speed of the head-end’s clock: every midnight register, every order', async () => {
    const broker = await new TestBroker().start();
    const headEnd = await TestHeadEnd.connect(broker.url);
    const fleet = await startFleet({
      fleet: manifest({ metersEach: METERS }),
      brokerUrl: broker.url,
      relayMs: 0,
      bootState: false,
      clockWaitMs: 60_000,
    });
    await headEnd.setClock(GATEWAY, seal(clock()));
    await fleet.ready;

    const startedAtMs = performance.now();
    const running = { version: 2, realAt: new Date().toISOString(), scaleMillis: SCALE * 1_000 };
    await headEnd.setClock(GATEWAY, seal(clock(running)));
    const validity = { issuedAt: START, notAfter: new Date(START_MS + DAY_MS).toISOString() };
    const ordered = fleet.meters
      .slice(0, 50)
      .map((meter, index) => ({ meter, installation: installationOf(index + 1) }));
    for (const to of ordered) await headEnd.send(GATEWAY, to.meter, seal(cut({ ...to, ...validity })));
    for (const to of ordered) await headEnd.send(GATEWAY, to.meter, seal(restore({ ...to, ...validity, sequence: 2 })));
    const midnight = '2025-06-10T16:00:00.000Z';
    type Readings = { readings: { at: string }[] };
    const frozenAt = (instant: string): string[] =>
      headEnd
        .heard(({ kind, message }) => kind === 'reading' && message.cause === 'freeze')
        .filter(({ message }) => (message as unknown as Readings).readings.some(({ at }) => at === instant))
        .map(({ meter }) => meter);
    await until('the day', () => fleet.nowMs() >= START_MS + DAY_MS && new Set(frozenAt(midnight)).size === METERS);
    expect(performance.now() - startedAtMs).toBeLessThan(MAX_DAY_MS);
    // Each meter told this midnight exactly once, whatever else it told.
    expect(frozenAt(midnight)).toHaveLength(METERS);
    await until('all acks', () => headEnd.heard(({ kind }) => kind === 'ack').length >= 100);
    expect(fleet.summary()).toMatchObject({ accepted: 100, refused: {}, closed: METERS, relayToggles: 100 });
    expect(headEnd.problems).toEqual([]);
    await fleet.stop();
    await headEnd.close();
    await broker.kill();
  });

  test('by hand: the clock set hour by hour, everybody asked each time', () => {
    const startedAtMs = performance.now();
    const bench = new TestBench({ manifest: manifest({ metersEach: METERS }) });
    let freezes = 0;
    for (let hour = 1; hour <= 24; hour += 1) {
      bench.setClock(START_MS + (hour * DAY_MS) / 24);
      freezes += bench.pump().length;
    }
    expect(freezes).toBe(METERS);
    expect(performance.now() - startedAtMs).toBeLessThan(MAX_DAY_MS);
  });
});

describe('a racing clock', () => {
  test('is not set back by the few milliseconds in which two machines differ', () => {
    const bench = new TestBench();
    bench.setClock(START_MS);
    const { clockFollower, context } = bench.simulation;
    const fast = clock({ version: 10, virtualAt: START, scaleMillis: SCALE * 1_000 });
    expect(clockFollower.hear(GATEWAY, seal(fast))).toBe(true);
    const meter = bench.meter();
    const before = meter.baseAtMs;
    // 40 ms of another machine's clock are 800 s of this time.
    const told = new Date(START_MS - 40 * SCALE).toISOString();
    clockFollower.hear(GATEWAY, seal(clock({ version: 11, virtualAt: told, scaleMillis: SCALE * 1_000 })));
    expect(meter.baseAtMs).toBe(before);
    // A day back is somebody setting it.
    const yesterday = new Date(START_MS - DAY_MS).toISOString();
    clockFollower.hear(GATEWAY, seal(clock({ version: 12, virtualAt: yesterday, scaleMillis: SCALE * 1_000 })));
    expect(meter.baseAtMs).toBe(START_MS - DAY_MS);
    expect(context.clock.nowMs()).toBe(START_MS - DAY_MS);
  });

  test('of the fleet’s own runs on from where it is, until a head-end sets it', () => {
    let realMs = 1_000;
    const own = new VirtualClock(() => realMs);
    expect(own.nowMs()).toBe(1_000);
    own.setOwn(10_000_000, START_MS);
    realMs += 10;
    expect(own.nowMs()).toBe(START_MS + 100_000);
    own.setOwn(1_000);
    realMs += 10;
    expect(own.nowMs()).toBe(START_MS + 100_010);
    for (const wrong of [-1, 0.5, MAX_SCALE_MILLIS + 1, Number.NaN])
      expect(() => own.setOwn(wrong)).toThrow(RangeError);
    own.follow(clock() as never);
    expect(() => own.setOwn(1_000)).toThrow(ClockFollowedError);
  });
});
