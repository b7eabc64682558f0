import { Ctx, Field, FieldResolver, ObjectType, Resolver, Root } from 'type-graphql';
import type { Interruption } from '../../switching/interruption.js';
import type { SwitchCommand } from '../../switching/switch-command.js';
import type { ApiContext } from '../context.js';
import { UserErrorType } from '../graph/types/operations.js';
import { InterruptionType, SwitchCommandType } from '../graph/types/switching.js';
import type { Answer } from './attempt.js';
import { REPLAYED, USER_ERRORS } from './texts.js';

/** What the switching flows return. */
export type SwitchAnswer = Answer & { readonly commandId?: string; readonly replayed?: boolean };

@ObjectType('SwitchCommandPayload', {
  simpleResolvers: true,
  description: 'Answer to a mutation about a switch command (指令结果).',
})
export class SwitchCommandPayload {
  @Field(() => Boolean, REPLAYED)
  replayed!: boolean | null;

  @Field(() => [UserErrorType], USER_ERRORS)
  userErrors!: UserErrorType[];
}

@Resolver(() => SwitchCommandPayload)
export class SwitchCommandPayloadFields {
  @FieldResolver(() => SwitchCommandType, {
    nullable: true,
    description: 'The command (指令), to be watched with `switchCommandChanged`; null when there are user errors.',
  })
  switchCommand(@Root() answer: SwitchAnswer, @Ctx() { scope }: ApiContext): Promise<SwitchCommand | null> {
    return scope.find('SwitchCommand', answer.commandId);
  }
}

/** What the interruption flows return. */
export type InterruptionAnswer = Answer & {
  readonly interruptionId?: string;
  readonly restoreCommandIds?: readonly string[];
  readonly replayed?: boolean;
};

@ObjectType('InterruptionPayload', {
  simpleResolvers: true,
  description: 'Answer to a mutation about an interruption (停电原因变更结果).',
})
export class InterruptionPayload {
  @Field(() => Boolean, REPLAYED)
  replayed!: boolean | null;

  @Field(() => [UserErrorType], USER_ERRORS)
  userErrors!: UserErrorType[];
}

@Resolver(() => InterruptionPayload)
export class InterruptionPayloadFields {
  @FieldResolver(() => InterruptionType, {
    nullable: true,
    description: 'The interruption as it stands now (停电记录); null when there are user errors.',
  })
  interruption(@Root() answer: InterruptionAnswer, @Ctx() { scope }: ApiContext): Promise<Interruption | null> {
    return scope.find('Interruption', answer.interruptionId);
  }

  @FieldResolver(() => [SwitchCommandType], { description: 'Restores ordered because no reason is left (复电指令).' })
  async restoreCommands(@Root() answer: InterruptionAnswer, @Ctx() { scope }: ApiContext): Promise<SwitchCommand[]> {
    const commands = await Promise.all((answer.restoreCommandIds ?? []).map((id) => scope.find('SwitchCommand', id)));
    return commands.filter((command) => command !== null);
  }
}
