import { statement, type Reader } from '../platform/database.js';
import { URGENT_REASONS, type InterruptionReason } from '../switching/interruption.js';
import { compareFrame, type RecordedLine } from './cut-frame.js';
import type { CutPayload } from './cut-payload.js';
import { GuardRefusal } from './refusal.js';

/** A command as it is on record, with everything that its payload must say. */
export interface RecordedCut extends RecordedLine {
  readonly commandId: string;
  readonly accountId: string;
  readonly servicePointId: string;
  readonly operation: 'CUT' | 'RESTORE';
  readonly mode: 'DIRECT' | 'ARM';
  readonly reason: InterruptionReason;
  readonly state: string;
  readonly sequence: bigint | null;
  readonly sentAt: Date | null;
  readonly notAfter: Date | null;
  readonly requestedBy: string;
  readonly approvedBy: string | null;
  readonly approvedAt: Date | null;
  readonly batchId: string | null;
  readonly accountNumber: string;
  readonly servicePointNumber: string;
  readonly gatewayNumber: string;
  readonly installationId: string;
  readonly district: string;
  /** The reason of the interruption that this cut opened, while it is open. */
  readonly ownInterruption: InterruptionReason | null;
}

const RECORDED = statement(
  'guard-recorded-cut',
  `SELECT c.id AS "commandId", c.account_id AS "accountId", c.service_point_id AS "servicePointId", c.operation, c.mode, c.reason, c.state,
          c.sequence, c.sent_at AS "sentAt", c.not_after AS "notAfter", c.requested_by AS "requestedBy", c.approved_by AS "approvedBy",
          c.approved_at AS "approvedAt", c.batch_id AS "batchId", a.account_number AS "accountNumber", p.service_point_number AS "servicePointNumber",
          m.serial, m.codec, m.security_class AS "securityClass", g.gateway_number AS "gatewayNumber", c.installation_id AS "installationId", d.code AS district,
          (SELECT i.reason FROM interruption i
           WHERE i.command_id = c.id AND i.service_point_id = c.service_point_id AND i.closed_at IS NULL LIMIT 1) AS "ownInterruption"
   FROM switch_command c JOIN account a ON a.id = c.account_id
     JOIN service_point p ON p.id = c.service_point_id AND p.account_id = c.account_id
     JOIN transformer_district d ON d.id = p.district_id
     JOIN meter m ON m.id = c.meter_id JOIN gateway g ON g.id = m.gateway_id
     JOIN meter_installation x ON x.id = c.installation_id AND x.meter_id = c.meter_id AND x.service_point_id = c.service_point_id
   WHERE c.id = $1`,
);

/** Who answers for a cut in the budget: who asked for it; for a batch its approver, since one schedule proposes for the whole company. */
export const answeringFor = ({ batchId, approvedBy, requestedBy }: RecordedCut): string =>
  batchId === null ? requestedBy : (approvedBy ?? requestedBy);

/**
 * The command that a payload speaks of.
 * @throws GuardRefusal UNKNOWN_COMMAND
 */
export async function findRecordedCut(reader: Reader, commandId: string): Promise<RecordedCut> {
  const [recorded] = await reader.rows<RecordedCut>(RECORDED, [commandId]);
  if (!recorded)
    throw new GuardRefusal(
      'UNKNOWN_COMMAND',
      'no such command is on record, or its account, meter and place do not fit together',
    );
  return recorded;
}

/**
 * Holds the payload against the record: a cut that is SENT, every field the same, asked for and approved by two people unless it is
 * urgent, with its own interruption open.
 * @throws GuardRefusal NOT_SENT, DIFFERS, NOT_APPROVED
 */
export function compareWithRecord(payload: CutPayload, recorded: RecordedCut): void {
  if (recorded.operation !== 'CUT') throw new GuardRefusal('DIFFERS', 'on record this command is no cut');
  if (recorded.state !== 'SENT')
    throw new GuardRefusal('NOT_SENT', `on record this cut is ${recorded.state}, not SENT`);
  const urgent = URGENT_REASONS.includes(recorded.reason);
  const expected: Record<string, unknown> = {
    v: 1,
    kind: 'switch',
    commandId: recorded.commandId,
    gateway: recorded.gatewayNumber,
    meter: recorded.serial,
    installation: recorded.installationId,
    account: recorded.accountNumber,
    servicePoint: recorded.servicePointNumber,
    operation: 'cut',
    mode: recorded.mode === 'DIRECT' ? 'direct' : 'arm',
    expectedRelay: urgent ? 'any' : 'closed',
    sequence: Number(recorded.sequence),
    issuedAt: recorded.sentAt?.toISOString(),
    notAfter: recorded.notAfter?.toISOString(),
    reason: recorded.reason,
    frame: payload.frame,
  } satisfies Record<keyof CutPayload, unknown>;
  const differing = Object.entries(payload).filter(([name, value]) => expected[name] !== value);
  if (differing.length > 0)
    throw new GuardRefusal('DIFFERS', `not as on record: ${differing.map(([name]) => name).join(', ')}`);
  compareFrame(payload.frame, recorded);
  if (recorded.ownInterruption !== recorded.reason)
    throw new GuardRefusal('DIFFERS', 'the interruption that this cut should have opened is not open');
  if (urgent) return;
  if (recorded.approvedBy === null || recorded.approvedAt === null || recorded.approvedBy === recorded.requestedBy)
    throw new GuardRefusal('NOT_APPROVED', 'the approval by a second person is not on record');
}
