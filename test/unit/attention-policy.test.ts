import { decideAttention, type WaitingCommand } from '../../src/switching/attention-policy.js';
import { DEFAULT_SWITCH_TIMINGS as TIMINGS } from '../../src/switching/switch-timings.js';
import { mayMove, type SwitchCommandState } from '../../src/switching/switch-command.js';

const NOW = new Date(Date.UTC(2026, 2, 10, 2, 0));
const inMs = (ms: number) => new Date(NOW.getTime() + ms);
const decide = (change: Partial<WaitingCommand>) =>
  decideAttention(
    { operation: 'RESTORE', state: 'SENT', reads: 0, giveUpWallAt: inMs(60_000), interrupted: false, ...change },
    NOW,
    TIMINGS,
  );

describe('silence: the meter is asked, more and more rarely', () => {
  test.each<[state: SwitchCommandState, reads: number, to: SwitchCommandState, waitMs: number]>([
    ['SENT', 0, 'UNKNOWN', 5_000],
    ['ACCEPTED', 0, 'UNKNOWN', 5_000],
    ['UNKNOWN', 1, 'UNKNOWN', 10_000],
    ['UNKNOWN', 2, 'UNKNOWN', 20_000],
    ['UNKNOWN', 3, 'UNKNOWN', 40_000],
    ['UNKNOWN', 4, 'UNKNOWN', 60_000], // maxReadWaitMs
    ['UNKNOWN', 32_767, 'UNKNOWN', 60_000],
    ['ARMED', 9, 'ARMED', 60_000], // waiting for the customer's button is no doubt: it stays ARMED
  ])('%s after %i questions', (state, reads, to, waitMs) => {
    for (const operation of ['CUT', 'RESTORE'] as const)
      expect(decide({ operation, state, reads })).toEqual({ act: 'read', to, waitMs });
  });
});

describe('the end of the remote rung', () => {
  const over = { giveUpWallAt: NOW };
  test.each<[operation: WaitingCommand['operation'], state: SwitchCommandState, to: string, code: string]>([
    ['RESTORE', 'QUEUED', 'FIELD_VISIT', 'NOT_SENT'],
    ['RESTORE', 'SENT', 'FIELD_VISIT', 'NO_ANSWER'],
    ['RESTORE', 'ACCEPTED', 'FIELD_VISIT', 'NO_ANSWER'],
    ['RESTORE', 'ARMED', 'FIELD_VISIT', 'ARM_EXPIRED'],
    ['RESTORE', 'UNKNOWN', 'FIELD_VISIT', 'NO_ANSWER'],
    ['CUT', 'QUEUED', 'EXPIRED', 'NOT_SENT'],
    ['CUT', 'SENT', 'FAILED', 'NO_ANSWER'],
    ['CUT', 'ACCEPTED', 'FAILED', 'NO_ANSWER'],
    ['CUT', 'UNKNOWN', 'FAILED', 'NO_ANSWER'],
  ])('%s in %s ends as %s', (operation, state, to, code) => {
    const decision = decide({ operation, state, ...over });
    expect(decision).toMatchObject({ act: 'end', to, code });
    expect(mayMove(state, to as SwitchCommandState)).toBe(true);
  });

  test('a millisecond before the end the meter is still asked', () => {
    expect(decide({ giveUpWallAt: inMs(1) }).act).toBe('read');
  });

  test('a restore that was held back by a reason is withdrawn: nobody is sent out', () => {
    expect(decide({ state: 'QUEUED', interrupted: true, ...over })).toMatchObject({
      act: 'end',
      to: 'CANCELLED',
      code: 'INTERRUPTED',
    });
    expect(decide({ state: 'UNKNOWN', interrupted: true, ...over })).toMatchObject({ to: 'FIELD_VISIT' });
    expect(decide({ operation: 'CUT', state: 'QUEUED', interrupted: true, ...over })).toMatchObject({ to: 'EXPIRED' });
  });
});
