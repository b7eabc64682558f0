import { TestBench, type Said } from './support/bench.js';
import { cut, GATEWAY, manifest, METER, read, restore, seal, START_MS } from './support/fixtures.js';
import {
  answersOf,
  cutOf,
  eventsOf,
  LineBench,
  lineManifest,
  readFrame,
  readOf,
  restoreOf,
  words,
} from './support/line.js';

const A = METER;
const B = '100000000002';
const DAY_MS = 86_400_000;

const stateOf = (bench: TestBench, serial: string): Record<string, unknown> =>
  bench.down(seal(read({ meter: serial, notAfter: new Date(START_MS + 30 * DAY_MS).toISOString() })), serial)[0]
    ?.message as Record<string, unknown>;

describe('crossed neighbours', () => {
  const crossed = (wires: string): TestBench => {
    const bench = new TestBench({ relayMs: 0, manifest: manifest({ metersEach: 3 }) });
    bench.simulation.faultControl.add({ name: 'crossWired', target: { meter: A }, parameters: { with: B, wires } });
    return bench;
  };
  const lit = (bench: TestBench): boolean[] =>
    [A, B].map((serial) => bench.simulation.context.physics.homeLit(bench.meter(serial)));

  test('control wires: the cut meter says open and its load flows on; the neighbour is dark though its meter says closed', () => {
    const bench = crossed('control');
    bench.setClock(START_MS + DAY_MS / 2);
    const registerB = stateOf(bench, B).energyWh;
    bench.down(seal(cut({ notAfter: new Date(START_MS + DAY_MS).toISOString() })), A);
    expect(stateOf(bench, B).energyWh).toBe(registerB);
    const [cutMeter, neighbour] = [stateOf(bench, A), stateOf(bench, B)];
    expect(cutMeter.relay).toBe('open');
    expect(cutMeter.powerW).toBeGreaterThan(0);
    expect(cutMeter.loadVoltageMv).toBeGreaterThan(198_000);
    expect(neighbour).toMatchObject({ relay: 'closed', powerW: 0, loadVoltageMv: 0 });
    expect(lit(bench)).toEqual([true, false]);
    bench.setClock(START_MS + DAY_MS);
    expect(stateOf(bench, A).energyWh).toBeGreaterThan(cutMeter.energyWh as number);
    expect(stateOf(bench, B).energyWh).toBe(neighbour.energyWh);
    // Wires put right: the contacts stay where they are, each in its own circuit again.
    bench.simulation.faultControl.remove('f1');
    expect(stateOf(bench, A)).toMatchObject({ relay: 'open', powerW: 0 });
    expect(lit(bench)).toEqual([false, true]);
  });

  test('outgoing wires: the meters look right, each measures the other home, and the wrong one is dark', () => {
    const fleet = manifest({ metersEach: 2 });
    (fleet.meters[1] as { annualEnergyWh: number }).annualEnergyWh = 30_000_000;
    const bench = new TestBench({ relayMs: 0, manifest: fleet });
    const own = stateOf(bench, A).powerW as number;
    bench.simulation.faultControl.add({
      name: 'crossWired',
      target: { meter: A },
      parameters: { with: B, wires: 'load' },
    });
    expect(stateOf(bench, A).powerW).toBeGreaterThan(own * 3);
    bench.down(seal(cut()), A);
    expect(stateOf(bench, A)).toMatchObject({ relay: 'open', powerW: 0, loadVoltageMv: 0 });
    expect(stateOf(bench, B)).toMatchObject({ relay: 'closed', powerW: own });
    expect(lit(bench)).toEqual([true, false]);
  });

  test('needs one meter and its neighbour', () => {
    const bench = new TestBench({ manifest: manifest({ metersEach: 2 }) });
    const add = (fault: object) => (): unknown => bench.simulation.faultControl.add({ name: 'crossWired', ...fault });
    expect(add({ parameters: { with: B } })).toThrow('one meter as its target');
    expect(add({ target: { meter: A }, parameters: { with: A } })).toThrow('no other meter');
    expect(add({ target: { meter: A }, parameters: { with: 'B' } })).toThrow('12 digits');
    expect(add({ target: { meter: A } })).toThrow('needs with');
  });
});

describe('voltage', () => {
  test('backfeed: on the load side while the relay is open', () => {
    const bench = new TestBench({ relayMs: 0 });
    bench.simulation.faultControl.add({ name: 'backfeed', parameters: { voltageMv: 215_000 } });
    expect(stateOf(bench, A).loadVoltageMv).toBe(stateOf(bench, A).supplyVoltageMv);
    bench.down(seal(cut()));
    expect(stateOf(bench, A)).toMatchObject({ relay: 'open', powerW: 0, loadVoltageMv: 215_000 });
    bench.simulation.faultControl.remove('f1');
    expect(stateOf(bench, A).loadVoltageMv).toBe(0);
  });

  test('brown-out: low voltages, one event at its beginning and one at its end', () => {
    const bench = new TestBench();
    const before = stateOf(bench, A).supplyVoltageMv as number;
    bench.said.length = 0;
    bench.simulation.faultControl.add({ name: 'brownOut', parameters: { percent: 70 } });
    expect(stateOf(bench, A).supplyVoltageMv).toBe(Math.round(before * 0.7));
    bench.simulation.faultControl.add({ name: 'lossUp', parameters: { rate: 0 } });
    bench.simulation.faultControl.remove('f1');
    expect(eventsOf(bench.said)).toEqual(['01:VOLTAGE_LOW', '01:VOLTAGE_NORMAL']);
    bench.simulation.faultControl.add({ name: 'brownOut', parameters: { percent: 95 } });
    expect(eventsOf(bench.said)).toHaveLength(2);
  });

  test('slowRelay, JSON: accepted now, moved later', () => {
    const bench = new TestBench({ relayMs: 0 });
    bench.simulation.faultControl.add({ name: 'slowRelay', parameters: { delayMs: 9_000 } });
    expect(bench.down(seal(cut())).map(({ kind }) => kind)).toEqual(['ack']);
    expect(bench.wait(8_999)).toEqual([]);
    expect(bench.wait(1).map(({ kind, message }) => `${kind} ${message.relay as string}`)).toEqual(['state open']);
  });
});

describe('clocks', () => {
  test('each its own rate within ±ppm', () => {
    const bench = new TestBench({ manifest: manifest({ metersEach: 50 }) });
    bench.simulation.faultControl.add({ name: 'clockDrift', parameters: { ppm: 1_000, rates: 'each' } });
    bench.setClock(START_MS + DAY_MS);
    const errors = [...bench.simulation.meters.values()].map((meter) =>
      bench.simulation.context.clocks.offsetMs(meter),
    );
    expect(Math.max(...errors.map(Math.abs))).toBeLessThanOrEqual(86_400);
    expect(errors.filter((error) => error > 0).length).toBeGreaterThan(10);
    expect(errors.filter((error) => error < 0).length).toBeGreaterThan(10);
  });
});

describe('a district without supply', () => {
  test('JSON meters gasp and come back; DL/T 645 meters just fall silent; the concentrator forgets what waited', () => {
    const fleet = lineManifest(2, 2_400);
    delete (fleet.meters[1] as { codec?: string }).codec;
    const bench = new LineBench({ manifest: fleet });
    bench.down(seal(readOf(1, ['00010000'])), A);
    bench.down(seal(readOf(1, ['02010100'])), A);
    bench.simulation.faultControl.add({ name: 'districtOutage', target: { gateway: GATEWAY }, forMs: 60_000 });
    expect(eventsOf(bench.said)).toEqual(['02:LAST_GASP']);
    bench.down(seal(readOf(1, ['00010000'])), A);
    expect(bench.wait(59_000)).toEqual([]);
    const back = bench.wait(20_000);
    expect(back.filter(({ kind }) => kind === 'state').map(({ message }) => message.cause)).toEqual(['boot']);
    expect(words(answersOf(back))).toEqual(['boot:answered']);
    expect(eventsOf(back).sort()).toEqual(['01:POWER_ON', '02:POWER_ON']);
  });
});

describe('concentrators and lines that go wrong', () => {
  test('lineNoise: what came is passed on as it came, and never reads as something else', () => {
    const bench = new LineBench({ meters: 1 });
    bench.simulation.faultControl.add({ name: 'lineNoise', parameters: { rate: 0.5 } });
    const clean = bench.line(1, readFrame(A, '04000401'))?.data.toString('hex');
    let damaged = 0;
    for (let count = 0; count < 200; count += 1) {
      for (const answer of bench.order(readOf(1, ['04000401']), 2_100)) {
        if (answer.outcome === 'silent') continue;
        if (answer.frame) expect(answer.frame.data.toString('hex')).toBe(clean);
        else damaged += 1;
      }
    }
    expect(damaged).toBeGreaterThan(40);
    // A switch through noise is done once at most, and told by what could be read.
    for (let sequence = 1; sequence <= 20; sequence += 1) {
      bench.order(sequence % 2 ? cutOf(1, sequence) : restoreOf(1, sequence), 25_000);
    }
    const toggles = bench.meter(A).relayLog ?? [];
    expect(new Set(toggles.map(({ sequence }) => sequence)).size).toBe(toggles.length);
  });

  test('lyingConcentrator: signed all the same, as another of its meters or as none', () => {
    for (const [as, serials] of [
      ['other', /^10000000000[123]$/],
      ['unknown', /^990000000000$/],
    ] as const) {
      const bench = new LineBench({ meters: 3 });
      bench.simulation.faultControl.add({
        name: 'lyingConcentrator',
        target: { gateway: GATEWAY },
        parameters: { as },
      });
      const meters = Array.from({ length: 20 }, () => bench.order(readOf(1, ['00010000']))[0]?.meter as string);
      for (const meter of meters) expect(meter).toMatch(serials);
      expect(meters.some((meter) => meter !== A)).toBe(true);
      // The bytes from the line still name the meter they came from.
      expect(answersOf(bench.said)[0]?.frame?.address).toBe(A);
    }
  });

  test('replayUp: old messages again, byte for byte', () => {
    const bench = new LineBench({ meters: 2 });
    bench.simulation.faultControl.add({ name: 'replayUp' });
    for (let count = 0; count < 10; count += 1) bench.order(readOf(1, ['04000102']));
    const raws = bench.said.map(({ raw }) => raw);
    expect(raws).toHaveLength(19);
    expect(new Set(raws).size).toBe(10);

    const json = new TestBench({ relayMs: 0 });
    json.simulation.faultControl.add({ name: 'replayUp' });
    json.down(seal(cut({ sequence: 1 })));
    json.down(seal(restore({ sequence: 2 })));
    expect(json.said.map(({ kind }: Said) => kind)).toHaveLength(7);
  });

  test('the whole catalogue is told by faults --help', async () => {
    const { FAULTS_HELP } = await import('../../simulator/cli/help.js');
    const { FAULT_NAMES } = await import('../../simulator/faults/catalogue.js');
    for (const name of FAULT_NAMES) expect(FAULTS_HELP).toContain(`\n  ${name}: `);
    expect(FAULTS_HELP).toContain("with=<meter> (required): the neighbour's meter");
  });
});
