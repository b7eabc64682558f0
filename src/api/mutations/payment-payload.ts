import { Ctx, Field, FieldResolver, ObjectType, Resolver, Root } from 'type-graphql';
import type { PaymentRow } from '../../billing/payments.js';
import type { SwitchCommand } from '../../switching/switch-command.js';
import type { ApiContext } from '../context.js';
import { PaymentType } from '../graph/types/billing.js';
import { UserErrorType } from '../graph/types/operations.js';
import { SwitchCommandType } from '../graph/types/switching.js';
import type { Answer } from './attempt.js';
import { REPLAYED, USER_ERRORS } from './texts.js';

/** What the money flows return. */
export type PaymentAnswer = Answer & {
  readonly payment?: PaymentRow;
  readonly replayed?: boolean;
  readonly restoreCommandIds?: readonly string[];
};

@ObjectType('PaymentPayload', { simpleResolvers: true, description: 'Answer to a mutation about money (缴费结果).' })
export class PaymentPayload {
  @Field(() => PaymentType, {
    nullable: true,
    description: 'The payment as it stands now (缴费); null when there are user errors.',
  })
  payment!: PaymentRow | null;

  @Field(() => Boolean, REPLAYED)
  replayed!: boolean | null;

  @Field(() => [UserErrorType], USER_ERRORS)
  userErrors!: UserErrorType[];
}

@Resolver(() => PaymentPayload)
export class PaymentPayloadFields {
  @FieldResolver(() => [SwitchCommandType], {
    description:
      'Restores this payment ordered (复电指令), to be watched with `switchCommandChanged`. Empty when power was not off for debt, when something overdue is left, and in a replay.',
  })
  async restoreCommands(@Root() answer: PaymentAnswer, @Ctx() { scope }: ApiContext): Promise<SwitchCommand[]> {
    const commands = await Promise.all((answer.restoreCommandIds ?? []).map((id) => scope.find('SwitchCommand', id)));
    return commands.filter((command) => command !== null);
  }
}
