import { encodeFrame } from '../../simulator/dlt645/frame.js';
import { MAX_WAITING_JOBS } from '../../simulator/dlt645/job-queue.js';
import type { Order } from '../../simulator/wire/contract.js';
import {
  cut,
  GATEWAY,
  guard,
  headEnd,
  installationOf,
  manifest,
  nextId,
  restore,
  seal,
  START_MS,
  stranger,
} from './support/fixtures.js';
import {
  answersOf,
  broadcastFrame,
  cipherFrame,
  clockFrame,
  cutOf,
  eventsOf,
  LineBench,
  lineManifest,
  readFrame,
  readOf,
  restoreOf,
  serialOf,
  switchFrame,
  timeOf,
  words,
} from './support/line.js';

const METER = serialOf(1);

describe('the nine steps', () => {
  test('a cut: accepted by the meter, proven by status word 3 at once', () => {
    const bench = new LineBench();
    const order = cutOf(1, 7);
    const answers = bench.order(order);
    expect(words(answers)).toEqual(['switch:answered', 'poll:answered']);
    expect(answers[0]).toMatchObject({ meter: METER, commandId: order.commandId, sequence: 7, lastSequence: 7 });
    expect(answers[0]?.frame).toEqual({ address: METER, control: 0x9c, data: Buffer.alloc(0) });
    expect(answers[1]?.frame?.data.toString('hex')).toBe('030500045000');
    expect(bench.meter(METER).relayLog).toMatchObject([{ to: 'open', sequence: 7, commandId: order.commandId }]);
    expect(bench.acknowledged).toBe(1);
  });

  test('who may order: a head-end, and for a cut a guard beside it; all else is refused or not even heard', () => {
    const bench = new LineBench();
    const tell = (bytes: Buffer) => {
      const before = bench.said.length;
      bench.down(bytes, METER);
      bench.wait(30);
      return bench.said.slice(before);
    };
    expect(words(answersOf(tell(seal(cutOf(1, 1), headEnd))))).toEqual(['switch:SECOND_SIGNATURE']);
    expect(eventsOf(tell(seal(restoreOf(1, 1), stranger)))).toEqual(['01:INVALID_COMMAND']);
    expect(tell(seal(restoreOf(1, 1), headEnd, guard))).toEqual([]);
    expect(tell(Buffer.from('nonsense'))).toEqual([]);
    expect(bench.simulation.context.counters.invalid).toBe(3);
    expect(bench.meter(METER).lastSequence).toBe(0);
  });

  test('each refusal, in the order of the steps', () => {
    const bench = new LineBench({ meters: 2 });
    expect(words(bench.order(restoreOf(1, 5)))).toEqual(['switch:answered', 'poll:answered']);
    const refusals = [
      bench.order({ ...cutOf(1, 6), installation: installationOf(2) }),
      bench.order(cutOf(1, 5)),
      bench.order(cutOf(1, 6, { notAfter: new Date(START_MS - 1).toISOString() })),
      bench.order(cutOf(1, 6, { issuedAt: new Date(START_MS + 600_001).toISOString() })),
      bench.order(cutOf(1, 6, { mode: 'arm' })),
      bench.order(cutOf(1, 6, { expectedRelay: 'open' })),
    ];
    expect(refusals.map((answers) => words(answers).join())).toEqual(
      ['WRONG_INSTALLATION', 'SEQUENCE', 'EXPIRED', 'CLOCK', 'UNSUPPORTED', 'UNEXPECTED_RELAY'].map(
        (word) => `switch:${word}`,
      ),
    );
    // Step 7 was seen on the line; the frame that decided goes along.
    expect(refusals.at(-1)?.[0]?.frame?.data.toString('hex')).toBe('030500040000');
    // Addressed to one meter, spoken of another.
    bench.down(seal(cutOf(2, 1)), METER);
    expect(words(bench.answers(30))).toEqual(['switch:WRONG_METER']);
    bench.order({ ...cutOf(1, 1), meter: '109999999999' });
    expect(answersOf(bench.said).at(-1)).toMatchObject({
      meter: '109999999999',
      refusal: 'UNKNOWN_METER',
      lastSequence: 0,
    });
    expect(bench.meter(METER).lastSequence).toBe(5);
  });

  test('the same command again: its first answer, the relay as it is, and nothing moves', () => {
    const bench = new LineBench();
    const order = cutOf(1, 3);
    const [first] = bench.order(order);
    const [again] = bench.order(order);
    expect(again).toMatchObject({
      cause: 'switch',
      commandId: order.commandId,
      duplicate: true,
      outcome: 'answered',
      sequence: 3,
    });
    expect(again?.frames[0]).toBe(first?.frames[0]);
    expect(again?.frame?.data.readUInt16LE(4)).toBe(0x50);
    expect(bench.meter(METER).relayLog).toHaveLength(1);
  });

  test('a meter that protects itself: told by its error answer, or before by status word 3', () => {
    const bench = new LineBench({ manifest: lineManifest(1, 0, { protected: true }) });
    const [refused] = bench.order(cutOf(1, 1));
    expect([refused?.outcome, refused?.frame?.control]).toEqual(['answered', 0xdc]);
    expect(words(bench.order(cutOf(1, 2, { expectedRelay: 'closed' })))).toEqual(['switch:PROTECTED']);
    expect(bench.meter(METER).lastSequence).toBe(1);
  });
});

/** A frame to one meter whose data, as it stands on the line, holds a whole frame to another. */
function aroundFrame(serial: string, control: number, di: string, inner: string): string {
  const onTheLine = Buffer.from(inner, 'hex').map((byte) => byte - 0x33);
  const data = Buffer.concat([Buffer.from(di, 'hex').reverse(), onTheLine]);
  return encodeFrame(serial, control, data).toString('hex');
}

const PROTECT = { operation: 'protect', reason: 'PROTECTION' } as const;

describe('the frame must say what the order says', () => {
  const mismatch = (bench: LineBench, order: Order): void => {
    expect(words(bench.order(order)).at(0)).toMatch(/:FRAME_MISMATCH$/);
    expect(bench.meter(METER)).toMatchObject({ lastSequence: 0, relayLog: undefined });
  };

  test.each([
    ['no frame at all', undefined],
    ['a trip in a restore', switchFrame(METER, 0x1a)],
    ['a trip that ends by itself', switchFrame(METER, 0x1d, { n2: 1 })],
    ['allow in a direct close', switchFrame(METER, 0x1b)],
    ['protection in a restore', switchFrame(METER, 0x3a)],
    ['to another meter', switchFrame(serialOf(2), 0x1c)],
    ['to everybody', switchFrame(METER, 0x1c, { address: 'aaaaaaaaaaaa' })],
    ['to the whole line', switchFrame(METER, 0x1c, { address: '999999999999' })],
    ['valid for longer than the order', switchFrame(METER, 0x1c, { validUntilMs: START_MS + 601_000 })],
    ['of another function', readFrame(METER, '04000503')],
    ['in ciphertext to a meter that has none', cipherFrame(METER, 0x1c)],
    ['damaged', `${switchFrame(METER, 0x1c).slice(0, -4)}0016`],
    ['two in one', switchFrame(METER, 0x1c) + switchFrame(METER, 0x1a)],
  ])('%s', (_name, frame) => mismatch(new LineBench({ meters: 2 }), restoreOf(1, 1, { frame })));

  test.each([
    ['a switch', switchFrame(METER, 0x1a)],
    ['a clock', clockFrame(METER, '04000102', Buffer.alloc(3))],
    ['to another meter', readFrame(serialOf(2), '04000503')],
    ['to a wildcard', readFrame('aaaaaaaaaaaa', '04000503')],
    ["a neighbour's trip inside its data", aroundFrame(METER, 0x11, '04000503', switchFrame(serialOf(2), 0x1a))],
    ["a neighbour's trip behind a follow-up", aroundFrame(METER, 0x12, '04000503', switchFrame(serialOf(2), 0x1a))],
  ])('a read may only read: %s', (_name, frame) =>
    mismatch(new LineBench({ meters: 2 }), readOf(1, [], { frames: [readFrame(METER, '00010000'), frame] })),
  );

  test.each([
    ['a switch', switchFrame(METER, 0x1a)],
    ['another register', clockFrame(METER, '04000102', Buffer.alloc(3)).replace('35343337', '34343337')],
    ['another meter', clockFrame(serialOf(2), '04000102', Buffer.alloc(3))],
    ["a neighbour's trip inside its data", aroundFrame(METER, 0x14, '04000102', switchFrame(serialOf(2), 0x1a))],
  ])('time may only set clocks: %s', (_name, frame) => mismatch(new LineBench({ meters: 2 }), timeOf(1, 1, frame)));

  describe('in ciphertext: it is opened', () => {
    const sealedLine = (): LineBench => new LineBench({ manifest: lineManifest(1, 0, { securityClass: 'cipher' }) });
    const strangersKey = Buffer.from(cipherFrame(METER, 0x1c), 'hex');
    strangersKey[strangersKey.length - 3]! ^= 1;
    strangersKey[strangersKey.length - 2]! ^= 1;

    test('what says what its order says goes onto the line', () => {
      const bench = sealedLine();
      const cutFrame = cipherFrame(METER, 0x1a);
      expect(words(bench.order(cutOf(1, 1, { frame: cutFrame })))).toEqual(['switch:answered', 'poll:answered']);
      expect(bench.meter(METER).relayClosed).toBe(false);
      bench.order(restoreOf(1, 2, { frame: cipherFrame(METER, 0x1c) }));
      expect(bench.meter(METER).relayClosed).toBe(true);
    });

    test.each([
      ['a trip in a restore', restoreOf(1, 1, { frame: cipherFrame(METER, 0x1a) })],
      ['a trip that ends by itself in a restore', restoreOf(1, 1, { frame: cipherFrame(METER, 0x1d) })],
      ['a trip in a protection', restoreOf(1, 1, { ...PROTECT, frame: cipherFrame(METER, 0x1a) })],
      ['a close in a cut', cutOf(1, 1, { frame: cipherFrame(METER, 0x1c) })],
      ['a trip for longer than the order', cutOf(1, 1, { frame: cipherFrame(METER, 0x1a, START_MS + 601_000) })],
      ['with another MAC', restoreOf(1, 1, { frame: strangersKey.toString('hex') })],
      ["a neighbour's to this meter", restoreOf(1, 1, { frame: cipherFrame(serialOf(2), 0x1c) })],
      ['with a password', restoreOf(1, 1)],
    ])('%s', (_name, order) => mismatch(sealedLine(), order));

    test('and in a group likewise', () => {
      const bench = sealedLine();
      expect(words(bench.group([restoreOf(1, 1, { frame: cipherFrame(METER, 0x1a) })]))).toEqual([
        'switch:FRAME_MISMATCH',
      ]);
      expect(bench.meter(METER)).toMatchObject({ lastSequence: 0, relayLog: undefined, relayClosed: true });
    });
  });
});

describe('groups', () => {
  test('each order on its own: one may be refused and the others are done, in few messages', () => {
    const bench = new LineBench({ manifest: lineManifest(40, 0, { relay: 'open' }) });
    const orders = Array.from({ length: 40 }, (_, index) => restoreOf(index + 1, 1));
    (orders[3] as { installation: string }).installation = installationOf(1);
    const answers = bench.group(orders);
    expect(answers.filter(({ cause }) => cause === 'switch')).toHaveLength(40);
    expect(answers.filter(({ refusal }) => refusal === 'WRONG_INSTALLATION')).toHaveLength(1);
    expect([...bench.simulation.meters.values()].filter(({ relayClosed }) => relayClosed)).toHaveLength(39);
    expect(bench.said.filter(({ kind }) => kind === 'frames').length).toBeLessThanOrEqual(2);
    expect(bench.acknowledged).toBe(1);
  });

  test('one that holds a cut is refused whole, whoever signed it', () => {
    const bench = new LineBench({ manifest: lineManifest(2, 0, { relay: 'open' }) });
    const group = { v: 1, kind: 'orders', gateway: GATEWAY, orders: [restoreOf(1, 1), cutOf(2, 1)] };
    for (const signers of [[headEnd], [headEnd, guard]]) bench.down(seal(group, ...signers), GATEWAY);
    expect(answersOf(bench.wait(100))).toEqual([]);
    expect(eventsOf(bench.said)).toEqual(['01:INVALID_COMMAND']);
    expect(bench.meter(serialOf(1))).toMatchObject({ relayClosed: false, lastSequence: 0 });
  });

  test('reads of many registers, in their order', () => {
    const bench = new LineBench({ meters: 2 });
    const request = readOf(2, ['04000503', '02010100', '02030000', '00010000']);
    const answers = bench.group([readOf(1, ['00010000']), request]);
    expect(words(answers)).toEqual(['read:answered', 'read:answered']);
    expect(answers[1]?.requestId).toBe(request.requestId);
    expect(answers[1]?.frames.map((hex) => hex.replace(/^(fe)*/, '').slice(20, 28))).toEqual([
      '36383337',
      '33343435',
      '33333635',
      '33333433',
    ]);
  });
});

describe('the line', () => {
  /** Milliseconds until the first answer, found by small steps. */
  function firstAnswerMs(bench: LineBench, order: Order): number {
    bench.down(seal(order), order.meter);
    for (let ms = 0; ms < 30_000; ms += 1) if (answersOf(bench.wait(1)).length > 0) return ms + 1;
    throw new Error('no answer in thirty seconds');
  }

  test('time passes for every byte, and the meter takes its own', () => {
    // Slow, so that bits outweigh the meter's 20 to 500 ms: 11 bits a byte, 16 bytes there and what came back.
    const bench = new LineBench({ baud: 22 });
    const ms = firstAnswerMs(bench, readOf(1, ['00010000']));
    const [answer] = answersOf(bench.said);
    const lineMs = ((16 + (answer?.frames[0] as string).length / 2) * 11 * 1000) / 22;
    expect(ms).toBeGreaterThanOrEqual(Math.floor(lineMs) + 20 + 20);
    expect(ms).toBeLessThanOrEqual(Math.ceil(lineMs) + 500 + 20 + 1);
  });

  test('one frame at a time: restores, protection, time, cuts, reads', () => {
    const bench = new LineBench({ manifest: lineManifest(6, 2_400, { relay: 'open' }) });
    const others: Order[] = [
      readOf(1, ['00010000', '02010100']),
      readOf(2, ['00010000']),
      timeOf(4, 1, clockFrame(serialOf(4), '04000102', Buffer.from('000012', 'hex'))),
      restore({ ...cutOf(5, 1), operation: 'protect', reason: 'PROTECTION', frame: switchFrame(serialOf(5), 0x3a) }),
      restoreOf(6, 1),
    ];
    bench.down(seal(others[0] as Order), serialOf(1));
    bench.wait(5);
    bench.down(seal(cutOf(3, 1)), serialOf(3));
    for (const order of others.slice(1)) bench.down(seal(order), order.meter);
    const order = answersOf(bench.wait(30_000)).filter(({ cause }) => cause !== 'poll');
    // The read under way lets the others in after its first frame.
    expect(order.map(({ meter }) => meter.slice(-1)).join('')).toBe('654312');
  });

  test('when its turn comes a cut that a restore has overtaken is dropped', () => {
    const bench = new LineBench({ baud: 2_400 });
    bench.down(seal(readOf(1, ['00010000'])), METER);
    bench.wait(5);
    bench.down(seal(cutOf(1, 1)), METER);
    bench.down(seal(restoreOf(1, 2)), METER);
    const answers = answersOf(bench.wait(20_000)).filter(({ cause }) => cause === 'switch');
    expect(words(answers)).toEqual(['switch:answered', 'switch:SUPERSEDED']);
    expect(bench.meter(METER).relayLog).toBeUndefined();
  });

  test('… and one whose time is up, too', () => {
    const bench = new LineBench({ baud: 2_400 });
    bench.down(seal(readOf(1, ['00010000'])), METER);
    bench.wait(5);
    bench.down(seal(cutOf(1, 1)), METER);
    bench.setClock(START_MS + 600_001);
    expect(words(bench.answers(5_000))).toContain('switch:EXPIRED');
    expect(bench.meter(METER).lastSequence).toBe(0);
  });

  test('a full queue refuses what is new', () => {
    const bench = new LineBench({ baud: 2_400 });
    for (let count = 0; count <= MAX_WAITING_JOBS / 64 + 1; count += 1) {
      bench.group(
        Array.from({ length: 64 }, () => readOf(1, ['00010000'])),
        0,
      );
    }
    expect(words(bench.order(restoreOf(1, 1)))).toContain('switch:OVERLOADED');
  });

  test('restores overtake ten thousand reads', () => {
    const bench = new LineBench({ meters: 100, baud: 2_400 });
    for (let count = 0; count < 10_000 / 50; count += 1) {
      bench.group(
        Array.from({ length: 50 }, (_, index) => readOf(index + 1, ['00010000'])),
        0,
      );
    }
    const before = bench.said.length;
    bench.group([restoreOf(77, 1)], 3_000);
    const answers = answersOf(bench.said.slice(before));
    expect(answers.findIndex(({ cause }) => cause === 'switch')).toBeLessThan(5);
  });

  test('no answer: once more after a second, then silent; three silent reads are an event, the next answer another', () => {
    const bench = new LineBench();
    bench.simulation.faultControl.add({ name: 'lineSilent', target: { meter: METER } });
    bench.down(seal(readOf(1, ['00010000'])), METER);
    expect(bench.wait(1_999)).toEqual([]);
    expect(words(bench.answers(30))).toEqual(['read:silent']);
    bench.order(readOf(1, ['00010000']), 2_100);
    expect(eventsOf(bench.said)).toEqual([]);
    bench.order(readOf(1, ['00010000']), 2_100);
    bench.order(readOf(1, ['00010000']), 2_100);
    expect(eventsOf(bench.said)).toEqual(['01:SILENT']);
    bench.simulation.faultControl.remove('f1');
    expect(words(bench.order(readOf(1, ['00010000'])))).toEqual(['read:answered']);
    expect(eventsOf(bench.said)).toEqual(['01:SILENT', '01:ANSWERS_AGAIN']);
  });

  test('a switch without an answer: its sequence is taken, and it is looked after for twenty seconds', () => {
    const bench = new LineBench();
    const fault = bench.simulation.faultControl.add({ name: 'lineSilent' });
    const answers = bench.order(cutOf(1, 4), 5_000);
    expect(words(answers)).toEqual(['switch:silent']);
    expect(answers[0]).toMatchObject({ lastSequence: 4, frames: [] });
    bench.simulation.faultControl.remove(fault.id);
    const [poll] = bench.answers(6_000);
    expect([poll?.cause, poll?.lastSequence, poll?.frame?.data.toString('hex')]).toEqual(['poll', 4, '030500040000']);
    expect(bench.answers(60_000)).toEqual([]);
    expect(eventsOf(bench.said)).not.toContain('01:RELAY_FAILED');
  });

  test('a cut that a restore has overtaken while it waits for an answer is not sent again', () => {
    const bench = new LineBench({ relayMs: 0 });
    const fault = bench.simulation.faultControl.add({ name: 'lineSilent' });
    bench.down(seal(cutOf(1, 1)), METER);
    bench.wait(500);
    bench.simulation.faultControl.remove(fault.id);
    bench.order(restoreOf(1, 2));
    bench.wait(10_000);
    expect(bench.meter(METER)).toMatchObject({ relayClosed: true, relayLog: undefined, lastSequence: 2 });
  });
});

describe('after a switch', () => {
  test('status word 3 every five seconds, told when it is new, until it shows what was ordered', () => {
    const bench = new LineBench({ relayMs: 12_000 });
    const answers = bench.order(cutOf(1, 1), 60_000);
    expect(words(answers)).toEqual(['switch:answered', 'poll:answered', 'poll:answered']);
    expect(answers.slice(1).map(({ frame }) => frame?.data.readUInt16LE(4))).toEqual([0x40, 0x50]);
    expect(eventsOf(bench.said)).toEqual([]);
  });

  test('slowRelay: accepted long before', () => {
    const bench = new LineBench();
    bench.simulation.faultControl.add({ name: 'slowRelay', parameters: { delayMs: 17_000 } });
    const answers = bench.order(cutOf(1, 1), 30_000);
    expect(answers.map(({ at }) => at)).toHaveLength(3);
    expect(answers.at(-1)?.frame?.data.readUInt16LE(4)).toBe(0x50);
  });

  test('a relay that is stuck: told to open, still closed (b6 and b4), and RELAY_FAILED after five minutes', () => {
    const bench = new LineBench();
    bench.simulation.faultControl.add({ name: 'stuckRelay' });
    const answers = bench.order(cutOf(1, 1), 299_000);
    expect(words(answers)).toEqual(['switch:answered', 'poll:answered']);
    expect(answers[1]?.frame?.data.readUInt16LE(4)).toBe(0x40);
    expect(eventsOf(bench.said)).toEqual([]);
    bench.wait(6_000);
    expect(eventsOf(bench.said)).toEqual(['01:RELAY_FAILED']);
    expect(bench.wait(600_000)).toEqual([]);
  });

  test('arming: shown as armed, then the button closes and the concentrator sees it', () => {
    const bench = new LineBench({ manifest: lineManifest(1, 0, { relay: 'open' }) });
    const arm = restoreOf(1, 1, { mode: 'arm', frame: switchFrame(METER, 0x1b) });
    expect(bench.order(arm).at(-1)?.frame?.data.readUInt16LE(4)).toBe(0x10);
    expect(bench.simulation.switchgear.press(bench.meter(METER), 3_000)).toBe('closing');
    const [seen] = bench.answers(100);
    expect([seen?.cause, seen?.frame?.data.readUInt16LE(4)]).toEqual(['poll', 0]);
    expect(eventsOf(bench.said)).toEqual(['01:BUTTON']);
  });
});

describe('clocks', () => {
  test('a time order raises the sequence and sets the clock; an old one cannot be played again', () => {
    const bench = new LineBench();
    bench.simulation.faultControl.add({
      name: 'clockOffset',
      target: { meter: METER },
      parameters: { offsetMs: 50_000 },
    });
    const order = timeOf(1, 3, clockFrame(METER, '04000102', Buffer.from('000012', 'hex')));
    const [answer] = bench.order(order);
    expect(answer).toMatchObject({ cause: 'time', requestId: order.requestId, outcome: 'answered', lastSequence: 3 });
    expect(answer?.frame?.control).toBe(0x94);
    expect(bench.line(1, readFrame(METER, '04000102'))?.data.toString('hex')).toBe('02010004000012');
    expect(words(bench.order(order))).toEqual(['time:SEQUENCE']);
    expect(words(bench.order(cutOf(1, 3)))).toEqual(['switch:SEQUENCE']);
  });

  test('08H is heard by the whole line and answered by nobody', () => {
    const bench = new LineBench({ meters: 2 });
    const [answer] = bench.order(timeOf(1, 1, broadcastFrame(START_MS + 60_000)));
    expect([answer?.outcome, answer?.frames]).toEqual(['answered', []]);
    for (const index of [1, 2]) {
      const time = bench.line(index, readFrame(serialOf(index), '04000102'));
      expect(time?.data.toString('hex')).toBe('02010004000112');
    }
    expect(bench.meter(serialOf(2)).lastSequence).toBe(0);
  });

  test('a concentrator has a clock of its own: EXPIRED goes by it, and so do its times', () => {
    const bench = new LineBench();
    bench.simulation.faultControl.add({
      name: 'clockOffset',
      target: { meter: GATEWAY },
      parameters: { offsetMs: 601_000 },
    });
    const [answer] = bench.order(cutOf(1, 1));
    expect([answer?.refusal, answer?.at]).toEqual(['EXPIRED', new Date(START_MS + 601_000).toISOString()]);
    expect(bench.said.at(-1)?.message.gatewayTime).toBe(answer?.at);
    expect(bench.line(1, readFrame(METER, '04000102'))?.data.toString('hex')).toBe('02010004000012');
  });
});

describe('midnight, boot, and a manifest of both kinds', () => {
  test('the freeze of each meter, its time and its energy, once a midnight', () => {
    const bench = new LineBench({ meters: 3 });
    bench.pump();
    bench.said.length = 0;
    bench.setClock(START_MS + 86_400_000);
    const answers = answersOf(bench.pump());
    expect(words(answers)).toEqual(['freeze:answered', 'freeze:answered', 'freeze:answered']);
    expect(answers[0]?.frames.map((hex) => hex.replace(/^(fe)*/, '').slice(20, 28))).toEqual(['34333938', '34343938']);
    expect(answersOf(bench.pump())).toEqual([]);
    // A silent meter is asked for two midnights at the next.
    const fault = bench.simulation.faultControl.add({ name: 'lineSilent', target: { meter: serialOf(2) } });
    bench.setClock(START_MS + 2 * 86_400_000);
    bench.pump();
    bench.simulation.faultControl.remove(fault.id);
    bench.setClock(START_MS + 3 * 86_400_000);
    expect(
      answersOf(bench.pump())
        .map(({ frames }) => frames.length)
        .sort(),
    ).toEqual([2, 2, 4]);
  });

  test('boot and periodic: status word 3 of each', () => {
    const bench = new LineBench({ meters: 3 });
    bench.simulation.announcer.begin(GATEWAY, [...bench.simulation.meters.values()], 'boot');
    expect(words(answersOf(bench.pump()))).toEqual(['boot:answered', 'boot:answered', 'boot:answered']);
    bench.simulation.announcer.begin(GATEWAY, [...bench.simulation.meters.values()], 'periodic');
    expect(words(answersOf(bench.pump()))).toEqual(['periodic:answered', 'periodic:answered', 'periodic:answered']);
  });

  test('behind one gateway: a DL/T 645 meter and one that speaks for itself', () => {
    const fleet = lineManifest(1);
    const json = {
      ...(fleet.meters[0] as (typeof fleet.meters)[0]),
      meter: serialOf(2),
      installation: installationOf(2),
    };
    delete json.codec;
    fleet.meters.push(json);
    const bench = new LineBench({ manifest: fleet });
    expect(words(bench.order(cutOf(1, 1)))).toEqual(['switch:answered', 'poll:answered']);
    const said = bench.down(seal(cut({ meter: serialOf(2), installation: installationOf(2) })), serialOf(2));
    expect(said.map(({ kind, meter }) => `${kind} ${meter}`)).toEqual([`ack ${serialOf(2)}`, `state ${serialOf(2)}`]);
    // A gateway without any DL/T 645 meter has no concentrator that hears orders.
    const none = new LineBench({ manifest: manifest({ metersEach: 1 }) });
    expect(none.group([readOf(1, ['00010000'])])).toEqual([]);
  });

  test('a 4G meter with DL/T 645 inside', () => {
    const fleet = manifest({ concentrators: 0, direct: 1, meter: { codec: 'dlt645' } });
    const serial = '200000000001';
    for (const gateway of fleet.gateways) gateway.lineBaud = 0;
    const bench = new LineBench({ manifest: fleet });
    const order = cut({ meter: serial, gateway: serial, commandId: nextId(), frame: switchFrame(serial, 0x1a) });
    bench.down(seal(order), serial, serial);
    expect(words(bench.answers(50))).toEqual(['switch:answered', 'poll:answered']);
    expect(bench.said[0]).toMatchObject({ gateway: serial, meter: serial, kind: 'frames' });
  });
});
