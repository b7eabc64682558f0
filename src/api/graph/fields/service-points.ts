import { Args, Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import type { Account, ServicePoint } from '../../../accounts/account.js';
import type { TransformerDistrict } from '../../../accounts/transformer-district.js';
import type { Meter, MeterInstallation } from '../../../metering/meter.js';
import type { WorkOrder } from '../../../service/work-order.js';
import type { Interruption } from '../../../switching/interruption.js';
import type { SwitchCommand } from '../../../switching/switch-command.js';
import type { ApiContext } from '../../context.js';
import { LISTS } from '../../read/catalog.js';
import { installationNow, meterNow, reportedSupplyOf } from '../../read/supply.js';
import { DailyUsageArgs, ReadingsArgs } from '../args.js';
import {
  DailyUsageConnection,
  InterruptionConnection,
  MeterInstallationConnection,
  ReadingConnection,
  ReadingFaultConnection,
  SwitchCommandConnection,
} from '../connections.js';
import { SupplyDueEnum } from '../enums.js';
import { PageArgs } from '../relay.js';
import { AccountType, ServicePointType, TransformerDistrictType } from '../types/accounts.js';
import { MeterInstallationType, MeterType, ReportedSupplyType } from '../types/metering.js';
import { InterruptionType, SwitchCommandType, WorkOrderType } from '../types/switching.js';

@Resolver(() => ServicePointType)
export class ServicePointFields {
  @FieldResolver(() => AccountType, { description: 'The account it is charged to (户号).' })
  account(@Root() point: ServicePoint, @Ctx() { scope }: ApiContext): Promise<Account | null> {
    return scope.find('Account', point.accountId);
  }

  @FieldResolver(() => TransformerDistrictType, {
    nullable: true,
    description: 'The transformer district that feeds it (供电台区).',
  })
  district(@Root() point: ServicePoint, @Ctx() { scope }: ApiContext): Promise<TransformerDistrict | null> {
    return scope.find('TransformerDistrict', point.districtId);
  }

  @FieldResolver(() => SupplyDueEnum, {
    description: 'Whether power is due (应供状态): ON exactly when no interruption is open.',
  })
  async dueSupply(@Root() point: ServicePoint, @Ctx() { scope }: ApiContext): Promise<'ON' | 'OFF'> {
    return (await scope.related('openInterruptionsOfServicePoint', point.id)).length === 0 ? 'ON' : 'OFF';
  }

  @FieldResolver(() => ReportedSupplyType, { description: 'What the installed meter itself last said (上报供电状态).' })
  async reportedSupply(@Root() point: ServicePoint, @Ctx() { scope }: ApiContext): Promise<ReportedSupplyType> {
    return reportedSupplyOf(await meterNow(scope, point.id));
  }

  @FieldResolver(() => [InterruptionType], {
    description: 'Reasons for which power is off now (未结停电原因), oldest first.',
  })
  openInterruptions(@Root() point: ServicePoint, @Ctx() { scope }: ApiContext): Promise<Interruption[]> {
    return scope.related('openInterruptionsOfServicePoint', point.id);
  }

  @FieldResolver(() => InterruptionConnection, {
    description: 'All interruptions, open and closed (停电记录), newest first.',
  })
  interruptions(@Root() point: ServicePoint, @Args(() => PageArgs) page: PageArgs, @Ctx() { scope }: ApiContext) {
    return scope.page(LISTS.interruptions, point.id, page);
  }

  @FieldResolver(() => MeterType, {
    nullable: true,
    description: 'The meter installed now (现装电表); null when none is.',
  })
  meter(@Root() point: ServicePoint, @Ctx() { scope }: ApiContext): Promise<Meter | null> {
    return meterNow(scope, point.id);
  }

  @FieldResolver(() => MeterInstallationType, {
    nullable: true,
    description: 'The installation of that meter (现装记录).',
  })
  installation(@Root() point: ServicePoint, @Ctx() { scope }: ApiContext): Promise<MeterInstallation | null> {
    return installationNow(scope, point.id);
  }

  @FieldResolver(() => MeterInstallationConnection, {
    description: 'Every meter ever installed here (装表记录), newest first.',
  })
  installations(@Root() point: ServicePoint, @Args(() => PageArgs) page: PageArgs, @Ctx() { scope }: ApiContext) {
    return scope.page(LISTS.installations, point.id, page);
  }

  @FieldResolver(() => SwitchCommandType, {
    nullable: true,
    description: 'The switch command under way for the installed meter (在途指令); there is at most one.',
  })
  async openCommand(@Root() point: ServicePoint, @Ctx() { scope }: ApiContext): Promise<SwitchCommand | null> {
    return (await scope.related('openCommandsOfServicePoint', point.id)).at(-1) ?? null;
  }

  @FieldResolver(() => SwitchCommandConnection, {
    description: 'All switch commands for this place (停复电指令), newest first.',
  })
  switchCommands(@Root() point: ServicePoint, @Args(() => PageArgs) page: PageArgs, @Ctx() { scope }: ApiContext) {
    return scope.page(LISTS.switchCommandsOfServicePoint, point.id, page);
  }

  @FieldResolver(() => [WorkOrderType], {
    description: 'Field work under way here (未结工单), earliest deadline first; at most one of each kind.',
  })
  openWorkOrders(@Root() point: ServicePoint, @Ctx() { scope }: ApiContext): Promise<WorkOrder[]> {
    return scope.related('openWorkOrdersOfServicePoint', point.id);
  }

  @FieldResolver(() => ReadingConnection, {
    description: 'Register readings of all meters that were here (抄表示数), newest first.',
  })
  readings(@Root() point: ServicePoint, @Args(() => ReadingsArgs) args: ReadingsArgs, @Ctx() { scope }: ApiContext) {
    return scope.page(LISTS.readings, point.id, args, { from: args.from, until: args.until, usable: args.usable });
  }

  @FieldResolver(() => ReadingFaultConnection, {
    description: 'What went wrong with reading the meters here, and what was corrected (抄表差错), newest first.',
  })
  readingFaults(@Root() point: ServicePoint, @Args(() => PageArgs) page: PageArgs, @Ctx() { scope }: ApiContext) {
    return scope.page(LISTS.readingFaults, point.id, page);
  }

  @FieldResolver(() => DailyUsageConnection, {
    description:
      'Energy used per local day (日用电量), newest first. A day on which the meter was exchanged appears once for each meter.',
  })
  dailyUsage(
    @Root() point: ServicePoint,
    @Args(() => DailyUsageArgs) args: DailyUsageArgs,
    @Ctx() { scope }: ApiContext,
  ) {
    return scope.page(LISTS.dailyUsage, point.id, args, { from: args.from, until: args.until });
  }
}
