import {
  decideReport,
  proof,
  type MeterReport,
  type ReportDecision,
  type ReportedCommand,
} from '../../src/switching/report-policy.js';
import { SENT_STATES, mayMove, type SwitchCommandState } from '../../src/switching/switch-command.js';
import { DEFAULT_SWITCH_TIMINGS as TIMINGS } from '../../src/switching/switch-timings.js';

const at = (minutes: number) => new Date(Date.UTC(2026, 2, 10, 2, minutes));
/** Ten o'clock in Jinan: the command was sent at 2 min and may be obeyed until 12 min. */
const NOW = at(5);

const command = (change: Partial<ReportedCommand>): ReportedCommand => ({
  id: 'command-1',
  operation: 'RESTORE',
  state: 'SENT',
  sequence: 7n,
  notAfter: at(12),
  attempts: 1,
  contradictions: 0,
  readRequestId: null,
  ...change,
});

/** The meter has accepted sequence 7 and its relay is closed, voltage on both sides. */
const report = (change: Partial<MeterReport>): MeterReport => ({
  meterId: 'meter-1',
  kind: 'STATE',
  relay: 'CLOSED',
  armed: false,
  protected: false,
  lastSequence: 7n,
  meterAt: at(4),
  ...change,
});

const ack = (change: Partial<MeterReport> = {}): MeterReport =>
  report({ kind: 'ACK', commandId: 'command-1', result: 'ACCEPTED', ...change });
const refusal = (why: string | undefined, change: Partial<MeterReport> = {}): MeterReport =>
  ack({ result: 'REFUSED', refusal: why, relay: 'OPEN', lastSequence: 6n, ...change });
const decide = (from: Partial<ReportedCommand>, said: MeterReport, now = NOW): ReportDecision =>
  decideReport(command(from), said, now, TIMINGS);

/** What a decision comes to, in a word or two. */
function inShort(decision: ReportDecision): string {
  switch (decision.act) {
    case 'move':
      return 'code' in decision ? `${decision.to} ${decision.code}` : decision.to;
    case 'resend':
      return `resend ${decision.code}${decision.newSequence ? ', new sequence' : ''}`;
    case 'contradiction':
      return `contradiction ${decision.code}`;
    default:
      return decision.act;
  }
}

describe('what proves an operation', () => {
  const V230 = 230_000;
  test.each<
    [what: string, operation: 'CUT' | 'RESTORE', said: Partial<MeterReport>, verdict: ReturnType<typeof proof>]
  >([
    ['restore: relay closed, no voltages reported', 'RESTORE', {}, 'proven'],
    ['restore: relay closed, load side live', 'RESTORE', { supplyVoltageMv: V230, loadVoltageMv: V230 }, 'proven'],
    ['restore: load side at half the supply', 'RESTORE', { supplyVoltageMv: V230, loadVoltageMv: V230 / 2 }, 'proven'],
    [
      'restore: load side just below half',
      'RESTORE',
      { supplyVoltageMv: V230, loadVoltageMv: V230 / 2 - 1 },
      'contradicted',
    ],
    ['restore: load side dead', 'RESTORE', { supplyVoltageMv: V230, loadVoltageMv: 0 }, 'contradicted'],
    ['restore: only the supply side is measured', 'RESTORE', { supplyVoltageMv: V230 }, 'proven'],
    ['restore: the whole street is dark, relay closed', 'RESTORE', { supplyVoltageMv: 0, loadVoltageMv: 0 }, 'proven'],
    ['restore: relay open', 'RESTORE', { relay: 'OPEN' }, 'not-yet'],
    [
      'restore: relay open, voltage on the load side (a generator)',
      'RESTORE',
      { relay: 'OPEN', supplyVoltageMv: V230, loadVoltageMv: V230 },
      'not-yet',
    ],
    ['cut: relay open, power not measured', 'CUT', { relay: 'OPEN' }, 'proven'],
    ['cut: relay open, nothing drawn', 'CUT', { relay: 'OPEN', powerW: 0 }, 'proven'],
    ['cut: relay open, the meter’s own resolution', 'CUT', { relay: 'OPEN', powerW: 5 }, 'proven'],
    ['cut: relay open, 6 W drawn', 'CUT', { relay: 'OPEN', powerW: 6 }, 'contradicted'],
    ['cut: relay open, 6 W fed back', 'CUT', { relay: 'OPEN', powerW: -6 }, 'contradicted'],
    ['cut: relay closed', 'CUT', { relay: 'CLOSED', powerW: 0 }, 'not-yet'],
  ])('%s', (_what, operation, said, verdict) => {
    expect(proof(operation, report(said))).toBe(verdict);
  });
});

describe('a restore', () => {
  const open = { relay: 'OPEN' } as const;
  const asked = { readRequestId: 'read-1' } as const;
  const answer = { requestId: 'read-1' } as const;
  test.each<[what: string, from: Partial<ReportedCommand>, said: MeterReport, outcome: string]>([
    ['the ack says closed', {}, ack(), 'VERIFIED'],
    ['a state says closed, after the command was taken', {}, report({}), 'VERIFIED'],
    ['heard before any ack, from UNKNOWN', { state: 'UNKNOWN' }, report({}), 'VERIFIED'],
    ['the button was pressed', { state: 'ARMED' }, report({}), 'VERIFIED'],
    ['a greater sequence is evidence as well', {}, report({ lastSequence: 9n }), 'VERIFIED'],
    ['the ack says accepted, the relay still moves', {}, ack(open), 'ACCEPTED'],
    ['a state says the command was taken, the relay still moves', {}, report(open), 'ACCEPTED'],
    ['a late ack after silence', { state: 'UNKNOWN' }, ack(open), 'ACCEPTED'],
    ['the same ack again', { state: 'ACCEPTED' }, ack(open), 'nothing'],
    ['armed, waiting for the button', {}, ack({ ...open, armed: true }), 'ARMED'],
    ['armed, heard after silence', { state: 'UNKNOWN' }, report({ ...open, armed: true }), 'ARMED'],
    ['still armed', { state: 'ARMED' }, report({ ...open, armed: true }), 'nothing'],
    ['the ack of another command', {}, ack({ commandId: 'command-0' }), 'nothing'],
    ['closed, but read before the command was taken', {}, report({ lastSequence: 6n }), 'nothing'],
    ['open, and not yet heard', {}, report({ ...open, lastSequence: 6n }), 'nothing'],
    // Silence was answered by a question; only the answer to that question says whether the command was heard.
    [
      'asked: not heard',
      { state: 'UNKNOWN', ...asked },
      report({ ...open, ...answer, lastSequence: 6n }),
      'resend NOT_RECEIVED',
    ],
    [
      'an older state that answers no question',
      { state: 'UNKNOWN', ...asked },
      report({ ...open, lastSequence: 6n }),
      'nothing',
    ],
    [
      'the answer to an earlier question',
      { state: 'UNKNOWN', ...asked },
      report({ ...open, lastSequence: 6n, requestId: 'read-0' }),
      'nothing',
    ],
    ['never asked, so no answer counts', { state: 'UNKNOWN' }, report({ ...open, lastSequence: 6n }), 'nothing'],
    [
      'one send is left',
      { state: 'UNKNOWN', ...asked, attempts: TIMINGS.maxAttempts - 1 },
      report({ ...open, ...answer, lastSequence: 6n }),
      'resend NOT_RECEIVED',
    ],
    [
      'no send is left',
      { state: 'UNKNOWN', ...asked, attempts: TIMINGS.maxAttempts },
      report({ ...open, ...answer, lastSequence: 6n }),
      'FIELD_VISIT NOT_RECEIVED',
    ],
    // Accepted, and yet open: the relay is slow, or it is stuck.
    [
      'asked: accepted and open',
      { state: 'ACCEPTED', ...asked },
      report({ ...open, ...answer }),
      'contradiction RELAY_STUCK',
    ],
    ['accepted and open, unasked', { state: 'ACCEPTED', ...asked }, report(open), 'nothing'],
    [
      'the second contradiction',
      { state: 'UNKNOWN', ...asked, contradictions: 1 },
      report({ ...open, ...answer }),
      'contradiction RELAY_STUCK',
    ],
    [
      'the third contradiction',
      { state: 'UNKNOWN', ...asked, contradictions: 2 },
      report({ ...open, ...answer }),
      'FIELD_VISIT RELAY_STUCK',
    ],
    [
      'asked: closed, but the load side is dead',
      { state: 'ACCEPTED', ...asked },
      report({ ...answer, supplyVoltageMv: 230_000, loadVoltageMv: 0 }),
      'contradiction PHYSICS_DISAGREE',
    ],
    [
      'the load side stays dead',
      { state: 'UNKNOWN', ...asked, contradictions: 2 },
      report({ ...answer, supplyVoltageMv: 230_000, loadVoltageMv: 0 }),
      'FIELD_VISIT PHYSICS_DISAGREE',
    ],
    [
      'an ack with a dead load side waits for a question',
      {},
      ack({ supplyVoltageMv: 230_000, loadVoltageMv: 0 }),
      'nothing',
    ],
    // Refusals
    [
      'refused: its sequence is ahead',
      {},
      refusal('SEQUENCE', { lastSequence: 9n }),
      'resend REFUSED_SEQUENCE, new sequence',
    ],
    ['refused: expired by its clock', {}, refusal('EXPIRED'), 'resend REFUSED_EXPIRED'],
    // Its clock is set first, under a sequence of its own.
    ['refused: its clock is wrong', {}, refusal('CLOCK'), 'resend REFUSED_CLOCK, new sequence'],
    ['refused: unexpected relay', {}, refusal('UNEXPECTED_RELAY'), 'resend REFUSED_UNEXPECTED_RELAY'],
    [
      'refused for what an order cannot mend',
      {},
      refusal('WRONG_INSTALLATION'),
      'FIELD_VISIT REFUSED_WRONG_INSTALLATION',
    ],
    ['refused without saying why', {}, refusal(undefined), 'FIELD_VISIT REFUSED_UNKNOWN'],
    ['refused, and no send is left', { attempts: TIMINGS.maxAttempts }, refusal('CLOCK'), 'FIELD_VISIT REFUSED_CLOCK'],
    ['refused after silence', { state: 'UNKNOWN' }, refusal('CLOCK'), 'resend REFUSED_CLOCK, new sequence'],
    [
      'a refusal of a copy, after the first was accepted',
      { state: 'ACCEPTED' },
      refusal('SEQUENCE', { lastSequence: 7n }),
      'nothing',
    ],
    ['a refusal of a copy, while armed', { state: 'ARMED' }, refusal('SEQUENCE', { lastSequence: 7n }), 'nothing'],
    ['the refusal of another command', {}, refusal('CLOCK', { commandId: 'command-0' }), 'nothing'],
  ])('%s', (_what, from, said, outcome) => {
    expect(inShort(decide(from, said))).toBe(outcome);
  });
});

describe('a cut', () => {
  const cut = { operation: 'CUT' } as const;
  const closed = { relay: 'CLOSED' } as const;
  const open = { relay: 'OPEN' } as const;
  const asked = { readRequestId: 'read-1' } as const;
  const answer = { requestId: 'read-1' } as const;
  const late = at(13);
  test.each<[what: string, from: Partial<ReportedCommand>, said: MeterReport, outcome: string, now: Date]>([
    ['the ack says open', {}, ack(open), 'VERIFIED', NOW],
    ['a state says open, after the command was taken', {}, report(open), 'VERIFIED', NOW],
    ['the ack says accepted, the relay waits', {}, ack(closed), 'ACCEPTED', NOW],
    [
      'open, but current flows',
      { state: 'ACCEPTED', ...asked },
      report({ ...open, ...answer, powerW: 800 }),
      'contradiction PHYSICS_DISAGREE',
      NOW,
    ],
    [
      'current keeps flowing',
      { state: 'UNKNOWN', ...asked, contradictions: 2 },
      report({ ...open, ...answer, powerW: 800 }),
      'FAILED PHYSICS_DISAGREE',
      NOW,
    ],
    [
      'accepted and still closed, three times',
      { state: 'UNKNOWN', ...asked, contradictions: 2 },
      report({ ...closed, ...answer }),
      'FAILED RELAY_STUCK',
      NOW,
    ],
    ['armed means nothing for a cut', { state: 'ACCEPTED' }, report({ ...closed, armed: true }), 'nothing', NOW],
    // Never sent again, whatever the meter says.
    ['refused: under protection', {}, refusal('PROTECTED', closed), 'REJECTED REFUSED_PROTECTED', NOW],
    ['refused: its sequence is ahead', {}, refusal('SEQUENCE', closed), 'REJECTED REFUSED_SEQUENCE', NOW],
    ['refused: expired', {}, refusal('EXPIRED', closed), 'REJECTED REFUSED_EXPIRED', NOW],
    [
      'refused: unexpected relay',
      { state: 'UNKNOWN' },
      refusal('UNEXPECTED_RELAY', closed),
      'REJECTED REFUSED_UNEXPECTED_RELAY',
      NOW,
    ],
    // Not heard: wait until the meter itself would refuse it, by both clocks.
    [
      'asked: not heard, still valid',
      { state: 'UNKNOWN', ...asked },
      report({ ...closed, ...answer, lastSequence: 6n }),
      'wait',
      NOW,
    ],
    [
      'not heard; expired by our clock only',
      { state: 'UNKNOWN', ...asked },
      report({ ...closed, ...answer, lastSequence: 6n, meterAt: at(12) }),
      'wait',
      late,
    ],
    [
      'not heard; expired by the meter’s clock only',
      { state: 'UNKNOWN', ...asked },
      report({ ...closed, ...answer, lastSequence: 6n, meterAt: late }),
      'wait',
      at(12),
    ],
    [
      'not heard; expired by both',
      { state: 'UNKNOWN', ...asked },
      report({ ...closed, ...answer, lastSequence: 6n, meterAt: late }),
      'EXPIRED NOT_RECEIVED',
      late,
    ],
    [
      'not heard, however often it was tried',
      { state: 'UNKNOWN', ...asked, attempts: TIMINGS.maxAttempts },
      report({ ...closed, ...answer, lastSequence: 6n }),
      'wait',
      NOW,
    ],
  ])('%s', (_what, from, said, outcome, now) => {
    expect(inShort(decide({ ...cut, ...from }, said, now))).toBe(outcome);
  });
});

test('every move decided is one that the transition table allows', () => {
  const faults: string[] = [];
  const each = <T>(values: readonly T[]) => values;
  for (const operation of each(['CUT', 'RESTORE'] as const))
    for (const state of each(SENT_STATES as readonly SwitchCommandState[]))
      for (const kind of each(['ACK', 'STATE'] as const))
        for (const result of each(['ACCEPTED', 'REFUSED'] as const))
          for (const refused of each(['SEQUENCE', 'PROTECTED']))
            for (const relay of each(['OPEN', 'CLOSED'] as const))
              for (const armed of each([false, true]))
                for (const lastSequence of each([6n, 7n]))
                  for (const attempts of each([1, TIMINGS.maxAttempts]))
                    for (const contradictions of each([0, TIMINGS.maxContradictions]))
                      for (const loadVoltageMv of each([undefined, 0])) {
                        const said = report({
                          kind,
                          relay,
                          armed,
                          lastSequence,
                          loadVoltageMv,
                          supplyVoltageMv: 230_000,
                          powerW: loadVoltageMv === 0 ? 900 : undefined,
                          requestId: 'read-1',
                          meterAt: at(20),
                          ...(kind === 'ACK'
                            ? { commandId: 'command-1', result, refusal: result === 'REFUSED' ? refused : undefined }
                            : {}),
                        });
                        const decision = decide(
                          { operation, state, attempts, contradictions, readRequestId: 'read-1' },
                          said,
                          at(20),
                        );
                        const to =
                          decision.act === 'move'
                            ? decision.to
                            : decision.act === 'resend'
                              ? 'QUEUED'
                              : decision.act === 'contradiction'
                                ? 'UNKNOWN'
                                : undefined;
                        if (to && to !== state && !mayMove(state, to))
                          faults.push(
                            `${operation} ${state} → ${to} after ${JSON.stringify(said, (_k, v: unknown) => (typeof v === 'bigint' ? String(v) : v))}`,
                          );
                        if (operation === 'CUT' && decision.act === 'resend')
                          faults.push(`a cut would be sent again from ${state}`);
                      }
  expect(faults).toEqual([]);
});
