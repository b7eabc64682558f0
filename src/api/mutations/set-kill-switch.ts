import { Arg, Ctx, Field, InputType, Mutation, ObjectType, Resolver } from 'type-graphql';
import { setKillSwitch } from '../../flows/set-kill-switch.js';
import { actorOf, type ApiContext } from '../context.js';
import { ApiError } from '../errors.js';
import { KillSwitchType, UserErrorType } from '../graph/types/operations.js';
import { attempt, type Answer } from './attempt.js';
import { checkKey, checkReason } from './checks.js';
import { INPUT, KEY, REASON, USER_ERRORS } from './texts.js';

@InputType('SetKillSwitchInput', { description: 'Stops all cuts, or lets them go on (紧急停止设置).' })
export class SetKillSwitchInput {
  @Field(() => String, KEY)
  idempotencyKey!: string;

  @Field(() => Boolean, { description: 'True: no cut is sent from now on; false: cuts go on (是否启用).' })
  engaged!: boolean;

  @Field(() => String, REASON)
  reason!: string;
}

@ObjectType('SetKillSwitchPayload', {
  simpleResolvers: true,
  description: 'Answer to setKillSwitch (紧急停止设置结果).',
})
export class SetKillSwitchPayload {
  @Field(() => KillSwitchType, {
    nullable: true,
    description: 'The kill switch as it was set (紧急停止开关); null when there are user errors.',
  })
  killSwitch!: KillSwitchType | null;

  @Field(() => [UserErrorType], USER_ERRORS)
  userErrors!: UserErrorType[];
}

@Resolver()
export class SetKillSwitch {
  @Mutation(() => SetKillSwitchPayload, {
    description:
      'Engages or releases the kill switch (紧急停止开关). Once this has answered with `engaged`, no cut is sent; restores go on. Staff may engage it, only a SUPERVISOR may release it.',
  })
  setKillSwitch(
    @Arg('input', () => SetKillSwitchInput, INPUT) { engaged, ...input }: SetKillSwitchInput,
    @Ctx() { api, viewer, scope }: ApiContext,
  ): Promise<Answer & { readonly killSwitch?: KillSwitchType }> {
    if (!engaged && !viewer.roles.includes('SUPERVISOR')) {
      throw new ApiError('FORBIDDEN', 'Only a SUPERVISOR releases the kill switch.');
    }
    return attempt(scope, async () => {
      const note = checkReason(input.reason);
      const set = await setKillSwitch(
        api.deps.flows,
        { engaged, note, idempotencyKey: checkKey(input.idempotencyKey) },
        actorOf(viewer),
      );
      return { killSwitch: set };
    });
  }
}
