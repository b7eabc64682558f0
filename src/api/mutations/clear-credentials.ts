import { Arg, Ctx, Field, FieldResolver, InputType, Mutation, ObjectType, Resolver, Root } from 'type-graphql';
import { clearRefusedCredentials } from '../../flows/clear-refused-credentials.js';
import type { Meter } from '../../metering/meter.js';
import type { SwitchCommand } from '../../switching/switch-command.js';
import { actorOf, type ApiContext } from '../context.js';
import { MeterType } from '../graph/types/metering.js';
import { UserErrorType } from '../graph/types/operations.js';
import { SwitchCommandType } from '../graph/types/switching.js';
import { attempt, type Answer } from './attempt.js';
import { checkKey, checkReason } from './checks.js';
import { reachableMeter } from './reachable.js';
import { INPUT, KEY, REASON, REPLAYED, USER_ERRORS } from './texts.js';

@InputType('ClearRefusedCredentialsInput', {
  description: 'A meter whose password or key was put right (电表密码已更正).',
})
export class ClearRefusedCredentialsInput {
  @Field(() => String, KEY)
  idempotencyKey!: string;

  @Field(() => String, { description: 'Number on the meter (表号).' })
  serial!: string;

  @Field(() => String, REASON)
  reason!: string;
}

@ObjectType('ClearRefusedCredentialsPayload', {
  simpleResolvers: true,
  description: 'Answer to `clearRefusedCredentials` (解除密码拒绝结果).',
})
export class ClearRefusedCredentialsPayload {
  @Field(() => Boolean, REPLAYED)
  replayed!: boolean | null;

  @Field(() => [UserErrorType], USER_ERRORS)
  userErrors!: UserErrorType[];
}

type ClearedAnswer = Answer & { readonly meterId?: string; readonly restoreCommandIds?: readonly string[] };

@Resolver(() => ClearRefusedCredentialsPayload)
export class ClearRefusedCredentialsPayloadFields {
  @FieldResolver(() => MeterType, { nullable: true, description: 'The meter (电表); null when there are user errors.' })
  meter(@Root() answer: ClearedAnswer, @Ctx() { scope }: ApiContext): Promise<Meter | null> {
    return scope.find('Meter', answer.meterId);
  }

  @FieldResolver(() => [SwitchCommandType], {
    description: 'The restore ordered because power is due and its relay is open (复电指令).',
  })
  async restoreCommands(@Root() answer: ClearedAnswer, @Ctx() { scope }: ApiContext): Promise<SwitchCommand[]> {
    const commands = await Promise.all((answer.restoreCommandIds ?? []).map((id) => scope.find('SwitchCommand', id)));
    return commands.filter((command) => command !== null);
  }
}

@Resolver()
export class ClearCredentials {
  @Mutation(() => ClearRefusedCredentialsPayload, {
    description:
      'Lets orders go to a meter again that has refused our password or key (解除密码拒绝). Nothing was sent to it by itself since: a few wrong ones lock a meter. If power is due there, a restore is ordered.',
  })
  clearRefusedCredentials(
    @Arg('input', () => ClearRefusedCredentialsInput, INPUT) input: ClearRefusedCredentialsInput,
    @Ctx() ctx: ApiContext,
  ): Promise<ClearedAnswer> {
    return attempt(ctx.scope, async () => {
      const cleared = {
        idempotencyKey: checkKey(input.idempotencyKey),
        note: checkReason(input.reason),
        meterId: (await reachableMeter(ctx, input.serial)).id,
      };
      return clearRefusedCredentials(ctx.api.deps.flows, cleared, actorOf(ctx.viewer));
    });
  }
}
