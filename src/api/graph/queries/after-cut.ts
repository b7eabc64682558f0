import { Arg, Args, ArgsType, Ctx, Field, Query, Resolver } from 'type-graphql';
import type { CompensationCase, CompensationKind, CompensationState } from '../../../dunning/compensation-case.js';
import type { FollowUp, FollowUpState } from '../../../dunning/follow-up.js';
import type { RestoreBreach, RestoreBreachKind } from '../../../dunning/restore-breach.js';
import { AFTER_CUT_LISTS, accountsInReach } from '../../read/after-cut-lists.js';
import type { ApiContext } from '../../context.js';
import { CompensationCaseConnection, FollowUpConnection, RestoreBreachConnection } from '../connections.js';
import {
  CompensationKindEnum,
  CompensationStateEnum,
  FollowUpStateEnum,
  RestoreBreachKindEnum,
} from '../enums-after-cut.js';
import { PageArgs, type Page } from '../relay.js';
import { DateTimeScalar } from '../scalars.js';

@ArgsType()
export class FollowUpsArgs extends PageArgs {
  @Field(() => FollowUpStateEnum, { nullable: true, description: 'In this state (状态); absent: all.' })
  state?: FollowUpState | null;

  @Field(() => String, { nullable: true, description: 'Of this person (责任人).' })
  owner?: string | null;

  @Field(() => DateTimeScalar, {
    nullable: true,
    description: 'Whose next contact is due before this instant (下次联系早于), e.g. now: those that are late.',
  })
  dueBefore?: Date | null;
}

/** Work lists of those who answer for what follows a cut and a payment. */
@Resolver()
export class AfterCutQueries {
  @Query(() => FollowUpConnection, { description: 'Follow-ups of cuts (停电后跟踪列表), oldest first.' })
  async followUps(
    @Args(() => FollowUpsArgs) { state, owner, dueBefore, ...page }: FollowUpsArgs,
    @Ctx() { scope }: ApiContext,
  ): Promise<Page<FollowUp>> {
    const filters = { state, owner, dueBefore, ...accountsInReach(await scope.reach()) };
    return scope.page(AFTER_CUT_LISTS.followUps, null, page, filters);
  }

  @Query(() => RestoreBreachConnection, {
    description: 'Promises to restore that were not kept (超时复电列表), the longest overdue first.',
  })
  async restoreBreaches(
    @Args(() => PageArgs) page: PageArgs,
    @Arg('open', () => Boolean, {
      nullable: true,
      description:
        'True: those no customer has accepted the explanation of; false: the others; absent: all (是否待处理).',
    })
    open: boolean | undefined,
    @Arg('kind', () => RestoreBreachKindEnum, { nullable: true, description: 'Of this kind (类型).' })
    kind: RestoreBreachKind | undefined,
    @Ctx() { scope }: ApiContext,
  ): Promise<Page<RestoreBreach>> {
    const filters = { open, kind, ...accountsInReach(await scope.reach()) };
    return scope.page(AFTER_CUT_LISTS.restoreBreaches, null, page, filters);
  }

  @Query(() => CompensationCaseConnection, {
    description: 'Compensation cases (赔偿列表), newest first; customers see their own.',
  })
  async compensationCases(
    @Args(() => PageArgs) page: PageArgs,
    @Arg('state', () => CompensationStateEnum, { nullable: true, description: 'In this state (状态).' })
    state: CompensationState | undefined,
    @Arg('kind', () => CompensationKindEnum, { nullable: true, description: 'Of this kind (类型).' })
    kind: CompensationKind | undefined,
    @Ctx() { scope }: ApiContext,
  ): Promise<Page<CompensationCase>> {
    const filters = { state, kind, ...accountsInReach(await scope.reach()) };
    return scope.page(AFTER_CUT_LISTS.compensationCases, null, page, filters);
  }
}
