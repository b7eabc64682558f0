import { GraphQLError } from 'graphql';
import { ApiError, presentError, safeFacts } from '../../src/api/errors.js';
import { AssertionError, CommitUnknownError, UserError } from '../../src/platform/errors.js';
import type { Logger } from '../../src/platform/log.js';
import { codesOf, startTestApi } from './support/test-api.js';

/** A logger that keeps what it is given. */
function keepingLog(): { log: Logger; lines: unknown[] } {
  const lines: unknown[] = [];
  return { log: { error: (...line: unknown[]) => lines.push(line) } as unknown as Logger, lines };
}

const thrownBy = (originalError: Error): GraphQLError =>
  new GraphQLError(originalError.message, { originalError, path: ['account', 'bills'] });

test('a named error is shown as it is; the wire never sees where it came from', () => {
  const { log, lines } = keepingLog();
  expect(presentError(new ApiError('PAGE_TOO_LARGE', 'too many', 400), log)).toEqual({
    message: 'too many',
    extensions: { code: 'PAGE_TOO_LARGE' },
  });
  expect(presentError(thrownBy(new UserError('NO_METER', 'No meter.')), log)).toMatchObject({
    message: 'No meter.',
    path: ['account', 'bills'],
    extensions: { code: 'BAD_USER_INPUT', reason: 'NO_METER' },
  });
  expect(presentError(thrownBy(new CommitUnknownError('receive-payment', new Error('gone'))), log)).toMatchObject({
    extensions: { code: 'OUTCOME_UNKNOWN' },
    message: expect.stringContaining('same idempotencyKey'),
  });
  expect(lines).toEqual([]);
});

test('anything else is INTERNAL with an id that leads to one log line, and neither quotes the row', () => {
  const { log, lines } = keepingLog();
  const failure = Object.assign(
    new Error('duplicate key value violates unique constraint "contact_customer_id_kind_value_key"'),
    {
      code: '23505',
      constraint: 'contact_customer_id_kind_value_key',
      detail: 'Key (value)=(13912345678) already exists.',
    },
  );
  const shown = presentError(thrownBy(failure), log);
  expect(shown).toMatchObject({ extensions: { code: 'INTERNAL', errorId: expect.any(String) } });
  expect(JSON.stringify(shown)).not.toMatch(/duplicate|13912345678|constraint/);
  expect(lines).toEqual([
    [
      expect.objectContaining({ errorId: shown.extensions!['errorId'], path: 'account.bills', sqlState: '23505' }),
      expect.any(String),
    ],
  ]);
  expect(JSON.stringify(lines)).not.toMatch(/13912345678|duplicate key/);
  expect(safeFacts(new AssertionError('switch command x may not move'))).toMatchObject({
    message: 'switch command x may not move',
  });
});

test('a part that is down is INTERNAL, and the API comes back with it', async () => {
  const api = await startTestApi();
  const staff = await api.token('SUPERVISOR');
  await api.sql('ALTER TABLE kill_switch RENAME TO kill_switch_away');
  const broken = await api.ask(staff, '{ killSwitch { engaged } clock { mode } }');
  expect([codesOf(broken), broken.data]).toEqual([['INTERNAL'], null]);
  expect(JSON.stringify(broken)).not.toMatch(/kill_switch|relation|SELECT/);
  await api.sql('ALTER TABLE kill_switch_away RENAME TO kill_switch');
  expect((await api.ask(staff, '{ killSwitch { engaged } }')).data).toEqual({ killSwitch: { engaged: false } });
  await api.stop();
});
