import { UserError } from '../../platform/errors.js';
import { toGlobalId } from '../global-id.js';
import type { Scope } from '../read/scope.js';
import type { UserErrorType } from '../graph/types/operations.js';

/** What every mutation answers with: its object, or what the caller can put right. */
export interface Answer {
  readonly userErrors: readonly UserErrorType[];
}

/** Flows call the words a person gives with an act its note; the API calls them its reason. */
const FIELDS: Readonly<Record<string, string>> = { note: 'reason' };

/** Names of `UserError.detail` members and the type whose id they hold. */
const RELATED: Readonly<Record<string, string>> = {
  commandId: 'SwitchCommand',
  paymentId: 'Payment',
  interruptionId: 'Interruption',
  holdId: 'Hold',
  batchId: 'CutBatch',
  caseId: 'CompensationCase',
  dryRunId: 'CutDryRun',
};

/**
 * Runs a flow. What the caller can put right becomes a `userErrors` entry and nothing has changed; anything else is thrown on and
 * becomes a top-level error.
 *
 * @param fields where else a flow's name of a field differs from the one in this mutation's input
 */
export async function attempt<Result extends object>(
  scope: Pick<Scope, 'renew'>,
  work: () => Promise<Result>,
  fields: Readonly<Record<string, string>> = {},
): Promise<(Result & Answer) | Answer> {
  try {
    const result = await work();
    // What was read to check the request is what was; the answer shows what is.
    scope.renew();
    return { ...result, userErrors: [] };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { userErrors: [toUserError(error, { ...FIELDS, ...fields })] };
  }
}

function toUserError(
  { code, message, field, detail }: UserError,
  fields: Readonly<Record<string, string>>,
): UserErrorType {
  const [name, id] = Object.entries(detail ?? {}).find(([key]) => Object.hasOwn(RELATED, key)) ?? [];
  return {
    code,
    message,
    field: field === undefined ? null : (fields[field] ?? field),
    relatedId: name && id ? toGlobalId(RELATED[name]!, id) : null,
  };
}
