import { AssertionError, CommitUnknownError, UserError, assert } from '../../src/platform/errors.js';

test('a user error carries code, message, field and detail', () => {
  const error = new UserError('COMMAND_OPEN', 'A command is open. Follow that one.', 'servicePointId', {
    commandId: 'c1',
  });
  expect(error).toMatchObject({
    name: 'UserError',
    code: 'COMMAND_OPEN',
    field: 'servicePointId',
    detail: { commandId: 'c1' },
  });
  expect(error).toBeInstanceOf(Error);
});

test('an unknown commit says what to do, and keeps its cause', () => {
  const cause = new Error('Connection terminated unexpectedly');
  const error = new CommitUnknownError('receive-payment', cause);
  expect(error.message).toMatch(/receive-payment.*repeat the request with the same key/);
  expect(error.cause).toBe(cause);
});

test('assert throws AssertionError unless the condition holds', () => {
  expect(() => assert(true, 'never')).not.toThrow();
  for (const falsy of [false, undefined, null, 0, ''])
    expect(() => assert(falsy, 'it does not hold')).toThrow(new AssertionError('it does not hold'));
});
