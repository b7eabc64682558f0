import { createHmac, hkdfSync } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SwitchCommand, TimeOrder } from '../../simulator/wire/contract.js';
import { TestBench, type Said } from './support/bench.js';
import {
  cut,
  GATEWAY,
  guard,
  headEnd,
  installationOf,
  KEY_SEED,
  manifest,
  METER,
  nextId,
  read,
  restore,
  seal,
  START_MS,
} from './support/fixtures.js';
import { cutOf, eventsOf, LineBench, lineManifest, restoreOf, serialOf, switchFrame, words } from './support/line.js';

const DAY_MS = 86_400_000;
const protect = (change: Partial<SwitchCommand> = {}) => cut({ operation: 'protect', reason: 'PROTECTION', ...change });
const unprotect = (change: Partial<SwitchCommand> = {}) => protect({ operation: 'unprotect', ...change });
const time = (change: Partial<TimeOrder> = {}): TimeOrder => ({
  v: 1,
  kind: 'time',
  requestId: nextId(),
  gateway: GATEWAY,
  meter: METER,
  sequence: 1,
  at: new Date(START_MS).toISOString(),
  issuedAt: new Date(START_MS).toISOString(),
  notAfter: new Date(START_MS + 600_000).toISOString(),
  ...change,
});
const kinds = (said: readonly Said[]): string[] =>
  said.map(
    ({ kind, message }) => `${kind}:${String(message.refusal ?? message.result ?? message.event ?? message.cause)}`,
  );

/** A restore code as the contract describes it, with nothing of the simulator's. */
function codeOf(sequence: number, serial = METER, installation = installationOf(1)): string {
  const key = Buffer.from(hkdfSync('sha256', KEY_SEED, 'relight-meter-secrets-v1', `restore-code:${serial}`, 32));
  const mac = createHmac('sha256', key).update(`relight restore ${serial} ${installation} ${sequence}`).digest();
  return String(mac.readBigUInt64BE(0) % 10n ** 16n).padStart(16, '0');
}

describe('protection (保电)', () => {
  test('refuses every cut until it ends; ends arming and closes', () => {
    const bench = new TestBench({ relayMs: 0, manifest: manifest({ meter: { relay: 'open' } }) });
    bench.down(seal(restore({ sequence: 1, mode: 'arm' })));
    expect(bench.meter().armed).toBe(true);
    const said = bench.down(seal(protect({ sequence: 2 })));
    expect(kinds(said)).toEqual(['ack:accepted', 'state:change']);
    expect(said[0]?.message).toMatchObject({ relay: 'closed', armed: false, protected: true });
    expect(kinds(bench.down(seal(cut({ sequence: 3 }))))).toEqual(['ack:PROTECTED']);
    expect(kinds(bench.down(seal(unprotect({ sequence: 4 }))))).toEqual(['ack:accepted', 'state:change']);
    expect(kinds(bench.down(seal(cut({ sequence: 5 }))))).toEqual(['ack:accepted', 'state:change']);
  });

  test('cancels a trip under way; a guard has no say in it', () => {
    const bench = new TestBench({ relayMs: 100 });
    bench.down(seal(cut({ sequence: 1 })));
    bench.down(seal(protect({ sequence: 2 })));
    bench.wait(1_000);
    expect(bench.meter()).toMatchObject({ relayClosed: true, protected: true, relayLog: undefined });
    expect(kinds(bench.down(seal(unprotect({ sequence: 3 }), headEnd, guard)))).toEqual(['event:INVALID_COMMAND']);
    expect(bench.meter().protected).toBe(true);
  });

  test('survives the simulator', () => {
    const folder = mkdtempSync(join(tmpdir(), 'relight-protect-'));
    try {
      const memoryPath = join(folder, 'meters.state');
      const first = new TestBench({ memoryPath });
      first.down(seal(protect()));
      first.simulation.context.memory.close();
      const second = new TestBench({ memoryPath });
      expect(second.meter().protected).toBe(true);
      second.simulation.context.memory.close();
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('time', () => {
  test('taken with a greater sequence only; answered by the state either way', () => {
    const bench = new TestBench();
    bench.simulation.faultControl.add({ name: 'clockOffset', parameters: { offsetMs: -5 * DAY_MS } });
    // Its clock is five days slow: notAfter cannot be judged by it.
    const order = time({ sequence: 4 });
    const [state] = bench.down(seal(order));
    expect(state?.message).toMatchObject({
      cause: 'read',
      requestId: order.requestId,
      lastSequence: 4,
      meterTime: new Date(START_MS).toISOString(),
    });
    const replayed = bench.down(seal({ ...order, at: '2020-01-01T00:00:00.000Z' }));
    expect(replayed[0]?.message).toMatchObject({ lastSequence: 4, meterTime: new Date(START_MS).toISOString() });
    expect(kinds(bench.down(seal(cut({ sequence: 4 }))))).toEqual(['ack:SEQUENCE']);
    expect(kinds(bench.down(seal(time({ sequence: 5, meter: '100000000009' }))))).toEqual([]);
    expect(kinds(bench.down(seal(time({ sequence: 5 }), headEnd, guard)))).toEqual(['event:INVALID_COMMAND']);
    expect(bench.meter().lastSequence).toBe(4);
  });

  test('a duplicate of the switch before it is still answered with its own sequence', () => {
    const bench = new TestBench({ relayMs: 0 });
    const order = seal(cut({ sequence: 2 }));
    bench.down(order);
    bench.down(seal(time({ sequence: 3 })));
    expect(bench.down(order)[0]?.message).toMatchObject({ sequence: 2, duplicate: true, lastSequence: 3 });
  });
});

describe('arming', () => {
  test('ends after a day by the meter’s own clock', () => {
    const bench = new TestBench({ relayMs: 0, manifest: manifest({ meter: { relay: 'open' } }) });
    bench.down(seal(restore({ mode: 'arm' })));
    bench.setClock(START_MS + DAY_MS - 1);
    bench.pump();
    expect(bench.meter().armed).toBe(true);
    bench.setClock(START_MS + DAY_MS);
    expect(kinds(bench.pump()).filter((word) => !word.startsWith('reading'))).toEqual([
      'event:ARM_EXPIRED',
      'state:change',
    ]);
    expect(bench.simulation.switchgear.press(bench.meter(), 3_000)).toBe('not-armed');
  });

  test('armed again, the day begins again; a clock set forward ends it early', () => {
    const bench = new TestBench({ relayMs: 0, manifest: manifest({ meter: { relay: 'open' } }) });
    bench.down(seal(restore({ sequence: 1, mode: 'arm' })));
    bench.setClock(START_MS + DAY_MS / 2);
    bench.down(seal(restore({ sequence: 2, mode: 'arm', notAfter: new Date(START_MS + DAY_MS).toISOString() })));
    bench.setClock(START_MS + DAY_MS + 1);
    bench.pump();
    expect(bench.meter().armed).toBe(true);
    const said = bench.down(seal(time({ sequence: 3, at: new Date(START_MS + 2 * DAY_MS).toISOString() })));
    expect(kinds(said)).toEqual(['event:ARM_EXPIRED', 'state:change', 'state:read']);
  });

  test('behind a concentrator: the event, and status word 3 told to be open again', () => {
    const bench = new LineBench({ manifest: lineManifest(1, 0, { relay: 'open' }) });
    bench.order(restoreOf(1, 1, { mode: 'arm', frame: switchFrame(serialOf(1), 0x1b) }));
    expect(bench.status()).toBe(0x10);
    bench.setClock(START_MS + DAY_MS);
    bench.simulation.pump();
    const [seen] = bench.answers(50).filter(({ cause }) => cause === 'poll');
    expect(seen?.frame?.data.readUInt16LE(4)).toBe(0x50);
    expect(eventsOf(bench.said)).toContain('01:ARM_EXPIRED');
  });
});

describe('restore codes (复电码)', () => {
  const enter = (bench: TestBench, code: string) => bench.simulation.codes.enter(bench.meter(), code);
  const cutBytes = seal(cut({ sequence: 10 }));
  const cutBench = (): TestBench => {
    const bench = new TestBench({ relayMs: 0 });
    bench.down(cutBytes);
    return bench;
  };

  test('one of the next twenty closes, once, and voids every order before it', () => {
    const bench = cutBench();
    expect(enter(bench, codeOf(31))).toBe('refused');
    expect(enter(bench, codeOf(10))).toBe('refused');
    bench.said.length = 0;
    expect(enter(bench, codeOf(30))).toBe('closing');
    expect(kinds(bench.said)).toEqual(['event:CODE_ACCEPTED', 'state:change']);
    expect(bench.said[1]?.message).toMatchObject({ relay: 'closed', lastSequence: 30 });
    expect(bench.meter().relayLog?.at(-1)).toMatchObject({ to: 'closed', cause: 'button', sequence: 30 });
    expect(kinds(bench.down(seal(cut({ sequence: 30 }))))).toEqual(['ack:SEQUENCE']);
    // The cut before the code is no duplicate of the last order any more.
    expect(kinds(bench.down(cutBytes))).toEqual(['ack:SEQUENCE']);
    bench.down(seal(cut({ sequence: 31 })));
    expect(enter(bench, codeOf(30))).toBe('refused');
  });

  test('of another meter, another installation, another sequence: refused', () => {
    const bench = cutBench();
    expect(enter(bench, codeOf(11, '100000000002'))).toBe('refused');
    expect(enter(bench, codeOf(11, METER, installationOf(2)))).toBe('refused');
    expect(bench.meter().relayClosed).toBe(false);
  });

  test('five wrong ones: fifteen minutes without, by its own clock', () => {
    const bench = cutBench();
    for (let count = 0; count < 5; count += 1) expect(enter(bench, '0000000000000000')).toBe('refused');
    expect(kinds(bench.said).filter((word) => word === 'event:CODE_REFUSED')).toHaveLength(5);
    expect(enter(bench, codeOf(11))).toBe('blocked');
    bench.setClock(START_MS + 15 * 60_000 - 1);
    expect(enter(bench, codeOf(11))).toBe('blocked');
    bench.setClock(START_MS + 15 * 60_000);
    expect(enter(bench, codeOf(11))).toBe('closing');
  });

  test('works out of reach; without supply it does not', () => {
    const bench = cutBench();
    bench.simulation.faultControl.add({ name: 'offline', target: { meter: METER } });
    expect(enter(bench, codeOf(11))).toBe('closing');
    expect(bench.meter().relayClosed).toBe(true);
    bench.simulation.faultControl.add({ name: 'outage' });
    expect(enter(bench, codeOf(12))).toBe('no-supply');
  });

  test('behind a concentrator: event, status word 3, and older orders are void', () => {
    const bench = new LineBench();
    bench.order(cutOf(1, 5));
    bench.said.length = 0;
    expect(enter(bench, codeOf(6, serialOf(1)))).toBe('closing');
    const [seen] = bench.answers(50);
    expect([seen?.cause, seen?.lastSequence, seen?.frame?.data.readUInt16LE(4)]).toEqual(['poll', 6, 0]);
    expect(eventsOf(bench.said)).toEqual(['01:CODE_ACCEPTED']);
    expect(words(bench.order(cutOf(1, 6)))).toEqual(['switch:SEQUENCE']);
  });
});

describe('midnights asked for', () => {
  test('as they were, also across a cut; what the meter does not know is left out', () => {
    const bench = new TestBench({ relayMs: 0 });
    bench.setClock(START_MS + 5 * DAY_MS);
    const later = new Date(START_MS + 30 * DAY_MS).toISOString();
    const midnights = ['2025-05-01', '2025-06-11', '2025-06-13', '2025-06-15', '2025-06-30'];
    const ask = () =>
      bench
        .down(seal(read({ what: ['freeze'], midnights, notAfter: later } as Partial<Parameters<typeof read>[0]>)))
        .flatMap(({ message }) => message.readings as { at: string; energyWh: number }[]);
    const before = ask();
    expect(before.map(({ at }) => at)).toEqual(
      ['2025-06-10', '2025-06-12', '2025-06-14'].map((day) => `${day}T16:00:00.000Z`),
    );
    bench.down(seal(cut({ issuedAt: new Date(START_MS).toISOString(), notAfter: later })));
    bench.setClock(START_MS + 8 * DAY_MS);
    expect(ask()).toEqual(before);
  });
});
