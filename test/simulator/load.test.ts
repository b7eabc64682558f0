import fc from 'fast-check';
import { startFleet } from '../../simulator/fleet.js';
import { Histogram } from '../../simulator/load/histogram.js';
import { checkLoad } from '../../simulator/load/load-request.js';
import { loadKeys, type OrderKind } from '../../simulator/load/orders.js';
import { SwitchLoad } from '../../simulator/load/switch-load.js';
import { generateFleet } from '../../simulator/generate-fleet.js';
import { connect } from 'mqtt';
import { TestBroker, TestHeadEnd, until } from './support/broker.js';
import { manifest } from './support/fixtures.js';

describe('the histogram', () => {
  test('tells every percentile to 1/32, and the greatest exactly', () => {
    const duration = fc.double({ min: 0.01, max: 3_000_000, noNaN: true });
    fc.assert(
      fc.property(
        fc.array(duration, { minLength: 1, maxLength: 500 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (values, q) => {
          const histogram = new Histogram();
          values.forEach((value) => histogram.record(value));
          const sorted = [...values].sort((a, b) => a - b);
          const exact = sorted[Math.max(1, Math.ceil(q * sorted.length)) - 1]!;
          const told = histogram.quantileMs(q);
          // Never less than what was measured (but for the last bit), and little more: 1/32, and one unit of 1 µs.
          expect(told).toBeGreaterThanOrEqual(exact * (1 - 1e-9));
          expect(told).toBeLessThanOrEqual(exact * (1 + 1 / 32) + 0.001);
          expect(histogram.quantileMs(1)).toBeCloseTo(sorted.at(-1)!, 6);
        },
      ),
    );
  });

  test('takes what is beyond its range, and nothing', () => {
    const histogram = new Histogram();
    expect(histogram.percentiles()).toEqual({ count: 0, p50Ms: 0, p95Ms: 0, p99Ms: 0, maxMs: 0 });
    histogram.record(-5);
    histogram.record(1e12);
    expect(histogram.percentiles()).toMatchObject({ count: 2, maxMs: 1e12 });
  });
});

test.each([
  [{ kind: 'noise' }, /There is no load noise/],
  [{ kind: 'reading', perSecond: 0 }, /above 0/],
  [{ kind: 'reading', perSecond: Number.NaN }, /above 0/],
  [{ kind: 'event', forMs: 0 }, /lasts 1 to/],
  [{ kind: 'freeze', forMs: 5 }, /neither a rate nor a time/],
])('refuses the load %j', (request, problem) => {
  expect(() => checkLoad(request as never)).toThrow(problem);
});

describe('on a broker', () => {
  let broker: TestBroker;
  let headEnd: TestHeadEnd;
  beforeEach(async () => {
    broker = await new TestBroker().start();
    headEnd = await TestHeadEnd.connect(broker.url);
  });
  afterEach(async () => {
    await headEnd.close();
    await broker.kill();
  });

  test.each([
    ['reading', undefined],
    ['event', 400],
    ['state', 200],
    ['freeze', undefined],
  ] as const)('meters say %s (rate %s) and every PUBACK is measured', async (kind, perSecond) => {
    const fleet = await startFleet({
      fleet: manifest({ concentrators: 2, metersEach: 20, direct: 5 }),
      brokerUrl: broker.url,
      bootState: false,
    });
    await fleet.ready;
    fleet.startLoad({ kind, perSecond, forMs: kind === 'freeze' ? undefined : 500 });
    if (kind !== 'freeze') expect(() => fleet.startLoad({ kind: 'event' })).toThrow(/A load is running/);
    await until('the end of the load', () => fleet.load()?.running === false && fleet.load()?.pending === 0);
    const view = fleet.load()!;
    expect(view).toMatchObject({ acknowledged: view.sent, dropped: 0, skipped: 0, latency: { count: view.sent } });
    if (kind === 'freeze') expect(view.sent).toBe(45);
    else if (perSecond) expect(Math.abs(view.sent - perSecond / 2)).toBeLessThanOrEqual(perSecond * 0.05);
    else expect(view.sent).toBeGreaterThan(45);
    expect(view.latency.p50Ms).toBeGreaterThan(0);
    expect(view.latency.maxMs).toBeGreaterThanOrEqual(view.latency.p99Ms);
    const wanted = kind === 'freeze' ? 'reading' : kind;
    await until('all of them at the head-end', () => headEnd.heard((said) => said.kind === wanted).length >= view.sent);
    expect(headEnd.problems).toEqual([]);
    await fleet.stop();
  });

  test.each([
    ['cycle', 20],
    ['restore', 0],
    ['read', 20],
  ] as [OrderKind, number][])(
    'orders %s (relay %i ms) and measures to the answer and to the relay',
    async (kind, relayMs) => {
      const { manifest: fleetManifest, provisioning } = generateFleet({
        concentrators: 2,
        metersPerConcentrator: 10,
        direct: 2,
        seed: 5,
        timezone: 'Asia/Shanghai',
        registerAt: '2025-01-01T00:00:00.000Z',
        downlinkKeys: [],
      });
      const fleet = await startFleet({ fleet: fleetManifest, brokerUrl: broker.url, relayMs });
      await fleet.ready;
      // One meter is out of contact from the start, another loses its acks.
      const [silent, deaf] = [fleet.meters[0]!, fleet.meters[1]!];
      fleet.addFault({ name: 'offline', target: { meter: silent } });
      fleet.addFault({ name: 'lossUp', target: { meter: deaf }, parameters: { kind: 'ack' } });
      const client = connect(broker.url, { clientId: 'load' });
      await client.subscribeAsync(['relight/v1/+/up/+/ack', 'relight/v1/+/up/+/state'], { qos: 1 });
      const load = new SwitchLoad(
        fleetManifest,
        loadKeys(JSON.parse(JSON.stringify(provisioning))),
        { kind, perSecond: 500, count: 60, timeoutMs: 700 },
        { publish: (topic, payload) => void client.publish(topic, payload, { qos: 1 }) },
      );
      client.on('message', (topic, payload) => load.hear(topic, payload));
      await load.run(AbortSignal.timeout(20_000));
      const view = load.view();
      expect(view).toMatchObject({ phase: 'done', sent: 60, silent: 1, refused: {}, unproven: 0 });
      if (kind === 'read') expect(view).toMatchObject({ answered: 60, unanswered: 0, toAnswer: { count: 60 } });
      else {
        // The deaf meter obeyed, but nobody was told in an ack.
        expect(view.unanswered).toBeGreaterThanOrEqual(1);
        expect(view.answered + view.unanswered).toBe(60);
        expect(view).toMatchObject({ proven: view.answered, toRelay: { count: view.proven } });
        expect(view.toRelay.p50Ms).toBeGreaterThanOrEqual(relayMs);
        expect(fleet.summary().accepted).toBe(60);
      }
      await client.endAsync(true);
      await fleet.stop();
    },
  );
});

test('keys without a head-end’s private half are refused in words', () => {
  expect(() => loadKeys({ downlinkKeys: [{ kid: 'a', role: 'head-end', x: 'x' }] })).toThrow(/no private key/);
});
