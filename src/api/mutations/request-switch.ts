import { Arg, Ctx, Field, InputType, Mutation, Resolver } from 'type-graphql';
import { requestCut, requestRestore } from '../../flows/request-switch.js';
import type { InterruptionReason } from '../../switching/interruption.js';
import { actorOf, type ApiContext } from '../context.js';
import { InterruptionReasonEnum } from '../graph/enums.js';
import { attempt } from './attempt.js';
import { checkKey, checkReason } from './checks.js';
import { reachableServicePoint } from './reachable.js';
import { SwitchCommandPayload, type SwitchAnswer } from './switch-payload.js';
import { INPUT, KEY, REASON } from './texts.js';

@InputType('RequestCutInput', { description: 'A cut asked for (停电申请).' })
export class RequestCutInput {
  @Field(() => String, KEY)
  idempotencyKey!: string;

  @Field(() => String, { description: 'Number of the service point (用电点编号).' })
  servicePointNumber!: string;

  @Field(() => InterruptionReasonEnum, { description: 'Why power is to go off (停电原因).' })
  interruptionReason!: InterruptionReason;

  @Field(() => String, REASON)
  reason!: string;
}

@InputType('RequestRestoreInput', { description: 'A restore asked for (复电申请).' })
export class RequestRestoreInput {
  @Field(() => String, KEY)
  idempotencyKey!: string;

  @Field(() => String, { description: 'Number of the service point (用电点编号).' })
  servicePointNumber!: string;

  @Field(() => String, REASON)
  reason!: string;
}

/** Where the flows' field names differ from the input's. */
const FIELDS = { servicePointId: 'servicePointNumber', reason: 'interruptionReason' };

@Resolver()
export class RequestSwitch {
  @Mutation(() => SwitchCommandPayload, {
    description:
      'Asks for a cut of one service point (申请停电). It is judged at once, a cut for debt waits for the approval of a second person, and every cut is judged again when it is sent. Ask `canDisconnect` first.',
  })
  requestCut(
    @Arg('input', () => RequestCutInput, INPUT) input: RequestCutInput,
    @Ctx() ctx: ApiContext,
  ): Promise<SwitchAnswer> {
    return attempt(
      ctx.scope,
      async () => {
        const request = { ...(await checked(ctx, input)), reason: input.interruptionReason };
        return requestCut(ctx.api.deps.flows, request, actorOf(ctx.viewer));
      },
      FIELDS,
    );
  }

  @Mutation(() => SwitchCommandPayload, {
    description:
      'Asks for a restore of one service point (申请复电). Never limited and without approval, but power must be due: close the open reasons first. A payment orders its restore by itself.',
  })
  requestRestore(
    @Arg('input', () => RequestRestoreInput, INPUT) input: RequestRestoreInput,
    @Ctx() ctx: ApiContext,
  ): Promise<SwitchAnswer> {
    return attempt(
      ctx.scope,
      async () => requestRestore(ctx.api.deps.flows, await checked(ctx, input), actorOf(ctx.viewer)),
      FIELDS,
    );
  }
}

async function checked(
  ctx: ApiContext,
  input: RequestRestoreInput,
): Promise<{ readonly servicePointId: string; readonly idempotencyKey: string; readonly note: string }> {
  const idempotencyKey = checkKey(input.idempotencyKey);
  const note = checkReason(input.reason);
  const point = await reachableServicePoint(ctx, input.servicePointNumber);
  return { servicePointId: point.id, idempotencyKey, note };
}
