import { statement, type Tx } from './database.js';
import { assert, UserError } from './errors.js';
import { contentHash } from './ids.js';

const TAKE_KEY = statement(
  'request-key-take',
  `INSERT INTO request_key (idempotency_key, act, content_sha256, at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING RETURNING idempotency_key`,
);
const READ_KEY = statement(
  'request-key-read',
  `SELECT act, content_sha256 AS "contentSha256", result FROM request_key WHERE idempotency_key = $1`,
);
const STORE_RESULT = statement('request-key-result', `UPDATE request_key SET result = $2 WHERE idempotency_key = $1`);

/**
 * Runs `work` once per idempotency key, for ever: the key is taken in the same transaction as the effect, so both exist or
 * neither. A repeat with the same content gets the first result; while the first is under way it waits for it.
 *
 * @throws UserError IDEMPOTENCY_KEY_REUSED when the key was used for another act or other content
 */
export async function once<Result extends object>(
  tx: Tx,
  request: {
    readonly key: string;
    readonly act: string;
    readonly content: Parameters<typeof contentHash>[0];
    readonly at: Date;
  },
  work: () => Promise<Result>,
): Promise<Result & { replayed: boolean }> {
  const hash = contentHash(request.content);
  const taken = await tx.rows(TAKE_KEY, [request.key, request.act, hash, request.at]);
  if (taken.length === 0) {
    const [earlier] = await tx.rows<{ act: string; contentSha256: Buffer; result: Result | null }>(READ_KEY, [
      request.key,
    ]);
    assert(earlier?.result, `request key ${request.key} is stored without its result`);
    if (earlier.act !== request.act || !earlier.contentSha256.equals(hash)) {
      throw new UserError(
        'IDEMPOTENCY_KEY_REUSED',
        'This idempotency key was used for another request. Use a new key for a new request.',
        'idempotencyKey',
      );
    }
    return { ...earlier.result, replayed: true };
  }
  const result = await work();
  await tx.rows(STORE_RESULT, [request.key, JSON.stringify(result)]);
  return { ...result, replayed: false };
}
