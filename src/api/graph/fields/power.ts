import { FieldResolver, Resolver, Root } from 'type-graphql';
import type { ServicePoint } from '../../../accounts/account.js';
import type { Outage } from '../../../service/outage.js';
import type { WorkOrder } from '../../../service/work-order.js';
import type { SwitchCommand } from '../../../switching/switch-command.js';
import type { ExplainedPower } from '../../read/explain-power.js';
import { money, MoneyType } from '../money.js';
import { ServicePointType } from '../types/accounts.js';
import { ReportedSupplyType } from '../types/metering.js';
import { PowerExplanationType } from '../types/power.js';
import { OutageType } from '../types/restore-means.js';
import { SwitchCommandType, WorkOrderType } from '../types/switching.js';

@Resolver(() => PowerExplanationType)
export class PowerExplanationFields {
  @FieldResolver(() => ServicePointType, { description: 'The place asked about (用电点).' })
  servicePoint(@Root() answer: ExplainedPower): ServicePoint {
    return answer.point;
  }

  @FieldResolver(() => ReportedSupplyType, { description: 'What the meter itself last said (上报供电状态).' })
  reportedSupply(@Root() answer: ExplainedPower): ReportedSupplyType {
    return answer.reportedSupply;
  }

  @FieldResolver(() => MoneyType, {
    description:
      'What must be paid for power to come back (复电需缴金额); zero when nothing is overdue. For reasons other than debt paying is not enough.',
  })
  amountToRestore(@Root() answer: ExplainedPower): MoneyType {
    return money(answer.overdueMinor, answer.currency);
  }

  @FieldResolver(() => SwitchCommandType, {
    nullable: true,
    description: 'The switch command under way (在途指令), if any.',
  })
  command(@Root() answer: ExplainedPower): SwitchCommand | null {
    return answer.command;
  }

  @FieldResolver(() => WorkOrderType, {
    nullable: true,
    description: 'Field work under way, with its deadline (未结工单), if any.',
  })
  workOrder(@Root() answer: ExplainedPower): WorkOrder | null {
    return answer.workOrder;
  }

  @FieldResolver(() => OutageType, {
    nullable: true,
    description: 'The outage that holds here (停电事件): power is away although nothing was cut.',
  })
  outage(@Root() answer: ExplainedPower): Outage | null {
    return answer.outage;
  }
}
