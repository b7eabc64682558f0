import { restoreRungs, type RestoreHistory } from '../../../src/dunning/restore-rungs-policy.js';
import { SWITCH_COMMAND_STATES } from '../../../src/switching/switch-command.js';
import { DEFAULT_SWITCH_TIMINGS } from '../../../src/switching/switch-timings.js';

const at = (minutes: number): Date => new Date(Date.UTC(2026, 2, 10, 4, minutes));
const DAY = 24 * 60;
const PROMISE = { slaMinutes: DAY };

const ordered: RestoreHistory = {
  state: 'SENT',
  orderedAt: at(0),
  armedAt: [],
  codes: [],
  endedAt: null,
  fieldWork: null,
};
const rungs = (change: Partial<RestoreHistory>, promise = PROMISE) =>
  restoreRungs({ ...ordered, ...change }, DEFAULT_SWITCH_TIMINGS, promise);
/** 'ORDER 0-30 PROVEN@2': opened, deadline, outcome, ended; minutes after the order. */
const told = (change: Partial<RestoreHistory>, promise = PROMISE): string[] => {
  const minute = (instant: Date): number => (instant.getTime() - at(0).getTime()) / 60_000;
  return rungs(change, promise).map(
    ({ rung, openedAt, deadlineAt, outcome, endedAt, means }) =>
      `${rung} ${minute(openedAt)}-${minute(deadlineAt)} ${outcome}${endedAt ? `@${minute(endedAt)}` : ''}${means ? ` ${means}` : ''}`,
  );
};
const work = (state: 'OPEN' | 'DONE' | 'WITHDRAWN', closedAt: Date | null = null) => ({
  state,
  deadlineAt: at(31 + DAY),
  closedAt,
});

test.each<[string, Partial<RestoreHistory>, string[]]>([
  ['just ordered', { state: 'QUEUED' }, ['ORDER 0-30 WAITING']],
  ['sent', {}, ['ORDER 0-30 WAITING']],
  ['silence', { state: 'UNKNOWN' }, ['ORDER 0-30 WAITING']],
  ['proven', { state: 'VERIFIED', endedAt: at(2) }, ['ORDER 0-30 PROVEN@2']],
  ['replaced', { state: 'SUPERSEDED', endedAt: at(2) }, ['ORDER 0-30 WITHDRAWN@2']],
  ['not due any more', { state: 'CANCELLED', endedAt: at(2) }, ['ORDER 0-30 WITHDRAWN@2']],
  ['refused', { state: 'REJECTED', endedAt: at(2) }, ['ORDER 0-30 GIVEN_UP@2']],
  ['armed', { state: 'ARMED', armedAt: [at(1)] }, ['ORDER 0-30 PASSED_ON@1', 'CODE_OR_BUTTON 1-1440 WAITING BUTTON']],
  [
    'armed, and no word since',
    { state: 'UNKNOWN', armedAt: [at(1)] },
    ['ORDER 0-30 PASSED_ON@1', 'CODE_OR_BUTTON 1-1440 WAITING BUTTON'],
  ],
  [
    'the button was pressed',
    { state: 'VERIFIED', armedAt: [at(1)], endedAt: at(40) },
    ['ORDER 0-30 PASSED_ON@1', 'CODE_OR_BUTTON 1-1440 PROVEN@40 BUTTON'],
  ],
  [
    'armed again',
    { state: 'ARMED', armedAt: [at(1), at(1441)] },
    [
      'ORDER 0-30 PASSED_ON@1',
      'CODE_OR_BUTTON 1-1440 PASSED_ON@1441 BUTTON',
      'CODE_OR_BUTTON 1441-2881 WAITING BUTTON',
    ],
  ],
  [
    'silence, and a code',
    { state: 'UNKNOWN', codes: [{ issuedAt: at(30), expiresAt: at(750) }] },
    ['ORDER 0-30 PASSED_ON@30', 'CODE_OR_BUTTON 30-750 WAITING CODE'],
  ],
  [
    'the code was not used, somebody comes',
    {
      state: 'FIELD_VISIT',
      codes: [{ issuedAt: at(30), expiresAt: at(750) }],
      endedAt: at(750),
      fieldWork: { ...work('OPEN'), deadlineAt: at(750 + DAY) },
    },
    ['ORDER 0-30 PASSED_ON@30', 'CODE_OR_BUTTON 30-750 PASSED_ON@750 CODE', 'FIELD_VISIT 750-1440 WAITING'],
  ],
  [
    'nobody answered, somebody comes',
    { state: 'FIELD_VISIT', endedAt: at(31), fieldWork: work('OPEN') },
    ['ORDER 0-30 PASSED_ON@31', 'FIELD_VISIT 31-1440 WAITING'],
  ],
  [
    'the visit brought power back',
    { state: 'FIELD_VISIT', endedAt: at(31), fieldWork: work('DONE', at(90)) },
    ['ORDER 0-30 PASSED_ON@31', 'FIELD_VISIT 31-1440 PROVEN@90'],
  ],
  [
    'the visit was called off',
    { state: 'FIELD_VISIT', endedAt: at(31), fieldWork: work('WITHDRAWN', at(50)) },
    ['ORDER 0-30 PASSED_ON@31', 'FIELD_VISIT 31-1440 WITHDRAWN@50'],
  ],
  [
    'a visit without its work order on record',
    { state: 'FIELD_VISIT', endedAt: at(31) },
    ['ORDER 0-30 PASSED_ON@31', 'FIELD_VISIT 31-1440 WAITING'],
  ],
  [
    'all three rungs; the SLA is over before the last is opened, so its own deadline counts',
    {
      state: 'FIELD_VISIT',
      armedAt: [at(1)],
      endedAt: at(DAY + 1),
      fieldWork: { ...work('OPEN'), deadlineAt: at(2 * DAY + 1) },
    },
    ['ORDER 0-30 PASSED_ON@1', 'CODE_OR_BUTTON 1-1440 PASSED_ON@1441 BUTTON', 'FIELD_VISIT 1441-2881 WAITING'],
  ],
])('%s', (_what, change, expected) => expect(told(change)).toEqual(expected));

test('the SLA of the policy ends a rung before its own window does', () => {
  expect(told({ state: 'ARMED', armedAt: [at(1)] }, { slaMinutes: 20 })).toEqual([
    'ORDER 0-20 PASSED_ON@1',
    'CODE_OR_BUTTON 1-20 WAITING BUTTON',
  ]);
});

test('whatever the history, exactly one rung has an outcome of its own, and it is the last', () => {
  for (const state of SWITCH_COMMAND_STATES)
    for (const armedAt of [[], [at(1)]])
      for (const fieldWork of [null, work('OPEN'), work('DONE', at(60)), work('WITHDRAWN', at(60))]) {
        const found = rungs({ state, armedAt, fieldWork, endedAt: at(50) });
        expect(found.map(({ outcome }) => outcome !== 'PASSED_ON')).toEqual(
          found.map((_, index) => index === found.length - 1),
        );
      }
});
