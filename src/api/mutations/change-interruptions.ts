import { GraphQLID } from 'graphql';
import { Arg, Ctx, Field, InputType, Mutation, Resolver } from 'type-graphql';
import { closeInterruption, openInterruptionAt } from '../../flows/change-interruption.js';
import type { InterruptionReason } from '../../switching/interruption.js';
import { actorOf, type ApiContext } from '../context.js';
import { InterruptionReasonEnum } from '../graph/enums.js';
import { attempt } from './attempt.js';
import { checkKey, checkReason } from './checks.js';
import { reachable, reachableServicePoint } from './reachable.js';
import { InterruptionPayload, type InterruptionAnswer } from './switch-payload.js';
import { INPUT, KEY, REASON } from './texts.js';

@InputType('OpenInterruptionInput', { description: 'A reason for power to be off, stated by a person (登记停电原因).' })
export class OpenInterruptionInput {
  @Field(() => String, KEY)
  idempotencyKey!: string;

  @Field(() => String, { description: 'Number of the service point (用电点编号).' })
  servicePointNumber!: string;

  @Field(() => InterruptionReasonEnum, {
    description: 'Why power is off (停电原因). Not debt: that needs an approved cut.',
  })
  interruptionReason!: InterruptionReason;

  @Field(() => String, REASON)
  reason!: string;
}

@InputType('CloseInterruptionInput', { description: 'The end of a reason for power to be off (解除停电原因).' })
export class CloseInterruptionInput {
  @Field(() => String, KEY)
  idempotencyKey!: string;

  @Field(() => GraphQLID, { description: 'The interruption (停电记录).' })
  interruptionId!: string;

  @Field(() => String, REASON)
  reason!: string;
}

/** Where the flows' field names differ from the input's. */
const FIELDS = { servicePointId: 'servicePointNumber', reason: 'interruptionReason' };

@Resolver()
export class ChangeInterruptions {
  @Mutation(() => InterruptionPayload, {
    description:
      'States a reason for power to be off (登记停电原因): found off on site, cut by hand, customer away. Nothing is switched by it, but no restore is sent while it is open.',
  })
  openInterruption(
    @Arg('input', () => OpenInterruptionInput, INPUT) input: OpenInterruptionInput,
    @Ctx() ctx: ApiContext,
  ): Promise<InterruptionAnswer> {
    return attempt(
      ctx.scope,
      async () => {
        const idempotencyKey = checkKey(input.idempotencyKey);
        const note = checkReason(input.reason);
        const { id } = await reachableServicePoint(ctx, input.servicePointNumber);
        const opening = { servicePointId: id, reason: input.interruptionReason, note, idempotencyKey };
        return openInterruptionAt(ctx.api.deps.flows, opening, actorOf(ctx.viewer));
      },
      FIELDS,
    );
  }

  @Mutation(() => InterruptionPayload, {
    description:
      'Ends a reason for power to be off (解除停电原因): danger removed, guarantee given, dispute upheld. If no other reason is open, the restore is ordered at once.',
  })
  closeInterruption(
    @Arg('input', () => CloseInterruptionInput, INPUT) input: CloseInterruptionInput,
    @Ctx() ctx: ApiContext,
  ): Promise<InterruptionAnswer> {
    return attempt(
      ctx.scope,
      async () => {
        const idempotencyKey = checkKey(input.idempotencyKey);
        const note = checkReason(input.reason);
        const { id } = await reachable(
          ctx,
          'Interruption',
          input.interruptionId,
          'interruptionId',
          'INTERRUPTION_NOT_FOUND',
        );
        return closeInterruption(ctx.api.deps.flows, { interruptionId: id, note, idempotencyKey }, actorOf(ctx.viewer));
      },
      FIELDS,
    );
  }
}
