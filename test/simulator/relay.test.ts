import { TestBench, type Said } from './support/bench.js';
import { cut, nextId, restore, seal } from './support/fixtures.js';

const words = (said: Said[]): string[] =>
  said.map(
    ({ kind, message }) =>
      `${kind}:${String(message.result ?? message.cause ?? message.event)}:${String(message.relay)}`,
  );
const only = (said: Said[]): Record<string, unknown> => {
  if (said.length !== 1) throw new Error(`expected one message, got ${JSON.stringify(words(said))}`);
  return (said[0] as Said).message;
};

describe('arm and button', () => {
  const armed = (): TestBench => {
    const bench = new TestBench();
    bench.down(seal(cut()));
    bench.wait(20);
    expect(words(bench.down(seal(restore({ sequence: 2, mode: 'arm' }))))).toEqual([
      'ack:accepted:open',
      'state:change:open',
    ]);
    expect(bench.meter().armed).toBe(true);
    return bench;
  };

  test('arming does not close; the button, held long enough, does', () => {
    const bench = armed();
    expect(bench.wait(10_000)).toEqual([]);
    expect(bench.simulation.switchgear.press(bench.meter(), 2_999)).toBe('too-short');
    const before = bench.said.length;
    expect(bench.simulation.switchgear.press(bench.meter(), 3_000)).toBe('closing');
    bench.simulation.switchgear.press(bench.meter(), 3_000);
    bench.wait(20);
    const said = bench.said.slice(before);
    expect(words(said)).toEqual(['event:BUTTON:undefined', 'event:BUTTON:undefined', 'state:change:closed']);
    expect(said.at(-1)?.message).toMatchObject({ armed: false, lastSequence: 2 });
    expect(bench.meter().relayLog?.map(({ to, cause, sequence }) => [to, cause, sequence])).toEqual([
      ['open', 'command', 1],
      ['closed', 'button', 2],
    ]);
    expect(bench.simulation.switchgear.press(bench.meter(), 3_000)).toBe('not-armed');
  });

  test('a cut takes the permission away', () => {
    const bench = armed();
    const said = bench.down(seal(cut({ sequence: 3 })));
    expect(words(said)).toEqual(['ack:accepted:open', 'state:change:open']);
    expect(said.map(({ message }) => message.armed)).toEqual([false, false]);
    bench.wait(20);
    expect(bench.simulation.switchgear.press(bench.meter(), 3_000)).toBe('not-armed');
    expect(bench.meter().relayClosed).toBe(false);
  });

  test('a direct restore closes an armed meter', () => {
    const bench = armed();
    bench.down(seal(restore({ sequence: 3 })));
    bench.wait(20);
    expect(bench.meter()).toMatchObject({ relayClosed: true, armed: false });
  });

  test('a closed relay has nothing to arm', () => {
    const bench = new TestBench();
    expect(only(bench.down(seal(restore({ mode: 'arm' }))))).toMatchObject({ armed: false, relay: 'closed' });
  });

  test('arming overtakes a cut whose relay has not moved yet', () => {
    const bench = new TestBench();
    bench.down(seal(cut()));
    bench.down(seal(restore({ sequence: 2, mode: 'arm' })));
    expect(bench.wait(100)).toEqual([]);
    expect(bench.meter()).toMatchObject({ relayClosed: true, armed: false });
  });
});

describe('one relay movement per authorised command', () => {
  test('whatever is heard, in whatever order, how often', () => {
    for (let seed = 1; seed <= 60; seed += 1) {
      const bench = new TestBench({ seed, relayMs: seed % 3 === 0 ? 0 : 20 });
      const random = { random: seed };
      const commands = Array.from({ length: 12 }, (_, index) => {
        const change = { sequence: index + 1, commandId: nextId() };
        const mode = index % 4 === 3 ? ('arm' as const) : ('direct' as const);
        return index % 2 === 0 ? cut(change) : restore({ ...change, mode });
      });
      const stream = Array.from({ length: 40 }, () => commands[Math.floor(pick(random) * 12)]).filter(
        (each) => each !== undefined,
      );
      for (const command of stream) {
        bench.down(seal(command));
        if (pick(random) < 0.5) bench.wait(pick(random) * 40);
        if (pick(random) < 0.2) bench.simulation.switchgear.press(bench.meter(), 3_000);
      }
      bench.wait(1000);
      const log = bench.meter().relayLog ?? [];
      const ids = log.map(({ commandId }) => commandId);
      if (new Set(ids).size !== ids.length)
        throw new Error(`seed ${seed}: a command moved the relay twice: ${JSON.stringify(log)}`);
      const sequences = log.map(({ sequence }) => sequence);
      if (sequences.some((sequence, index) => sequence <= (sequences[index - 1] ?? 0))) {
        throw new Error(`seed ${seed}: an older command moved the relay after a newer one: ${JSON.stringify(log)}`);
      }
    }
  });
});

function pick(stream: { random: number }): number {
  stream.random = (Math.imul(stream.random, 1_664_525) + 1_013_904_223) >>> 0;
  return stream.random / 0x1_0000_0000;
}
