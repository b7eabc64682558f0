import { compareDay, type DayFacts } from '../../../src/dunning/dry-run-comparison-policy.js';
import { SWITCH_COMMAND_STATES } from '../../../src/switching/switch-command.js';

const NOTHING: DayFacts = { permitted: true, sentState: null, paid: false, held: false, ending: null };

test.each<[what: string, facts: Partial<DayFacts>, verdict: string]>([
  ['permitted and cut', { sentState: 'VERIFIED' }, 'AS_FORESEEN CUT null'],
  ['permitted, sent, and not heard of yet', { sentState: 'UNKNOWN' }, 'AS_FORESEEN CUT null'],
  ['permitted, sent, and answered by a restore', { sentState: 'SUPERSEDED', paid: true }, 'AS_FORESEEN CUT null'],
  ['permitted, and the meter refused', { sentState: 'REJECTED' }, 'NOT_CUT_OTHER NOT_CARRIED_OUT REJECTED'],
  ['permitted and paid', { paid: true }, 'NOT_CUT_PAID PAID null'],
  ['permitted, proposed and paid', { paid: true, ending: 'DEBT_SETTLED' }, 'NOT_CUT_PAID PAID DEBT_SETTLED'],
  ['settled by credit, without a payment', { ending: 'DEBT_SETTLED' }, 'NOT_CUT_PAID PAID DEBT_SETTLED'],
  ['paid although a hold stood', { paid: true, held: true }, 'NOT_CUT_PAID PAID null'],
  ['permitted and held', { held: true, ending: 'HOLD_OPENED' }, 'NOT_CUT_OTHER HELD HOLD_OPENED'],
  [
    'permitted, proposed, and never approved',
    { ending: 'NOT_APPROVED_IN_TIME' },
    'NOT_CUT_OTHER PROPOSED_NOT_CUT NOT_APPROVED_IN_TIME',
  ],
  ['permitted, and nobody proposed it', {}, 'NOT_CUT_OTHER NOT_PROPOSED null'],
  ['blocked and not cut', { permitted: false }, 'AS_FORESEEN NOT_PROPOSED null'],
  ['blocked and paid', { permitted: false, paid: true }, 'AS_FORESEEN PAID null'],
  [
    'blocked by a hold, proposed, and withdrawn',
    { permitted: false, held: true, ending: 'NO_HOLD' },
    'AS_FORESEEN HELD NO_HOLD',
  ],
  ['blocked and cut', { permitted: false, sentState: 'VERIFIED' }, 'CUT_THOUGH_BLOCKED CUT null'],
  [
    'blocked, and sent to a meter that refused',
    { permitted: false, sentState: 'REJECTED' },
    'CUT_THOUGH_BLOCKED NOT_CARRIED_OUT REJECTED',
  ],
  [
    'blocked, cut, and paid the same day',
    { permitted: false, sentState: 'SUPERSEDED', paid: true },
    'CUT_THOUGH_BLOCKED CUT null',
  ],
  ['cut without a line', { permitted: null, sentState: 'VERIFIED' }, 'CUT_NOT_LISTED CUT null'],
])('%s', (_what, facts, verdict) => {
  const { category, outcome, code } = compareDay({ ...NOTHING, ...facts });
  expect(`${category} ${outcome} ${code}`).toBe(verdict);
});

test('whatever became of it, an order that was sent against a blocker is told', () => {
  for (const sentState of SWITCH_COMMAND_STATES) {
    expect(compareDay({ ...NOTHING, permitted: false, paid: true, held: true, sentState }).category).toBe(
      'CUT_THOUGH_BLOCKED',
    );
  }
});
