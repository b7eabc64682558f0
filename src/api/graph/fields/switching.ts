import { Args, Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import { GraphQLID } from 'graphql';
import type { Account, ServicePoint } from '../../../accounts/account.js';
import type { Payment } from '../../../billing/payment.js';
import type { Meter } from '../../../metering/meter.js';
import type { AuditEntryRow } from '../../../platform/audit-entry.js';
import type { WorkOrder } from '../../../service/work-order.js';
import type { Interruption } from '../../../switching/interruption.js';
import type { SwitchCommand } from '../../../switching/switch-command.js';
import type { ApiContext } from '../../context.js';
import { toGlobalId } from '../../global-id.js';
import { LISTS } from '../../read/catalog.js';
import { AuditEntryConnection } from '../connections.js';
import { PageArgs } from '../relay.js';
import { AccountType, ServicePointType } from '../types/accounts.js';
import { PaymentType } from '../types/billing.js';
import { MeterType } from '../types/metering.js';
import { AuditEntryType } from '../types/operations.js';
import { InterruptionType, SwitchCommandType, WorkOrderType } from '../types/switching.js';

@Resolver(() => InterruptionType)
export class InterruptionFields {
  @FieldResolver(() => ServicePointType, { nullable: true, description: 'Where (用电点).' })
  servicePoint(@Root() interruption: Interruption, @Ctx() { scope }: ApiContext): Promise<ServicePoint | null> {
    return scope.find('ServicePoint', interruption.servicePointId);
  }

  @FieldResolver(() => SwitchCommandType, {
    nullable: true,
    description: 'The cut that carried it out, if a command did (停电指令).',
  })
  command(@Root() interruption: Interruption, @Ctx() { scope }: ApiContext): Promise<SwitchCommand | null> {
    return scope.find('SwitchCommand', interruption.commandId);
  }
}

@Resolver(() => SwitchCommandType)
export class SwitchCommandFields {
  @FieldResolver(() => AccountType, { nullable: true, description: 'The account it was ordered for (户号).' })
  account(@Root() command: SwitchCommand, @Ctx() { scope }: ApiContext): Promise<Account | null> {
    return scope.find('Account', command.accountId);
  }

  @FieldResolver(() => ServicePointType, { nullable: true, description: 'The place it switches (用电点).' })
  servicePoint(@Root() command: SwitchCommand, @Ctx() { scope }: ApiContext): Promise<ServicePoint | null> {
    return scope.find('ServicePoint', command.servicePointId);
  }

  @FieldResolver(() => MeterType, { nullable: true, description: 'The meter it is for (电表).' })
  meter(@Root() command: SwitchCommand, @Ctx() { scope }: ApiContext): Promise<Meter | null> {
    return scope.find('Meter', command.meterId);
  }

  @FieldResolver(() => PaymentType, {
    nullable: true,
    description: 'The payment that ordered this restore, if one did (缴费).',
  })
  payment(@Root() command: SwitchCommand, @Ctx() { scope }: ApiContext): Promise<Payment | null> {
    return scope.find('Payment', command.paymentId);
  }

  @FieldResolver(() => SwitchCommandType, {
    nullable: true,
    description: 'The newer command that replaced it (取代指令).',
  })
  supersededBy(@Root() command: SwitchCommand, @Ctx() { scope }: ApiContext): Promise<SwitchCommand | null> {
    return scope.find('SwitchCommand', command.supersededById);
  }

  @FieldResolver(() => WorkOrderType, { nullable: true, description: 'The field work it ended in (工单).' })
  workOrder(@Root() command: SwitchCommand, @Ctx() { scope }: ApiContext): Promise<WorkOrder | null> {
    return scope.find('WorkOrder', command.workOrderId);
  }

  @FieldResolver(() => AuditEntryConnection, {
    description: 'Everything that happened to it (历史), newest first: who, what, why, when, with the evidence.',
  })
  history(@Root() command: SwitchCommand, @Args(() => PageArgs) page: PageArgs, @Ctx() { scope }: ApiContext) {
    return scope.page(LISTS.auditEntriesOfSubject, command.id, page);
  }
}

@Resolver(() => WorkOrderType)
export class WorkOrderFields {
  @FieldResolver(() => AccountType, { nullable: true, description: 'The account (户号).' })
  account(@Root() order: WorkOrder, @Ctx() { scope }: ApiContext): Promise<Account | null> {
    return scope.find('Account', order.accountId);
  }

  @FieldResolver(() => ServicePointType, { nullable: true, description: 'Where (用电点).' })
  servicePoint(@Root() order: WorkOrder, @Ctx() { scope }: ApiContext): Promise<ServicePoint | null> {
    return scope.find('ServicePoint', order.servicePointId);
  }

  @FieldResolver(() => SwitchCommandType, {
    nullable: true,
    description: 'The command that ended in this field work (指令).',
  })
  command(@Root() order: WorkOrder, @Ctx() { scope }: ApiContext): Promise<SwitchCommand | null> {
    return scope.find('SwitchCommand', order.commandId);
  }
}

@Resolver(() => AuditEntryType)
export class AuditEntryFields {
  @FieldResolver(() => GraphQLID, { description: 'Global id of what it was done to (对象标识).' })
  subjectId(@Root() entry: AuditEntryRow): string {
    return toGlobalId(entry.subjectType, entry.subjectId);
  }
}
