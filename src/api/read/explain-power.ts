import type { ServicePoint } from '../../accounts/account.js';
import { formatAmount } from '../../platform/money.js';
import { localDate, localTime } from '../../platform/local-date.js';
import type { Outage } from '../../service/outage.js';
import { openOutagesAt } from '../../service/outages.js';
import type { WorkOrder } from '../../service/work-order.js';
import type { SwitchCommand } from '../../switching/switch-command.js';
import type { ApiContext } from '../context.js';
import type { ReportedSupplyType } from '../graph/types/metering.js';
import { explainPower, type GatewayPresence, type PowerAnswer } from './explain-power-policy.js';
import { overdueOfAccount } from './late-fees.js';
import { presenceOfMeter } from './presence.js';
import { meterNow, reportedSupplyOf } from './supply.js';

/** The answer with the rows it was made of. */
export interface ExplainedPower extends PowerAnswer {
  readonly at: Date;
  readonly point: ServicePoint;
  readonly dueSupply: 'ON' | 'OFF';
  readonly reportedSupply: ReportedSupplyType;
  readonly gatewayPresence: GatewayPresence;
  readonly overdueMinor: bigint;
  readonly currency: string;
  readonly command: SwitchCommand | null;
  readonly workOrder: WorkOrder | null;
  readonly outage: Outage | null;
}

/** Gathers what is known about the supply of one service point and explains it. The viewer has been shown the point. */
export async function explainPowerAt(ctx: ApiContext, point: ServicePoint): Promise<ExplainedPower> {
  const { scope } = ctx;
  const { clock, timeZone } = ctx.api.deps.flows;
  const [account, district, interruptions, meter, commands, workOrders, overdueMinor] = await Promise.all([
    scope.find('Account', point.accountId),
    scope.find('TransformerDistrict', point.districtId),
    scope.related('openInterruptionsOfServicePoint', point.id),
    meterNow(scope, point.id),
    scope.related('openCommandsOfServicePoint', point.id),
    scope.related('openWorkOrdersOfServicePoint', point.id),
    overdueOfAccount(ctx, point.accountId),
  ]);
  const [gatewayPresence, outages, codes] = await Promise.all([
    presenceOfMeter(ctx, meter),
    openOutagesAt(ctx.api.deps.flows.db, [point.id], clock.now()),
    commands.length > 0 ? scope.related('codesOfCommand', commands.at(-1)!.id) : [],
  ]);
  const outage = outages.get(point.id) ?? null;
  const code = codes.find(({ state }) => state === 'ISSUED');
  const local = (at: Date): string => `${localDate(at, timeZone)} ${localTime(at, timeZone).slice(0, 5)}`;
  const reportedSupply = reportedSupplyOf(meter);
  const command = commands.at(-1) ?? null;
  const workOrder = workOrders[0] ?? null;
  const currency = account!.currency;
  const answer = explainPower({
    interruptions,
    reported: reportedSupply.state,
    command,
    workOrder: workOrder && { deadlineLocal: local(workOrder.deadlineAt) },
    outage: outage && { ...outage, untilLocal: outage.expectedEndAt && local(outage.expectedEndAt) },
    codeUntilLocal: code ? local(code.expiresAt) : null,
    gatewayPresence,
    overdue: overdueMinor > 0n ? `${formatAmount(overdueMinor, currency)} ${currency}` : null,
    servicePhone: district?.servicePhone ?? '95598',
  });
  return {
    ...answer,
    at: clock.now(),
    point,
    dueSupply: interruptions.length === 0 ? 'ON' : 'OFF',
    reportedSupply,
    gatewayPresence,
    overdueMinor,
    currency,
    command,
    workOrder,
    outage: await scope.find('Outage', outage?.outageId),
  };
}
