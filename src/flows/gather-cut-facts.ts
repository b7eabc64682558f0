import { statement, type Tx } from '../platform/database.js';
import { daysBetween, localDate, localTime, weekday } from '../platform/local-date.js';
import type { ProtectionKind } from '../accounts/customer.js';
import { openBills } from '../billing/bills.js';
import type { CutFacts } from '../switching/cut-policy.js';
import type { InterruptionReason } from '../switching/interruption.js';
import { supplyOfServicePoint } from '../switching/supply.js';
import { UserError } from '../platform/errors.js';
import type { FlowContext } from './context.js';

const PROTECTIONS = statement(
  'cut-facts-protections',
  `SELECT p.kind, p.valid_until AS "validUntil" FROM protection p JOIN account a ON a.customer_id = p.customer_id WHERE a.id = $1`,
);
// FOR SHARE: engaging the switch waits for cuts that are being sent, and once it is engaged no later one passes.
const KILL_SWITCH_SHARED = statement('cut-facts-kill-switch-shared', `SELECT engaged FROM kill_switch FOR SHARE`);

/**
 * Everything a cut decision at `at` needs, in one place for question, request, approval and dispatch. Inside a transaction the
 * account must be locked first.
 * @throws UserError SERVICE_POINT_NOT_FOUND
 */
export async function gatherCutFacts(
  ctx: FlowContext,
  tx: Pick<Tx, 'rows'>,
  servicePointId: string,
  about: {
    readonly reason: InterruptionReason;
    readonly at: Date;
    /** The installation the command is bound to; absent before there is a command. */
    readonly installationId?: string;
    readonly approvedBy?: string;
    /** Local day on which the written notice was served. */
    readonly noticeServedOn?: string;
  },
): Promise<CutFacts> {
  const supply = await supplyOfServicePoint(tx, servicePointId);
  if (!supply)
    throw new UserError(
      'SERVICE_POINT_NOT_FOUND',
      'There is no such service point. Look it up by its number.',
      'servicePointId',
    );
  const bills = await openBills(tx, supply.accountId);
  const protections = await tx.rows<{ kind: ProtectionKind; validUntil: string | null }>(PROTECTIONS, [
    supply.accountId,
  ]);
  const [killSwitch] = await tx.rows<{ engaged: boolean }>(KILL_SWITCH_SHARED);
  const today = localDate(about.at, ctx.timeZone);
  return {
    reason: about.reason,
    killSwitchEngaged: killSwitch?.engaged ?? true,
    installed: supply.installationId !== null,
    sameInstallation: about.installationId === undefined || about.installationId === supply.installationId,
    openInterruptions: supply.interruptions.map(({ reason }) => reason),
    reportedRelay: supply.reportedRelay,
    bills: bills.map((bill) => ({
      billId: bill.billId,
      outstandingMinor: bill.principalOutstandingMinor + bill.lateFeeOutstandingMinor,
      overdueDays: Math.max(0, daysBetween(bill.dueDate, today)),
    })),
    protections,
    noticeServedDaysAgo: about.noticeServedOn === undefined ? undefined : daysBetween(about.noticeServedOn, today),
    approvedBy: about.approvedBy,
    localDate: today,
    localWeekday: weekday(today),
    localHour: Number(localTime(about.at, ctx.timeZone).slice(0, 2)),
    dayKind: dayKind(ctx, today),
  };
}

function dayKind(ctx: FlowContext, date: string): CutFacts['dayKind'] {
  if (!ctx.holidays.coversYear(Number(date.slice(0, 4)))) return 'unknown';
  if (ctx.holidays.isHoliday(date)) return 'holiday';
  return ctx.holidays.isHolidayEve(date) ? 'eve' : 'workday';
}
