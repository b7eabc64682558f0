import { approvalsOf } from '../dunning/cut-batches.js';
import { blockers } from '../dunning/cut-checks.js';
import { cutChecks } from '../dunning/cut-policy.js';
import type { PoliciesInForce } from '../dunning/policies-in-force.js';
import { decideCuts } from '../flows/cut-decisions.js';
import { statement, type Reader } from '../platform/database.js';
import type { RecordedCut } from './recorded-cut.js';
import { GuardRefusal } from './refusal.js';

/** The rules of the decision, the guard's own copy: none of them comes from the database. */
export interface GuardRules {
  readonly timeZone: string;
  readonly policies: PoliciesInForce;
}

const BATCH_SIZE = statement('guard-batch-size', `SELECT size FROM cut_batch WHERE id = $1`);

/**
 * Decides the cut once more, as of `at`, by the same pure policy as the dispatcher and over facts read here. This is the only place where
 * the guard touches the policy. The interruption which the cut itself has opened does not count against it.
 * @throws GuardRefusal BLOCKED, with the checks that block
 */
export async function judgeCut(reader: Reader, rules: GuardRules, recorded: RecordedCut, at: Date): Promise<void> {
  const { commandId, batchId, servicePointId, reason, installationId, requestedBy } = recorded;
  const approvals = await approvalsOf(reader, commandId, batchId);
  const [batch] = batchId === null ? [] : await reader.rows<{ size: number }>(BATCH_SIZE, [batchId]);
  const question = { servicePointId, reason, installationId, requestedBy, approvals, batchSize: batch?.size };
  const decision = (await decideCuts(rules, reader, [question], at)).get(servicePointId);
  if (!decision) throw new GuardRefusal('BLOCKED', 'there is no such service point');
  const { facts, policy } = decision;
  // One reason is open at most once at a service point, so this takes out exactly its own.
  const others = facts.openInterruptions.filter((open) => open !== recorded.ownInterruption);
  const blocking = blockers(cutChecks({ ...facts, openInterruptions: others }, policy?.policy));
  if (blocking.length > 0)
    throw new GuardRefusal('BLOCKED', blocking.map(({ code, evidence }) => `${code} (${evidence})`).join('; '));
}
