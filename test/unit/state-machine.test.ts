import { AssertionError } from '../../src/platform/errors.js';
import { checkMoves, type Moves } from '../../src/platform/state-machine.js';
import {
  OPEN_STATES,
  SENT_STATES,
  SWITCH_COMMAND_MOVES,
  SWITCH_COMMAND_STATES,
  UNSENT_STATES,
  mayMove,
} from '../../src/switching/switch-command.js';

describe('a transition table is checked when the program starts', () => {
  type Light = 'DARK' | 'LIT' | 'BROKEN';
  const check = (moves: Partial<Record<Light, readonly string[]>>, starts: readonly Light[] = ['DARK']) =>
    checkMoves('light', moves as Moves<Light>, starts);

  test('a table in which every state can be reached passes', () => {
    expect(() => check({ DARK: ['LIT'], LIT: ['DARK', 'BROKEN'], BROKEN: [] })).not.toThrow();
  });

  test('a state to which no way leads is named', () => {
    expect(() => check({ DARK: ['LIT'], LIT: ['DARK'], BROKEN: ['DARK'] })).toThrow(
      new AssertionError('light: no way leads to BROKEN'),
    );
  });

  test('two states that lead only to each other are both named', () => {
    expect(() => check({ DARK: [], LIT: ['BROKEN'], BROKEN: ['LIT'] })).toThrow('light: no way leads to LIT, BROKEN');
  });

  test('a target that is no state is named', () => {
    expect(() => check({ DARK: ['LIT', 'DIM'], LIT: ['BROKEN'], BROKEN: [] })).toThrow(
      'light: DARK moves to DIM, which is not a state',
    );
  });

  test('several starts are several beginnings', () => {
    expect(() => check({ DARK: [], LIT: [], BROKEN: [] }, ['DARK', 'LIT', 'BROKEN'])).not.toThrow();
  });
});

describe('the life of a switch command', () => {
  test('its states fall into unsent, sent and ended', () => {
    const ended = SWITCH_COMMAND_STATES.filter((state) => SWITCH_COMMAND_MOVES[state].length === 0);
    expect([...UNSENT_STATES, ...SENT_STATES].sort()).toEqual([...OPEN_STATES].sort());
    expect(ended.sort()).toEqual([
      'CANCELLED',
      'EXPIRED',
      'FAILED',
      'FIELD_VISIT',
      'REJECTED',
      'SUPERSEDED',
      'VERIFIED',
    ]);
  });

  test('an end is an end', () => {
    for (const from of ['VERIFIED', 'CANCELLED', 'SUPERSEDED'] as const)
      for (const to of SWITCH_COMMAND_STATES) expect(mayMove(from, to)).toBe(false);
  });

  test('what was sent is never cancelled, what was not sent is never superseded before it is approved', () => {
    for (const from of SENT_STATES) expect(mayMove(from, 'CANCELLED')).toBe(false);
    expect(mayMove('PENDING_APPROVAL', 'SENT')).toBe(false);
    expect(mayMove('QUARANTINED', 'SENT')).toBe(false);
    expect(mayMove('PENDING_APPROVAL', 'VERIFIED')).toBe(false);
  });

  test('every open command can come to an end by itself', () => {
    for (const state of OPEN_STATES)
      expect(SWITCH_COMMAND_MOVES[state].some((to) => ['EXPIRED', 'FAILED', 'FIELD_VISIT'].includes(to))).toBe(true);
  });
});
