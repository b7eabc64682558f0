import { proposeCompensation } from '../dunning/compensation-policy.js';
import { harmedPoints, insertCases } from '../dunning/compensation-cases.js';
import type { Actor } from '../platform/audit.js';
import { statement, type Tx } from '../platform/database.js';
import { newId } from '../platform/ids.js';
import { DEBT_REASONS } from '../switching/interruption.js';
import type { LockedCommand } from '../switching/switch-commands.js';
import type { FlowContext } from './context.js';

const SENT = statement(
  'suggest-compensation-sent',
  `SELECT id AS "commandId", sent_at AS "sentAt" FROM switch_command WHERE id = ANY($1::uuid[]) AND sent_at IS NOT NULL`,
);

/**
 * Meters said that their relay is open while energy goes on flowing: perhaps somebody else sits in the dark (串户). A case is suggested for
 * each such cut for debt; a person looks and declares it, or refuses it.
 */
export async function suggestWrongfulCuts(
  ctx: FlowContext,
  tx: Tx,
  cuts: readonly LockedCommand[],
  by: { readonly actor: Actor; readonly at: Date },
): Promise<void> {
  const suspect = cuts.filter(({ reason }) => DEBT_REASONS.includes(reason));
  if (suspect.length === 0) return;
  const ids = suspect.map(({ id }) => id);
  const sent = await tx.rows<{ commandId: string; sentAt: Date }>(SENT, [ids]);
  const points = await harmedPoints(
    tx,
    suspect.map(({ servicePointId }) => servicePointId),
  );
  const cases = sent.map(({ commandId, sentAt }) => {
    const { servicePointId } = suspect.find(({ id }) => id === commandId)!;
    const point = points.find((one) => one.servicePointId === servicePointId)!;
    const inForce = ctx.policies.of(point.customerClass, point.paymentMode);
    return {
      id: newId(),
      kind: 'WRONGFUL_CUT' as const,
      accountId: point.accountId,
      servicePointId,
      commandId,
      breachId: null,
      cause: null,
      evidence: 'the relay reports open, and energy flows on: another supply may have been cut',
      declaredBy: null,
      darkFrom: sentAt,
      currency: point.currency,
      proposal: proposeCompensation(inForce?.policy, point.currency, sentAt, by.at),
      policyCode: inForce?.policy.code ?? null,
      policyVersion: inForce?.version ?? null,
    };
  });
  await insertCases(tx, cases, by);
}
