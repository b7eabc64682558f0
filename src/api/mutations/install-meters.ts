import { Arg, Ctx, Field, FieldResolver, InputType, Mutation, ObjectType, Resolver, Root } from 'type-graphql';
import { exchangeMeter } from '../../flows/exchange-meter.js';
import { installMeter } from '../../flows/install-meter.js';
import type { MeterInstallation } from '../../metering/meter.js';
import type { SwitchCommand } from '../../switching/switch-command.js';
import { actorOf, type ApiContext } from '../context.js';
import { SafeIntScalar } from '../graph/scalars.js';
import { MeterInstallationType } from '../graph/types/metering.js';
import { UserErrorType } from '../graph/types/operations.js';
import { SwitchCommandType } from '../graph/types/switching.js';
import { attempt, type Answer } from './attempt.js';
import { checkKey, checkReason, checkRegister } from './checks.js';
import { reachableMeter, reachableServicePoint } from './reachable.js';
import { INPUT, KEY, REASON, REPLAYED, USER_ERRORS } from './texts.js';

@InputType('InstallMeterInput', { description: 'A meter put in place where none is (装表).' })
export class InstallMeterInput {
  @Field(() => String, KEY)
  idempotencyKey!: string;

  @Field(() => String, { description: 'Number of the service point (用电点编号).' })
  servicePointNumber!: string;

  @Field(() => String, { description: 'Number on the meter (表号).' })
  serial!: string;

  @Field(() => SafeIntScalar, { description: 'Its register when it was put in place, watt-hours (装表示数).' })
  installedEnergyWh!: number;

  @Field(() => String, REASON)
  reason!: string;
}

@InputType('ExchangeMeterInput', { description: 'One meter taken off and another put in its place (换表).' })
export class ExchangeMeterInput extends InstallMeterInput {
  @Field(() => SafeIntScalar, {
    description: 'Register of the old meter when it was taken off, watt-hours (拆表示数).',
  })
  removedEnergyWh!: number;
}

@ObjectType('MeterInstallationPayload', {
  simpleResolvers: true,
  description: 'Answer to a mutation that puts a meter in place (装换表结果).',
})
export class MeterInstallationPayload {
  @Field(() => Boolean, REPLAYED)
  replayed!: boolean | null;

  @Field(() => [UserErrorType], USER_ERRORS)
  userErrors!: UserErrorType[];
}

type InstallationAnswer = Answer & {
  readonly installationId?: string;
  readonly restoreCommandIds?: readonly string[];
  readonly replayed?: boolean;
};

@Resolver(() => MeterInstallationPayload)
export class MeterInstallationPayloadFields {
  @FieldResolver(() => MeterInstallationType, {
    nullable: true,
    description:
      'The installation (装表记录), to which every command for this meter is bound; null when there are user errors.',
  })
  installation(@Root() answer: InstallationAnswer, @Ctx() { scope }: ApiContext): Promise<MeterInstallation | null> {
    return scope.find('MeterInstallation', answer.installationId);
  }

  @FieldResolver(() => [SwitchCommandType], {
    description: 'Restores ordered because power is due and nobody knows how the new relay stands (复电指令).',
  })
  async restoreCommands(@Root() answer: InstallationAnswer, @Ctx() { scope }: ApiContext): Promise<SwitchCommand[]> {
    const commands = await Promise.all((answer.restoreCommandIds ?? []).map((id) => scope.find('SwitchCommand', id)));
    return commands.filter((command) => command !== null);
  }
}

/** Where the flows' field names differ from the input's. */
const FIELDS = { servicePointId: 'servicePointNumber', newMeterId: 'serial' };

@Resolver()
export class InstallMeters {
  @Mutation(() => MeterInstallationPayload, {
    description:
      'Puts a meter in place at a service point that has none (装表). If power is due there, a restore is ordered.',
  })
  installMeter(
    @Arg('input', () => InstallMeterInput, INPUT) input: InstallMeterInput,
    @Ctx() ctx: ApiContext,
  ): Promise<InstallationAnswer> {
    return attempt(
      ctx.scope,
      async () => {
        const installing = {
          ...(await checked(ctx, input)),
          meterId: (await reachableMeter(ctx, input.serial)).id,
        };
        return installMeter(ctx.api.deps.flows, installing, actorOf(ctx.viewer));
      },
      FIELDS,
    );
  }

  @Mutation(() => MeterInstallationPayload, {
    description:
      'Takes the meter of a service point off and puts another in its place (换表). A command for the old one ends; if power is due, a restore is ordered for the new one.',
  })
  exchangeMeter(
    @Arg('input', () => ExchangeMeterInput, INPUT) input: ExchangeMeterInput,
    @Ctx() ctx: ApiContext,
  ): Promise<InstallationAnswer> {
    return attempt(
      ctx.scope,
      async () => {
        const exchange = {
          ...(await checked(ctx, input)),
          newMeterId: (await reachableMeter(ctx, input.serial)).id,
          removedWh: checkRegister(input.removedEnergyWh, 'removedEnergyWh'),
        };
        return exchangeMeter(ctx.api.deps.flows, exchange, actorOf(ctx.viewer));
      },
      FIELDS,
    );
  }
}

async function checked(ctx: ApiContext, input: InstallMeterInput) {
  const idempotencyKey = checkKey(input.idempotencyKey);
  const note = checkReason(input.reason);
  const installedWh = checkRegister(input.installedEnergyWh, 'installedEnergyWh');
  const point = await reachableServicePoint(ctx, input.servicePointNumber);
  return { idempotencyKey, note, installedWh, servicePointId: point.id };
}
