import { FAULT_NAMES } from '../../simulator/faults/catalogue.js';
import { FaultError, parseFault } from '../../simulator/faults/fault-spec.js';
import { TestBench, type Said } from './support/bench.js';
import { cut, GATEWAY, manifest, METER, read, restore, seal, START_MS, installationOf } from './support/fixtures.js';

const kinds = (said: Said[]): string[] =>
  said.map(({ kind, message }) => `${kind}:${String(message.cause ?? message.event ?? message.result)}`);
const benchWith = (...faults: object[]): TestBench => {
  const bench = new TestBench();
  for (const fault of faults) bench.simulation.faultControl.add(fault);
  return bench;
};

describe('a fault as given', () => {
  test('gets its defaults', () => {
    expect(parseFault({ name: 'lossUp' })).toEqual({
      name: 'lossUp',
      target: { all: true },
      parameters: { rate: 1, kind: 'all' },
    });
    expect(parseFault({ name: 'lateAck', target: { share: 0.5 }, parameters: { afterMs: 9 }, forMs: 100 })).toEqual({
      name: 'lateAck',
      target: { share: 0.5 },
      parameters: { afterMs: 9, rate: 1 },
      forMs: 100,
    });
  });

  test.each<[unknown, RegExp]>([
    [null, /is a JSON object/],
    [[], /is a JSON object/],
    [{ name: 'gremlins' }, /no fault "gremlins"; choose one of offline, outage/],
    [{}, /no fault undefined/],
    [{ name: 'toString' }, /no fault "toString"/],
    [{ name: 'offline', rate: 1 }, /leave out rate/],
    [{ name: 'offline', parameters: { rate: 1 } }, /takes nothing; leave out rate/],
    [{ name: 'lossUp', parameters: { rate: 1.1 } }, /rate is a number from 0 to 1, not 1.1/],
    [{ name: 'lossUp', parameters: { rate: '1' } }, /rate is a number from 0 to 1/],
    [{ name: 'lossUp', parameters: { rate: Number.NaN } }, /rate is a number/],
    [{ name: 'lossUp', parameters: { kind: 'acks' } }, /kind is one of ack, state/],
    [{ name: 'lateAck' }, /needs afterMs/],
    [{ name: 'delay', parameters: { minMs: 5, maxMs: 4 } }, /swap them/],
    [{ name: 'clockOffset', parameters: { offsetMs: 1e15 } }, /offsetMs is a number from/],
    [{ name: 'offline', target: {} }, /exactly one of all, meter/],
    [{ name: 'offline', target: { meter: METER, share: 1 } }, /exactly one/],
    [{ name: 'offline', target: { all: false } }, /\{"all":true\}/],
    [{ name: 'offline', target: { meter: '7' } }, /12 digits/],
    [{ name: 'offline', target: { share: 2 } }, /target.share is a number from 0 to 1/],
    [{ name: 'offline', forMs: 0 }, /forMs/],
  ])('%j is refused in words', (input, words) => {
    expect(() => parseFault(input)).toThrow(FaultError);
    expect(() => parseFault(input)).toThrow(words);
  });

  test('must strike something that exists', () => {
    const bench = new TestBench();
    const add = (target: object) => () => bench.simulation.faultControl.add({ name: 'offline', target });
    expect(add({ meter: '100000000099' })).toThrow(/no meter 100000000099/);
    expect(add({ gateway: '100000000001' })).toThrow(/no gateway 100000000001/);
  });

  test('the catalogue holds what the simulator promises', () => {
    const promised =
      'offline lossDown lossUp delay lateAck duplicate reorder stuckRelay lyingRelay clockOffset reboot outage ' +
      'districtOutage brownOut backfeed slowRelay clockDrift crossWired newFirmware wrongPassword lineSilent lineNoise lyingConcentrator replayUp';
    expect([...FAULT_NAMES].sort()).toEqual(promised.split(' ').sort());
  });
});

describe('messages', () => {
  test('lostDown: nobody hears the command, the gateway acknowledges it', () => {
    const bench = benchWith({ name: 'lossDown' });
    expect(bench.down(seal(cut()))).toEqual([]);
    expect(bench.meter().lastSequence).toBe(0);
    expect(bench.acknowledged).toBe(1);
    expect(bench.simulation.context.counters.unheard).toBe(1);
  });

  test('lossUp: the command is obeyed, its ack is lost, its state arrives', () => {
    const bench = benchWith({ name: 'lossUp', parameters: { kind: 'ack' } });
    bench.down(seal(cut()));
    expect(kinds(bench.wait(20))).toEqual(['state:change']);
    expect(bench.meter().relayClosed).toBe(false);
    expect(bench.simulation.context.counters.lostUp).toBe(1);
  });

  test('lateAck: the ack comes after the state, and still says what was true when it was made', () => {
    const bench = benchWith({ name: 'lateAck', parameters: { afterMs: 5_000 } });
    expect(bench.down(seal(cut()))).toEqual([]);
    const said = bench.wait(5_000);
    expect(kinds(said)).toEqual(['state:change', 'ack:accepted']);
    expect(said.map(({ message }) => message.relay)).toEqual(['open', 'closed']);
  });

  test('duplicate up: the same bytes twice; duplicate down: answered twice, obeyed once', () => {
    const up = benchWith({ name: 'duplicate', parameters: { kind: 'ack' } });
    const acks = up.down(seal(cut()));
    expect(acks).toHaveLength(2);
    expect(acks[0]?.raw).toBe(acks[1]?.raw);

    const down = benchWith({ name: 'duplicate', parameters: { direction: 'down' } });
    expect(down.down(seal(cut())).map(({ message }) => message.duplicate)).toEqual([undefined, true]);
    down.wait(20);
    expect(down.meter().relayLog).toHaveLength(1);
    expect(down.acknowledged).toBe(1);
  });

  test('delay down: a command that arrives too late is expired; its PUBACK waits with it', () => {
    const bench = benchWith({ name: 'delay', parameters: { direction: 'down', minMs: 1_000, maxMs: 1_000 } });
    bench.down(seal(cut()));
    expect(bench.acknowledged).toBe(0);
    bench.setClock(START_MS + 600_001);
    expect(bench.wait(1_000).map(({ message }) => message.refusal)).toEqual(['EXPIRED']);
    expect(bench.acknowledged).toBe(1);
  });

  test('delay up: within its bounds', () => {
    const bench = benchWith({ name: 'delay', parameters: { minMs: 100, maxMs: 200 } });
    bench.down(seal(read()));
    expect(bench.wait(99.9)).toEqual([]);
    expect(bench.wait(100.1)).toHaveLength(1);
  });

  test('reorder: a message waits for the next of its gateway, or for its window', () => {
    const bench = benchWith({ name: 'reorder', parameters: { windowMs: 500, kind: 'ack' } });
    expect(bench.down(seal(cut()))).toEqual([]);
    expect(kinds(bench.wait(20))).toEqual(['state:change', 'ack:accepted']);
    expect(bench.down(seal(restore({ sequence: 2, expectedRelay: 'closed' })))).toEqual([]);
    expect(bench.wait(499)).toEqual([]);
    expect(kinds(bench.wait(1))).toEqual(['ack:refused']);
  });

  test('rate: a seeded part of the messages', () => {
    const heard = (seed: number): string => {
      const bench = new TestBench({ seed });
      bench.simulation.faultControl.add({ name: 'lossDown', parameters: { rate: 0.3 } });
      return Array.from({ length: 200 }, () => bench.down(seal(read())).length).join('');
    };
    expect(heard(1)).toBe(heard(1));
    expect(heard(1)).not.toBe(heard(2));
    const lost = [...heard(3)].filter((each) => each === '0').length;
    expect(lost).toBeGreaterThan(35);
    expect(lost).toBeLessThan(85);
  });
});

describe('relays', () => {
  test('stuck: accepted, but the contacts and what the meter says stay', () => {
    const bench = benchWith({ name: 'stuckRelay' });
    expect(kinds(bench.down(seal(cut())))).toEqual(['ack:accepted']);
    expect(bench.wait(1000)).toEqual([]);
    const [state] = bench.down(seal(read()));
    expect(state?.message).toMatchObject({ relay: 'closed', lastSequence: 1 });
    expect(state?.message.powerW).toBeGreaterThan(0);
    // Freed, it stays until it is ordered again.
    bench.simulation.faultControl.remove('f1');
    expect(bench.wait(1000)).toEqual([]);
    bench.down(seal(cut({ sequence: 2 })));
    expect(kinds(bench.wait(20))).toEqual(['state:change']);
  });

  test('stuck at closed: cannot open, can close', () => {
    const bench = new TestBench({ manifest: manifest({ meter: { relay: 'open' } }) });
    bench.simulation.faultControl.add({ name: 'stuckRelay', parameters: { at: 'closed' } });
    bench.down(seal(restore()));
    bench.wait(20);
    bench.down(seal(cut({ sequence: 2 })));
    bench.wait(20);
    expect(bench.meter().relayLog?.map(({ to }) => to)).toEqual(['closed']);
  });

  test('lying after a cut: says open, yet voltage, power and register tell the truth', () => {
    const bench = benchWith({ name: 'lyingRelay' });
    bench.down(seal(cut()));
    const [change] = bench.wait(20);
    expect(change?.message).toMatchObject({ cause: 'change', relay: 'open', lastSequence: 1 });
    expect(change?.message.loadVoltageMv).toBeGreaterThan(198_000);
    expect(change?.message.powerW).toBeGreaterThan(0);
    const before = change?.message.energyWh as number;
    bench.setClock(START_MS + 3_600_000);
    const [state] = bench.down(seal(read({ notAfter: '2025-06-11T00:00:00.000Z' })));
    expect(state?.message.energyWh).toBeGreaterThan(before);
    expect(bench.meter().relayLog).toBeUndefined();
    // Found out: the contacts are read truly again.
    bench.simulation.faultControl.remove('f1');
    expect(bench.said.at(-1)?.message).toMatchObject({ cause: 'change', relay: 'closed' });
  });

  test('lying after a restore: says closed, yet nothing flows', () => {
    const bench = new TestBench({ manifest: manifest({ meter: { relay: 'open' } }) });
    bench.simulation.faultControl.add({ name: 'lyingRelay', parameters: { at: 'open' } });
    bench.down(seal(restore()));
    expect(bench.wait(20)[0]?.message).toMatchObject({ relay: 'closed', loadVoltageMv: 0, powerW: 0 });
  });
});

describe('meters', () => {
  test('offline behind a concentrator: hears nothing, says nothing, and goes on counting', () => {
    const bench = benchWith({ name: 'offline', target: { meter: METER } });
    expect(bench.down(seal(cut()))).toEqual([]);
    expect(bench.simulation.context.counters.unheard).toBe(1);
    bench.simulation.faultControl.remove('f1');
    expect(kinds(bench.down(seal(read())))).toEqual(['state:read']);
  });

  test('a gateway offline silences nobody: what its meters say waits in it', () => {
    const bench = benchWith({ name: 'offline', target: { gateway: GATEWAY } });
    expect(kinds(bench.down(seal(read())))).toEqual(['state:read']);
  });

  test('outage: last gasp, silence, a register that stands still, then power on and a boot state', () => {
    const bench = new TestBench();
    const registerAtStart = bench.down(seal(read()))[0]?.message.energyWh;
    const before = bench.said.length;
    bench.simulation.faultControl.add({ name: 'outage', forMs: 1_000 });
    expect(kinds(bench.said.slice(before))).toEqual(['event:LAST_GASP']);
    expect(bench.down(seal(read()))).toEqual([]);
    expect(bench.simulation.switchgear.press(bench.meter(), 3_000)).toBe('no-supply');
    bench.setClock(START_MS + 3_600_000);
    const back = bench.wait(1_000);
    expect(kinds(back)).toEqual(['event:POWER_ON', 'state:boot']);
    expect(back[1]?.message).toMatchObject({ relay: 'closed', energyWh: registerAtStart });
  });

  test('clockOffset: a meter that runs ahead finds commands expired, one that runs behind refuses cuts', () => {
    const fast = benchWith({ name: 'clockOffset', parameters: { offsetMs: 700_000 } });
    expect(fast.down(seal(cut()))[0]?.message).toMatchObject({
      refusal: 'EXPIRED',
      meterTime: '2025-06-10T04:11:40.000Z',
    });
    const slow = benchWith({ name: 'clockOffset', parameters: { offsetMs: -700_000 } });
    expect(slow.down(seal(cut()))[0]?.message.refusal).toBe('CLOCK');
    expect(slow.down(seal(restore()))[0]?.message.result).toBe('accepted');
  });

  test('reboot now: silent, volatile memory lost, sequence kept, then REBOOT and a boot state', () => {
    const bench = new TestBench();
    bench.down(seal(cut({ sequence: 5 })));
    bench.simulation.faultControl.add({ name: 'reboot', parameters: { downMs: 500 } });
    expect(bench.simulation.context.faults.list()).toEqual([]);
    expect(bench.down(seal(read()))).toEqual([]);
    const back = bench.wait(500);
    expect(kinds(back)).toEqual(['event:REBOOT', 'state:boot']);
    // The order was in memory but the relay had not moved: it never will, and the meter does not pretend otherwise.
    expect(back[1]?.message).toMatchObject({ relay: 'closed', lastSequence: 5 });
    expect(bench.wait(1000)).toEqual([]);
    expect(bench.down(seal(cut({ sequence: 5 })))[0]?.message.refusal).toBe('SEQUENCE');
  });

  test('reboot afterAccept: in memory, neither acted on nor answered; asked again it says so', () => {
    const bench = benchWith({ name: 'reboot', parameters: { when: 'afterAccept', downMs: 100 } });
    const bytes = seal(cut());
    expect(bench.down(bytes)).toEqual([]);
    expect(bench.acknowledged).toBe(1);
    expect(bench.wait(100)[1]?.message).toMatchObject({ cause: 'boot', relay: 'closed', lastSequence: 1 });
    expect(bench.down(bytes)[0]?.message).toMatchObject({ result: 'accepted', duplicate: true, relay: 'closed' });
    expect(bench.meter().relayLog).toBeUndefined();
  });
});

describe('targets', () => {
  test('a share strikes the same meters for the same seed, and roughly that share', () => {
    const struck = (seed: number): string[] => {
      const bench = new TestBench({ seed, manifest: manifest({ metersEach: 500 }) });
      const fault = bench.simulation.faultControl.add({ name: 'stuckRelay', target: { share: 0.2 } });
      return [...bench.simulation.meters.values()]
        .filter((meter) => bench.simulation.context.faults.strikes(fault, meter))
        .map(({ serial }) => serial);
    };
    expect(struck(1)).toEqual(struck(1));
    expect(struck(1)).not.toEqual(struck(2));
    expect(Math.abs(struck(1).length - 100)).toBeLessThan(40);
  });

  test('a fault of one meter leaves its neighbour alone', () => {
    const bench = new TestBench({ manifest: manifest({ metersEach: 2 }) });
    bench.simulation.faultControl.add({ name: 'offline', target: { meter: METER } });
    const neighbour = cut({ meter: '100000000002', installation: installationOf(2) });
    expect(kinds(bench.down(seal(neighbour), '100000000002'))).toEqual(['ack:accepted']);
  });
});
