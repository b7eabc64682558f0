import { Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import type { Gateway, Meter } from '../../../metering/meter.js';
import { keptProtection } from '../../read/protection.js';
import type { ProtectionOrder } from '../../../switching/protection-order.js';
import type { RestoreCode } from '../../../switching/restore-code.js';
import type { SwitchCommand } from '../../../switching/switch-command.js';
import type { ApiContext } from '../../context.js';
import { OfflineCauseEnum } from '../enums-restore.js';
import { DateTimeScalar } from '../scalars.js';
import { GatewayType, MeterType } from '../types/metering.js';
import { ProtectionOrderType, RestoreCodeType } from '../types/restore-means.js';
import { SwitchCommandType } from '../types/switching.js';

@Resolver(() => SwitchCommandType)
export class SwitchCommandCodeFields {
  @FieldResolver(() => [RestoreCodeType], {
    description: 'Restore codes issued for this restore (复电码), oldest first; their digits are nowhere on record.',
  })
  restoreCodes(@Root() command: SwitchCommand, @Ctx() { scope }: ApiContext): Promise<RestoreCode[]> {
    return scope.related('codesOfCommand', command.id);
  }
}

@Resolver(() => MeterType)
export class MeterProtectionFields {
  @FieldResolver(() => Boolean, {
    description: 'Whether the meter should refuse every cut (应保电): a protection of the customer forbids it.',
  })
  protectionDue(@Root() meter: Meter, @Ctx() ctx: ApiContext): Promise<boolean> {
    return keptProtection(ctx, meter.id);
  }

  @FieldResolver(() => Boolean, { description: 'Whether it says that it refuses every cut (上报保电).' })
  protectionReported(@Root() meter: Meter): boolean {
    return meter.reportedProtected;
  }

  @FieldResolver(() => ProtectionOrderType, {
    nullable: true,
    description: 'What it is being told of its protection now (在途保电指令), if anything.',
  })
  async protectionOrder(@Root() meter: Meter, @Ctx() { scope }: ApiContext): Promise<ProtectionOrder | null> {
    return (await scope.related('openProtectionOrderOfMeter', meter.id))[0] ?? null;
  }

  @FieldResolver(() => DateTimeScalar, {
    nullable: true,
    description:
      'Since when it does not answer on the serial line of its concentrator (无应答起始); null: it does, or has none.',
  })
  silentSince(@Root() meter: Meter): Date | null {
    return meter.silentSince ?? null;
  }

  @FieldResolver(() => DateTimeScalar, {
    nullable: true,
    description:
      'Its latest last gasp (最近停电告警), by its own clock. It is in the dark while nothing later was heard of it.',
  })
  lastGaspAt(@Root() meter: Meter): Date | null {
    return meter.lastGaspAt ?? null;
  }
}

@Resolver(() => GatewayType)
export class GatewayCauseFields {
  @FieldResolver(() => OfflineCauseEnum, {
    nullable: true,
    description: 'Why it is offline (离线原因), where it could say so; null: it is not, or nobody knows.',
  })
  offlineCause(@Root() gateway: Gateway): 'LAST_GASP' | null {
    return gateway.offlineCause ?? null;
  }
}
