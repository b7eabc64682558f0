import { GraphQLID } from 'graphql';
import { Arg, Ctx, Field, InputType, Mutation, Resolver } from 'type-graphql';
import {
  approveSwitchCommand,
  cancelSwitchCommand,
  type SwitchDecision,
  releaseQuarantinedCut,
} from '../../flows/decide-switch.js';
import { actorOf, type ApiContext } from '../context.js';
import { approverRole } from './approver-role.js';
import { attempt } from './attempt.js';
import { checkKey, checkReason } from './checks.js';
import { reachable } from './reachable.js';
import { SwitchCommandPayload, type SwitchAnswer } from './switch-payload.js';
import { INPUT, KEY, REASON } from './texts.js';

@InputType('SwitchDecisionInput', { description: 'A decision on a switch command (指令审批).' })
export class SwitchDecisionInput {
  @Field(() => String, KEY)
  idempotencyKey!: string;

  @Field(() => GraphQLID, { description: 'The switch command (指令).' })
  switchCommandId!: string;

  @Field(() => String, REASON)
  reason!: string;
}

/** Where the flows' field names differ from the input's. */
const FIELDS = { commandId: 'switchCommandId' };

@Resolver()
export class DecideSwitch {
  @Mutation(() => SwitchCommandPayload, {
    description:
      'Approves a cut that waits for it (批准停电). Never by the person who asked for it; it is judged again as of now, the customer is called a last time, and it is sent at the time announced.',
  })
  approveSwitchCommand(
    @Arg('input', () => SwitchDecisionInput, INPUT) input: SwitchDecisionInput,
    @Ctx() ctx: ApiContext,
  ): Promise<SwitchAnswer> {
    return attempt(
      ctx.scope,
      async () => {
        const role = approverRole(ctx.viewer);
        const decision = { ...(await checked(ctx, input)), role };
        return approveSwitchCommand(ctx.api.deps.flows, decision, actorOf(ctx.viewer));
      },
      FIELDS,
    );
  }

  @Mutation(() => SwitchCommandPayload, {
    description:
      'Lets a cut in quarantine go on (放行隔离停电), by a person who neither asked for it nor approved it. Judged and called again.',
  })
  releaseQuarantinedCut(
    @Arg('input', () => SwitchDecisionInput, INPUT) input: SwitchDecisionInput,
    @Ctx() ctx: ApiContext,
  ): Promise<SwitchAnswer> {
    return attempt(
      ctx.scope,
      async () => releaseQuarantinedCut(ctx.api.deps.flows, await checked(ctx, input), actorOf(ctx.viewer)),
      FIELDS,
    );
  }

  @Mutation(() => SwitchCommandPayload, {
    description:
      'Cancels a cut that was not sent yet (取消指令). What was sent is answered by a newer command, never cancelled; what is in quarantine is deleted by a second person.',
  })
  cancelSwitchCommand(
    @Arg('input', () => SwitchDecisionInput, INPUT) input: SwitchDecisionInput,
    @Ctx() ctx: ApiContext,
  ): Promise<SwitchAnswer> {
    return attempt(
      ctx.scope,
      async () => cancelSwitchCommand(ctx.api.deps.flows, await checked(ctx, input), actorOf(ctx.viewer)),
      FIELDS,
    );
  }
}

async function checked(ctx: ApiContext, input: SwitchDecisionInput): Promise<SwitchDecision> {
  const idempotencyKey = checkKey(input.idempotencyKey);
  const note = checkReason(input.reason);
  const { id } = await reachable(ctx, 'SwitchCommand', input.switchCommandId, 'switchCommandId', 'COMMAND_NOT_FOUND');
  return { commandId: id, idempotencyKey, note };
}
