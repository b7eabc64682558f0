import { explainPower, type PowerFacts } from '../../src/api/read/explain-power-policy.js';

const ON: PowerFacts = {
  interruptions: [],
  reported: 'CONNECTED',
  command: null,
  workOrder: null,
  outage: null,
  codeUntilLocal: null,
  gatewayPresence: 'ONLINE',
  overdue: null,
  servicePhone: '0531-1',
};
const since = new Date('2026-03-01T00:00:00Z');
const arrears = [{ reason: 'ARREARS' as const, openedAt: since }];
const safety = [{ reason: 'SAFETY' as const, openedAt: since }];
const restore = { operation: 'RESTORE' as const, state: 'SENT' as const };

test.each<[string, Partial<PowerFacts>, string, string[]]>([
  ['on', {}, 'POWER_ON', ['CHECK_MAIN_SWITCH', 'CALL']],
  [
    'off for debt',
    { interruptions: arrears, reported: 'DISCONNECTED', overdue: '54.69 CNY' },
    'OFF_FOR_DEBT',
    ['PAY', 'WAIT'],
  ],
  [
    'cut for debt, relay not yet open',
    { interruptions: arrears, overdue: '54.69 CNY' },
    'OFF_FOR_DEBT',
    ['PAY', 'WAIT'],
  ],
  ['off for danger', { interruptions: safety, reported: 'DISCONNECTED' }, 'OFF_FOR_OTHER_REASON', ['CALL']],
  [
    'off for danger and debt: paying alone is not enough',
    { interruptions: [...arrears, ...safety], overdue: '1.00 CNY' },
    'OFF_FOR_OTHER_REASON',
    ['PAY', 'CALL'],
  ],
  ['paid, restore under way', { reported: 'DISCONNECTED', command: restore }, 'RESTORE_UNDER_WAY', ['WAIT']],
  [
    'paid, restore under way, meter never heard of',
    { reported: 'UNKNOWN', command: restore },
    'RESTORE_UNDER_WAY',
    ['WAIT'],
  ],
  ['armed, by the meter', { reported: 'ARMED', command: restore }, 'WAITING_FOR_BUTTON', ['PRESS_BUTTON']],
  [
    'armed, by the command',
    { reported: 'DISCONNECTED', command: { ...restore, state: 'ARMED' } },
    'WAITING_FOR_BUTTON',
    ['PRESS_BUTTON'],
  ],
  [
    'handed to the field',
    { reported: 'DISCONNECTED', workOrder: { deadlineLocal: '2026-03-11 10:00' } },
    'FIELD_VISIT',
    ['WAIT_FOR_VISIT', 'CALL'],
  ],
  [
    'paid, the meter silent, a code is out',
    { reported: 'DISCONNECTED', command: { ...restore, state: 'UNKNOWN' }, codeUntilLocal: '2026-03-10 22:00' },
    'WAITING_FOR_CODE',
    ['TYPE_CODE', 'CALL'],
  ],
  [
    'the district is dark, whatever the meter said before',
    { outage: { kind: 'FAULT', scope: 'DISTRICT', untilLocal: null } },
    'OUTAGE',
    ['WAIT', 'CALL'],
  ],
  [
    'announced work',
    { outage: { kind: 'PLANNED', scope: 'DISTRICT', untilLocal: '2026-03-10 18:00' } },
    'OUTAGE',
    ['WAIT', 'CALL'],
  ],
  [
    'a cut stays a cut in an outage',
    { interruptions: arrears, overdue: '54.69 CNY', outage: { kind: 'FAULT', scope: 'DISTRICT', untilLocal: null } },
    'OFF_FOR_DEBT',
    ['PAY', 'WAIT'],
  ],
  ['dark though due', { reported: 'DISCONNECTED' }, 'UNEXPLAINED', ['WAIT', 'CALL']],
  ['nothing known', { reported: 'UNKNOWN' }, 'UNKNOWN', ['CALL']],
  [
    'a cut waits for approval: power is on',
    { command: { operation: 'CUT', state: 'PENDING_APPROVAL' } },
    'POWER_ON',
    ['CHECK_MAIN_SWITCH', 'CALL'],
  ],
])('%s', (_name, facts, verdict, steps) => {
  const answer = explainPower({ ...ON, ...facts });
  expect([answer.verdict, answer.steps.map(({ code }) => code)]).toEqual([verdict, steps]);
  for (const { zh, en } of [
    answer.headline,
    ...answer.steps.map(({ text }) => text),
    ...answer.reasons.map(({ text }) => text),
  ]) {
    expect(zh).toMatch(/[\u4e00-\u9fff]/);
    expect(en).toMatch(/^[A-Z].*\.$/);
  }
});

test('the amount, the phone and the deadline are in the words', () => {
  expect(explainPower({ ...ON, interruptions: arrears, overdue: '54.69 CNY' }).steps[0]!.text.en).toContain(
    '54.69 CNY',
  );
  expect(explainPower({ ...ON, reported: 'UNKNOWN' }).steps[0]!.text.zh).toContain('0531-1');
  expect(
    explainPower({ ...ON, reported: 'DISCONNECTED', workOrder: { deadlineLocal: '2026-03-11 10:00' } }).steps[0]!.text
      .en,
  ).toContain('2026-03-11 10:00');
});

test('a lost connection is said, but is no cut', () => {
  expect(explainPower({ ...ON, gatewayPresence: 'OFFLINE' })).toMatchObject({
    verdict: 'POWER_ON',
    headline: { en: expect.stringContaining('connection is down') },
  });
});
