import { checkSwitch, guardFits, type MeterMemory, type Verdict } from '../../simulator/meter/command-check.js';
import type { SwitchCommand } from '../../simulator/wire/contract.js';
import type { SecondSignature } from '../../simulator/wire/envelope.js';
import { cut, INSTALLATION, METER, restore, START_MS } from './support/fixtures.js';

const memory: MeterMemory = {
  serial: METER,
  installation: INSTALLATION,
  lastSequence: 5,
  lastCommandId: '11111111-0000-4000-8000-000000000000',
  relayClosed: true,
  protected: false,
};
/** As a meter judges it; a cut comes with a guard's signature unless `second` says otherwise. */
const judge = (
  command: SwitchCommand,
  known: Partial<MeterMemory> = {},
  second: SecondSignature = command.operation === 'cut' ? 'guard' : 'none',
): Verdict => checkSwitch(command, second, { ...memory, ...known }, START_MS);
const iso = (ms: number): string => new Date(ms).toISOString();

describe('what a meter does with a switch command (schema/mqtt/README.md)', () => {
  // Each row breaks one more step than the row below it, from the last step up: the first step that fails decides.
  const broken: [code: string, change: Partial<SwitchCommand>, known: Partial<MeterMemory>][] = [
    ['UNSUPPORTED', { mode: 'arm' }, {}],
    ['PROTECTED', {}, { protected: true }],
    ['UNEXPECTED_RELAY', { expectedRelay: 'open' }, {}],
    ['CLOCK', { issuedAt: iso(START_MS + 600_001), notAfter: iso(START_MS + 900_000) }, {}],
    ['EXPIRED', { notAfter: iso(START_MS - 1) }, {}],
    ['SEQUENCE', { sequence: 5 }, {}],
    ['WRONG_INSTALLATION', { installation: 'bbbbbbbb-0000-4000-8000-000000000002' }, {}],
    ['WRONG_METER', { meter: '100000000002' }, {}],
  ];

  test.each(broken)('%s alone', (code, change, known) => {
    expect(judge(cut({ sequence: 6, ...change }), known)).toEqual({ verdict: 'refused', refusal: code });
  });

  test.each(broken.map(([code], index) => [code, index] as const))(
    '%s goes before everything after it',
    (code, index) => {
      let change: Partial<SwitchCommand> = { sequence: 6 };
      let known: Partial<MeterMemory> = {};
      for (const [, more, also] of broken.slice(0, index + 1)) {
        change = { ...change, ...more };
        known = { ...known, ...also };
      }
      expect(judge(cut(change), known)).toEqual({ verdict: 'refused', refusal: code });
    },
  );

  test.each<SecondSignature>(['none', 'bad'])(
    'a cut whose second signature is %s is refused before anything else',
    (second) => {
      const refused = { verdict: 'refused', refusal: 'SECOND_SIGNATURE' };
      expect(judge(cut({ sequence: 6 }), {}, second)).toEqual(refused);
      expect(judge(cut({ commandId: memory.lastCommandId, meter: '999999999999', sequence: 1 }), {}, second)).toEqual(
        refused,
      );
    },
  );

  test('a repeated commandId is a duplicate whatever else is wrong with it', () => {
    const command = cut({ commandId: memory.lastCommandId, meter: '999999999999', sequence: 1, notAfter: iso(0) });
    expect(judge(command)).toEqual({ verdict: 'duplicate' });
  });

  test('an instant that does not exist is unreadable, even in a duplicate', () => {
    for (const notAfter of ['2025-02-30T00:00:00.000Z', '2025-13-01T00:00:00.000Z', '2025-06-10T24:00:00.000Z']) {
      expect(judge(cut({ commandId: memory.lastCommandId, notAfter }))).toEqual({ verdict: 'invalid' });
      expect(judge(cut({ issuedAt: notAfter }))).toEqual({ verdict: 'invalid' });
    }
  });

  test.each([
    ['a cut', cut({ sequence: 6 }), {}],
    ['a cut that expects what is', cut({ sequence: 6, expectedRelay: 'closed' }), {}],
    ['a gap in the sequence', cut({ sequence: 1_000_000 }), {}],
    ['exactly at notAfter', cut({ sequence: 6, notAfter: iso(START_MS) }), {}],
    ['a cut issued just 10 min ahead', cut({ sequence: 6, issuedAt: iso(START_MS + 600_000) }), {}],
    [
      'a restore from far ahead',
      restore({ sequence: 6, issuedAt: iso(START_MS + 9e9), notAfter: iso(START_MS + 9e9) }),
      {},
    ],
    ['a restore while protected', restore({ sequence: 6 }), { protected: true }],
    ['an armed restore', restore({ sequence: 6, mode: 'arm', expectedRelay: 'open' }), { relayClosed: false }],
    ['a cut of an open relay', cut({ sequence: 6, expectedRelay: 'open' }), { relayClosed: false }],
  ])('accepts %s', (_, command, known) => {
    expect(judge(command, known)).toEqual({ verdict: 'accepted' });
  });

  test('a guard signs cuts and nothing else', () => {
    expect(guardFits(cut())).toBe(true);
    expect(guardFits(restore())).toBe(false);
    expect(guardFits({ kind: 'read' })).toBe(false);
  });
});
