import { GraphQLFloat } from 'graphql';
import { Arg, Ctx, Field, InputType, Mutation, ObjectType, Resolver } from 'type-graphql';
import { setClock } from '../../flows/set-clock.js';
import { actorOf, type ApiContext } from '../context.js';
import { clockNow } from '../graph/clock.js';
import { DateTimeScalar } from '../graph/scalars.js';
import { ProductClockType, UserErrorType } from '../graph/types/operations.js';
import { attempt, type Answer } from './attempt.js';
import { checkReason } from './checks.js';
import { INPUT, REASON, USER_ERRORS } from './texts.js';
import { isGiven } from '../given.js';

const MILLIS = 1000;

@InputType('SetClockInput', {
  description: 'A change of the simulated clock (时钟设置): exactly one of `at`, `advanceSeconds`, `scale`.',
})
export class SetClockInput {
  @Field(() => DateTimeScalar, {
    nullable: true,
    description: 'Product time from now on (设定时间); never earlier than it is.',
  })
  at?: Date | null;

  @Field(() => GraphQLFloat, { nullable: true, description: 'Seconds to move on by (前进秒数).' })
  advanceSeconds?: number | null;

  @Field(() => GraphQLFloat, {
    nullable: true,
    description: 'Product seconds per wall second (倍速): 1 is real speed, 0 stands still.',
  })
  scale?: number | null;

  @Field(() => String, REASON)
  reason!: string;
}

@ObjectType('SetClockPayload', { simpleResolvers: true, description: 'Answer to setClock (时钟设置结果).' })
export class SetClockPayload {
  @Field(() => ProductClockType, {
    nullable: true,
    description: 'The clock as it runs now (时钟); null when there are user errors.',
  })
  clock!: ProductClockType | null;

  @Field(() => [UserErrorType], USER_ERRORS)
  userErrors!: UserErrorType[];
}

@Resolver()
export class SetClock {
  @Mutation(() => SetClockPayload, {
    description:
      'Sets, advances or scales the one clock of a simulated world (设置时钟). Simulation mode only; meters follow.',
  })
  setClock(
    @Arg('input', () => SetClockInput, INPUT) input: SetClockInput,
    @Ctx() { api, viewer, scope }: ApiContext,
  ): Promise<Answer & { readonly clock?: ProductClockType }> {
    const { flows } = api.deps;
    return attempt(scope, async () => {
      const change = {
        at: input.at ?? undefined,
        advanceMs: !isGiven(input.advanceSeconds) ? undefined : Math.round(input.advanceSeconds * MILLIS),
        scaleMillis: !isGiven(input.scale) ? undefined : Math.round(input.scale * MILLIS),
        note: checkReason(input.reason),
      };
      await setClock(flows, change, actorOf(viewer));
      return { clock: clockNow(flows.clock) };
    });
  }
}
