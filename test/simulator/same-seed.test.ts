import { TestBench } from './support/bench.js';
import { cut, installationOf, manifest, restore, seal } from './support/fixtures.js';
import { cutOf, LineBench, restoreOf } from './support/line.js';

describe('same seed, same story', () => {
  /** A busy hour under every kind of trouble; returns every byte said, in order. */
  function story(seed: number, order: 'forward' | 'backward'): Map<string, string[]> {
    const bench = new TestBench({ seed, manifest: manifest({ metersEach: 20 }) });
    for (const fault of [
      { name: 'lossDown', parameters: { rate: 0.2 } },
      { name: 'lossUp', parameters: { rate: 0.2 } },
      { name: 'duplicate', parameters: { rate: 0.3 } },
      { name: 'delay', parameters: { maxMs: 100, rate: 0.5 } },
      { name: 'stuckRelay', target: { share: 0.2 } },
      { name: 'clockOffset', target: { share: 0.3 }, parameters: { offsetMs: 700_000 } },
      { name: 'reboot', parameters: { when: 'afterAccept', rate: 0.1 } },
    ]) {
      bench.simulation.faultControl.add(fault);
    }
    const serials = [...bench.simulation.meters.keys()];
    for (let round = 1; round <= 10; round += 1) {
      for (const serial of order === 'forward' ? serials : [...serials].reverse()) {
        const index = Number(serial.slice(-6));
        const id = `00000000-0000-4000-8000-${String(round).padStart(6, '0')}${String(index).padStart(6, '0')}`;
        const change = { meter: serial, installation: installationOf(index), sequence: round, commandId: id };
        bench.down(seal(round % 2 === 0 ? restore(change) : cut(change)), serial);
      }
      bench.wait(1_000);
    }
    const byMeter = new Map<string, string[]>(serials.map((serial) => [serial, []]));
    for (const { meter, raw } of bench.said) byMeter.get(meter)?.push(raw);
    return byMeter;
  }
  /** Concentrators under trouble, at 2400 baud: every byte, in order. */
  function lineStory(seed: number): string {
    const bench = new LineBench({ seed, meters: 12, baud: 2_400, relayMs: 20 });
    for (const fault of [
      { name: 'lineNoise', parameters: { rate: 0.1 } },
      { name: 'lineSilent', target: { share: 0.2 } },
      { name: 'stuckRelay', target: { share: 0.2 } },
      { name: 'lossUp', parameters: { rate: 0.1 } },
      { name: 'clockDrift', parameters: { ppm: 200, rates: 'each' } },
    ]) {
      bench.simulation.faultControl.add(fault);
    }
    for (let round = 1; round <= 4; round += 1) {
      for (let index = 1; index <= 12; index += 1) {
        const commandId = `00000000-0000-4000-8000-${String(round).padStart(6, '0')}${String(index).padStart(6, '0')}`;
        const order = (round % 2 === 0 ? restoreOf : cutOf)(index, round, { commandId });
        bench.down(seal(order), order.meter);
      }
      bench.wait(30_000);
    }
    return bench.said.map(({ raw }) => raw).join('\n');
  }
  const bytes = (said: Map<string, string[]>): string => JSON.stringify([...said]);

  test('byte for byte', () => {
    expect(bytes(story(11, 'forward'))).toBe(bytes(story(11, 'forward')));
    expect(bytes(story(11, 'forward'))).not.toBe(bytes(story(12, 'forward')));
  });

  test('concentrators and their lines, byte for byte', () => {
    const first = lineStory(11);
    expect(first.length).toBeGreaterThan(10_000);
    expect(lineStory(11)).toBe(first);
    expect(lineStory(12)).not.toBe(first);
  });

  test('whatever the order in which meters are heard', () => {
    expect(bytes(story(11, 'forward'))).toBe(bytes(story(11, 'backward')));
  });
});
