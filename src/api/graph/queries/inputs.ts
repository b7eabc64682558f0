import { GraphQLID } from 'graphql';
import { Field, InputType } from 'type-graphql';
import type { SwitchCommandState, SwitchOperation } from '../../../switching/switch-command.js';
import type { WorkOrderKind } from '../../../service/work-order.js';
import {
  AccountStandingEnum,
  ReportedSupplyStateEnum,
  SupplyDueEnum,
  SwitchCommandStateEnum,
  SwitchOperationEnum,
  WorkOrderKindEnum,
  WorkOrderStateEnum,
} from '../enums.js';

@InputType('AccountFilter', {
  description: 'Narrows a list of accounts (筛选); conditions given together must all hold.',
})
export class AccountFilter {
  @Field(() => String, { nullable: true, description: 'Code of the transformer district (台区编号).' })
  districtCode?: string | null;

  @Field(() => AccountStandingEnum, { nullable: true, description: 'In arrears or not (欠费情况).' })
  standing?: 'IN_ARREARS' | 'CLEAR' | null;

  @Field(() => SupplyDueEnum, {
    nullable: true,
    description: 'OFF: at some service point power is not due; ON: it is due at all of them (应供状态).',
  })
  dueSupply?: 'ON' | 'OFF' | null;

  @Field(() => ReportedSupplyStateEnum, {
    nullable: true,
    description: 'What the meter at some service point last said (上报状态).',
  })
  reportedSupply?: 'CONNECTED' | 'DISCONNECTED' | 'ARMED' | 'UNKNOWN' | null;
}

@InputType('SwitchCommandFilter', {
  description: 'Narrows a list of switch commands (筛选); conditions given together must all hold.',
})
export class SwitchCommandFilter {
  @Field(() => [SwitchCommandStateEnum], { nullable: true, description: 'Any of these states (状态).' })
  states?: SwitchCommandState[] | null;

  @Field(() => SwitchOperationEnum, { nullable: true, description: 'Cuts or restores (操作).' })
  operation?: SwitchOperation | null;

  @Field(() => String, { nullable: true, description: 'Number of the service point (用电点编号).' })
  servicePointNumber?: string | null;

  @Field(() => String, { nullable: true, description: 'Number of the account (户号).' })
  accountNumber?: string | null;
}

@InputType('WorkOrderFilter', {
  description: 'Narrows a list of work orders (筛选); conditions given together must all hold.',
})
export class WorkOrderFilter {
  @Field(() => WorkOrderStateEnum, { nullable: true, description: 'Where it stands (状态).' })
  state?: 'OPEN' | 'DONE' | 'WITHDRAWN' | null;

  @Field(() => WorkOrderKindEnum, { nullable: true, description: 'What is to be done (类型).' })
  kind?: WorkOrderKind | null;

  @Field(() => String, { nullable: true, description: 'Number of the service point (用电点编号).' })
  servicePointNumber?: string | null;
}

@InputType('AuditEntryFilter', {
  description: 'Narrows a list of audit entries (筛选); conditions given together must all hold.',
})
export class AuditEntryFilter {
  @Field(() => GraphQLID, { nullable: true, description: 'Global id of what was acted on (对象标识).' })
  subjectId?: string | null;

  @Field(() => String, { nullable: true, description: 'Number of the service point it happened at (用电点编号).' })
  servicePointNumber?: string | null;
}
