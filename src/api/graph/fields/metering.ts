import { Args, Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import type { ServicePoint } from '../../../accounts/account.js';
import type { TransformerDistrict } from '../../../accounts/transformer-district.js';
import type { Gateway, Meter, MeterInstallation } from '../../../metering/meter.js';
import type { ApiContext } from '../../context.js';
import { LISTS } from '../../read/catalog.js';
import type { GatewayPresence } from '../../read/explain-power-policy.js';
import { presenceOfMeter } from '../../read/presence.js';
import { presenceOf, reportedSupplyOf } from '../../read/supply.js';
import { MeterEventConnection, MeterInstallationConnection } from '../connections.js';
import { GatewayPresenceEnum } from '../enums.js';
import { PageArgs } from '../relay.js';
import { DateTimeScalar, SafeIntScalar } from '../scalars.js';
import { ServicePointType, TransformerDistrictType } from '../types/accounts.js';
import { GatewayType, MeterInstallationType, MeterType, ReportedSupplyType } from '../types/metering.js';

@Resolver(() => MeterType)
export class MeterFields {
  @FieldResolver(() => GatewayType, { nullable: true, description: 'Where it connects (所属网关).' })
  gateway(@Root() meter: Meter, @Ctx() { scope }: ApiContext): Promise<Gateway | null> {
    return scope.find('Gateway', meter.gatewayId);
  }

  @FieldResolver(() => GatewayPresenceEnum, { description: 'Whether the connection it uses is up (在线状态).' })
  presence(@Root() meter: Meter, @Ctx() ctx: ApiContext): Promise<GatewayPresence> {
    return presenceOfMeter(ctx, meter);
  }

  @FieldResolver(() => ReportedSupplyType, { description: 'What it last said about its relay (上报供电状态).' })
  reportedSupply(@Root() meter: Meter): ReportedSupplyType {
    return reportedSupplyOf(meter);
  }

  @FieldResolver(() => ServicePointType, {
    nullable: true,
    description: 'Where it is installed now (安装用电点); null when it is not, or not within reach.',
  })
  async servicePoint(@Root() meter: Meter, @Ctx() { scope }: ApiContext): Promise<ServicePoint | null> {
    const [installation] = await scope.related('installationOfMeterNow', meter.id);
    return scope.find('ServicePoint', installation?.servicePointId);
  }

  @FieldResolver(() => MeterInstallationConnection, {
    description: 'Where it has been installed (装表记录), newest first, as far as the viewer can see.',
  })
  async installations(@Root() meter: Meter, @Args(() => PageArgs) page: PageArgs, @Ctx() { scope }: ApiContext) {
    const reach = await scope.reach();
    return scope.page(LISTS.installationsOfMeter, meter.id, page, {
      reachAccounts: reach.kind === 'ACCOUNTS' ? reach.accountIds : undefined,
      reachDistricts: reach.kind === 'DISTRICTS' ? reach.districtIds : undefined,
    });
  }

  @FieldResolver(() => MeterEventConnection, { description: 'What it said happened to it (电表事件), newest first.' })
  events(@Root() meter: Meter, @Args(() => PageArgs) page: PageArgs, @Ctx() { scope }: ApiContext) {
    return scope.page(LISTS.meterEvents, meter.id, page);
  }
}

@Resolver(() => MeterInstallationType)
export class MeterInstallationFields {
  @FieldResolver(() => MeterType, {
    nullable: true,
    description: 'The meter (电表); null when it now serves somebody out of reach.',
  })
  meter(@Root() installation: MeterInstallation, @Ctx() { scope }: ApiContext): Promise<Meter | null> {
    return scope.find('Meter', installation.meterId);
  }

  @FieldResolver(() => ServicePointType, { nullable: true, description: 'The service point (用电点).' })
  servicePoint(@Root() installation: MeterInstallation, @Ctx() { scope }: ApiContext): Promise<ServicePoint | null> {
    return scope.find('ServicePoint', installation.servicePointId);
  }

  @FieldResolver(() => String, {
    description:
      'The installation as orders to the meter name it (装表标识), a UUID: put into the meter when it is installed, so that it refuses orders meant for another place.',
  })
  uuid(@Root() installation: MeterInstallation): string {
    return installation.id;
  }

  @FieldResolver(() => SafeIntScalar, { description: 'Register when it was installed, watt-hours (装表示数).' })
  installedEnergyWh(@Root() installation: MeterInstallation): bigint {
    return installation.installedWh;
  }

  @FieldResolver(() => SafeIntScalar, {
    nullable: true,
    description: 'Register when it was removed, watt-hours (拆表示数).',
  })
  removedEnergyWh(@Root() installation: MeterInstallation): bigint | null {
    return installation.removedWh ?? null;
  }
}

@Resolver(() => GatewayType)
export class GatewayFields {
  @FieldResolver(() => GatewayPresenceEnum, {
    description: 'Whether it is connected (在线状态). Offline does not mean without power.',
  })
  presence(@Root() gateway: Gateway): GatewayPresence {
    return presenceOf(gateway);
  }

  @FieldResolver(() => DateTimeScalar, {
    nullable: true,
    description: 'Since when it has been so (起始时间); null when never heard of.',
  })
  presenceSince(@Root() gateway: Gateway): Date | null {
    return gateway.onlineSince ?? null;
  }

  @FieldResolver(() => TransformerDistrictType, {
    nullable: true,
    description: 'The transformer district it serves (台区).',
  })
  district(@Root() gateway: Gateway, @Ctx() { scope }: ApiContext): Promise<TransformerDistrict | null> {
    return scope.find('TransformerDistrict', gateway.districtId);
  }
}
