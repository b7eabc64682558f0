import { newCounters } from '../../simulator/run/counters.js';
import { TestBench, type Said } from './support/bench.js';
import {
  cut,
  guard,
  GATEWAY,
  headEnd,
  manifest,
  METER,
  read,
  restore,
  seal,
  sealText,
  START,
  START_MS,
  stranger,
  canonical,
} from './support/fixtures.js';

const words = (said: Said[]): string[] =>
  said.map(
    ({ kind, message }) =>
      `${kind}:${String(message.result ?? message.cause ?? message.event)}:${String(message.relay)}`,
  );
const only = (said: Said[]): Record<string, unknown> => {
  if (said.length !== 1) throw new Error(`expected one message, got ${JSON.stringify(words(said))}`);
  return (said[0] as Said).message;
};
const invalidEvents = (said: Said[]): number =>
  said.filter(({ message }) => message.event === 'INVALID_COMMAND').length;

describe('a switch command', () => {
  test('cuts: ack at once with the old relay, state when the contacts have moved', () => {
    const bench = new TestBench();
    const command = cut({ expectedRelay: 'closed' });
    const ack = only(bench.down(seal(command)));
    expect(ack).toMatchObject({
      kind: 'ack',
      commandId: command.commandId,
      sequence: 1,
      result: 'accepted',
      relay: 'closed',
      lastSequence: 1,
      armed: false,
      protected: false,
      meterTime: START,
    });
    expect(ack).not.toHaveProperty('duplicate');
    expect(ack).not.toHaveProperty('refusal');
    expect(bench.wait(19)).toEqual([]);
    expect(only(bench.wait(1))).toMatchObject({
      cause: 'change',
      relay: 'open',
      lastSequence: 1,
      loadVoltageMv: 0,
      powerW: 0,
    });
    expect(bench.meter().relayLog).toEqual([
      { atMs: START_MS, to: 'open', cause: 'command', sequence: 1, commandId: command.commandId },
    ]);
    expect(bench.acknowledged).toBe(1);
  });

  test('with an instant relay the ack already proves the new state, and a change follows', () => {
    const bench = new TestBench({ relayMs: 0 });
    expect(words(bench.down(seal(cut())))).toEqual(['ack:accepted:open', 'state:change:open']);
    expect(words(bench.down(seal(restore({ sequence: 2 }))))).toEqual(['ack:accepted:closed', 'state:change:closed']);
    expect(words(bench.down(seal(restore({ sequence: 3 }))))).toEqual(['ack:accepted:closed']);
    expect(bench.wait(1000)).toEqual([]);
  });

  test('heard twice it is answered twice and acted on once', () => {
    const bench = new TestBench();
    const bytes = seal(cut());
    bench.down(bytes);
    bench.wait(20);
    const again = only(bench.down(bytes));
    expect(again).toMatchObject({ result: 'accepted', duplicate: true, relay: 'open', sequence: 1, lastSequence: 1 });
    expect(bench.wait(1000)).toEqual([]);
    expect(bench.simulation.context.counters).toMatchObject({ accepted: 1, duplicates: 1, relayToggles: 1 });
  });

  test('a delayed cut can never follow a restore', () => {
    const bench = new TestBench();
    const [stale, newer] = [seal(cut({ sequence: 1 })), seal(restore({ sequence: 2 }))];
    bench.down(newer);
    expect(only(bench.down(stale))).toMatchObject({
      result: 'refused',
      refusal: 'SEQUENCE',
      relay: 'closed',
      lastSequence: 2,
    });
    // Not the last accepted command any more, so a replay of the older restore is refused, not repeated.
    bench.down(seal(restore({ sequence: 3 })));
    expect(only(bench.down(newer))).toMatchObject({
      result: 'refused',
      refusal: 'SEQUENCE',
      sequence: 2,
      lastSequence: 3,
    });
    expect(bench.meter().relayLog).toBeUndefined();
  });

  test('a restore overtakes a cut whose relay has not moved yet: power never fails', () => {
    const bench = new TestBench();
    bench.down(seal(cut({ sequence: 1 })));
    bench.wait(10);
    expect(only(bench.down(seal(restore({ sequence: 2 }))))).toMatchObject({ relay: 'closed', lastSequence: 2 });
    expect(bench.wait(1000)).toEqual([]);
    expect(bench.meter().relayLog).toBeUndefined();
  });

  test('a refused command changes nothing, not even the memory of commands', () => {
    const bench = new TestBench();
    const wrong = cut({ sequence: 9, installation: '00000000-0000-4000-8000-999999999999' });
    expect(only(bench.down(seal(wrong)))).toMatchObject({
      refusal: 'WRONG_INSTALLATION',
      sequence: 9,
      lastSequence: 0,
    });
    expect(only(bench.down(seal(wrong)))).toMatchObject({ refusal: 'WRONG_INSTALLATION' });
    expect(only(bench.down(seal(cut({ meter: '100000000009' }))))).toMatchObject({
      refusal: 'WRONG_METER',
      meter: METER,
    });
    expect(only(bench.down(seal(cut({ sequence: 1 }))))).toMatchObject({ result: 'accepted' });
  });

  test('a protected meter refuses cuts and takes restores', () => {
    const bench = new TestBench({ manifest: manifest({ meter: { protected: true } }) });
    expect(only(bench.down(seal(cut())))).toMatchObject({ refusal: 'PROTECTED', protected: true });
    expect(only(bench.down(seal(restore())))).toMatchObject({ result: 'accepted' });
  });

  test('a guard signs beside the head-end on a cut, and on nothing else', () => {
    const bench = new TestBench();
    expect(only(bench.down(seal(cut(), headEnd, guard)))).toMatchObject({ result: 'accepted' });
    expect(invalidEvents(bench.down(seal(restore({ sequence: 2 }), headEnd, guard)))).toBe(1);
    bench.down(seal(read(), headEnd, guard));
    expect(bench.simulation.context.counters).toMatchObject({ invalid: 2, reads: 0, accepted: 1 });
  });

  test.each([
    ['no second signature', [headEnd]],
    ["the head-end's twice", [headEnd, headEnd]],
    ["the head-end's key under the guard's name", [headEnd, { ...guard, key: headEnd.key }]],
    ['a stranger', [headEnd, { ...guard, key: stranger.key }]],
    ['an unknown kid', [headEnd, { ...guard, kid: 'guard-9' }]],
  ])('a cut with %s is refused, answered and changes nothing', (_, signers) => {
    const bench = new TestBench();
    expect(only(bench.down(seal(cut(), ...signers)))).toMatchObject({
      kind: 'ack',
      result: 'refused',
      refusal: 'SECOND_SIGNATURE',
      relay: 'closed',
      lastSequence: 0,
    });
    expect(bench.wait(1000)).toEqual([]);
    expect(bench.simulation.context.counters).toMatchObject({ accepted: 0, refused: { SECOND_SIGNATURE: 1 } });
  });

  test('the register stands still while the relay is open', () => {
    const bench = new TestBench({ relayMs: 0 });
    const atCut = only(bench.down(seal(cut())).slice(0, 1)).energyWh as number;
    bench.setClock(START_MS + 3 * 3_600_000);
    const later = only(bench.down(seal(read({ notAfter: '2025-06-11T00:00:00.000Z' }))));
    expect(later).toMatchObject({ relay: 'open', energyWh: atCut, powerW: 0 });
    const back = restore({ sequence: 2, notAfter: '2025-06-11T00:00:00.000Z' });
    expect(only(bench.down(seal(back)).slice(0, 1))).toMatchObject({ relay: 'closed', energyWh: atCut });
    bench.setClock(START_MS + 6 * 3_600_000);
    expect(only(bench.down(seal(read({ notAfter: '2025-06-11T00:00:00.000Z' })))).energyWh).toBeGreaterThan(atCut);
  });
});

describe('what is not a command', () => {
  test('is never answered by an ack, and reported at most once a minute', () => {
    const bench = new TestBench();
    const text = canonical(cut());
    const forgeries = [
      Buffer.from('{}'),
      seal(cut(), stranger),
      seal(cut({ operation: 'explode' as 'cut' })),
      seal({ ...cut(), extra: 1 }),
      seal({ ...cut(), sequence: 0 }),
      seal({ ...cut(), sequence: 1.5 }),
      seal({ ...cut(), meter: '10000000000\uff11' }),
      sealText(text.replace('cut', 'cut\u200b'), [headEnd]),
      seal(cut({ notAfter: '2025-02-30T00:00:00.000Z' })),
      seal({ ...read(), what: [] }),
      seal({ kind: 'clock' }),
    ];
    for (const forgery of forgeries) bench.down(forgery);
    expect(words(bench.said)).toEqual(['event:INVALID_COMMAND:undefined']);
    expect(bench.simulation.context.counters).toMatchObject({
      ...newCounters(),
      received: 11,
      invalid: 11,
      sent: { event: 1 },
    });
    bench.wait(59_999);
    expect(invalidEvents(bench.down(Buffer.from('{}')))).toBe(0);
    bench.wait(1);
    expect(invalidEvents(bench.down(Buffer.from('{}')))).toBe(1);
    expect(bench.acknowledged).toBe(13);
  });

  test('a message for a meter that is not there is acknowledged and counted', () => {
    const bench = new TestBench({ manifest: manifest({ concentrators: 2 }) });
    expect(bench.down(seal(cut()), '100000000009')).toEqual([]);
    // There is such a meter, but behind the other concentrator.
    expect(bench.down(seal(cut({ meter: '100000000002' })), '100000000002', GATEWAY)).toEqual([]);
    expect(bench.simulation.context.counters.unroutable).toBe(2);
    expect(bench.acknowledged).toBe(2);
  });
});

describe('a read request', () => {
  test('is answered with what it asks for, echoing its id', () => {
    const bench = new TestBench();
    const request = read({ what: ['state', 'reading'] });
    const said = bench.down(seal(request));
    expect(said.map(({ kind, message }) => [kind, message.cause, message.requestId])).toEqual([
      ['state', 'read', request.requestId],
      ['reading', 'requested', request.requestId],
    ]);
    const [state, reading] = said as [Said, Said];
    expect(reading.message.readings).toEqual([{ at: START, energyWh: state.message.energyWh, quality: 'actual' }]);
    expect(words(bench.down(seal(read({ what: ['reading'] }))))).toEqual(['reading:requested:undefined']);
  });

  test('for another meter or too late is let pass in silence', () => {
    const bench = new TestBench();
    expect(bench.down(seal(read({ meter: '100000000002' })))).toEqual([]);
    expect(bench.down(seal(read({ notAfter: new Date(START_MS - 1).toISOString() })))).toEqual([]);
    expect(bench.simulation.context.counters.readsIgnored).toBe(2);
  });
});
