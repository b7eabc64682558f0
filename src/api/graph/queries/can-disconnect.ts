import { Arg, Ctx, Field, Query, Resolver, ObjectType } from 'type-graphql';
import { GraphQLInt } from 'graphql';
import type { ServicePoint } from '../../../accounts/account.js';
import { blockers, type CutCheck } from '../../../dunning/cut-checks.js';
import { decideCuts } from '../../../flows/cut-decisions.js';
import type { InterruptionReason } from '../../../switching/interruption.js';
import type { ApiContext } from '../../context.js';
import { ApiError } from '../../errors.js';
import { LISTS } from '../../read/catalog.js';
import { numbered } from '../../read/numbered.js';
import { InterruptionReasonEnum } from '../enums.js';
import { DateTimeScalar } from '../scalars.js';
import { ServicePointType } from '../types/accounts.js';
import { CutCheckType } from '../types/switching.js';

/** An account with more places than this is asked about place by place, through the checks of a request. */
const POINTS_JUDGED = 20;

@ObjectType('CutDecision', {
  simpleResolvers: true,
  description: 'Whether a service point may be cut at an instant, and why or why not (停电判断).',
})
export class CutDecisionType {
  @Field(() => ServicePointType, { description: 'Where (用电点).' })
  servicePoint!: ServicePoint;

  @Field(() => DateTimeScalar, { description: 'The instant it was judged for (判断时间).' })
  at!: Date;

  @Field(() => String, {
    nullable: true,
    description:
      'Code of the policy it was judged by (策略编号); null where none applies, and then nobody is cut for debt.',
  })
  policyCode!: string | null;

  @Field(() => GraphQLInt, { nullable: true, description: 'Version of that policy (策略版本).' })
  policyVersion!: number | null;

  @Field(() => Boolean, {
    description:
      'True when nothing blocks a cut at that instant (允许停电). Approval, last call and the hour of day count too.',
  })
  permitted!: boolean;

  @Field(() => [CutCheckType], { description: 'Every check, passed or not, in a fixed order (全部校验项).' })
  checks!: readonly CutCheck[];

  @Field(() => [CutCheckType], { description: 'The checks that block (阻止项).' })
  blocking!: readonly CutCheck[];
}

@Resolver()
export class CanDisconnectQuery {
  @Query(() => [CutDecisionType], {
    nullable: true,
    description:
      'May this account be cut, and why or why not? (停电校验) One decision for each of its service points, by what is on record now, judged for the instant `at`. The same function decides the dry run, the request, the approval and the sending. Null when there is no such account within reach.',
  })
  async canDisconnect(
    @Arg('accountNumber', () => String, { description: 'Number of the account (户号).' })
    accountNumber: string,
    @Arg('at', () => DateTimeScalar, { nullable: true, description: 'For which instant (时刻); absent: now.' })
    at: Date | undefined,
    @Arg('interruptionReason', () => InterruptionReasonEnum, {
      nullable: true,
      description: 'Why it would be cut (停电原因); absent: for debt, in the way the account is paid.',
    })
    interruptionReason: InterruptionReason | undefined,
    @Ctx() { api, scope }: ApiContext,
  ): Promise<CutDecisionType[] | null> {
    const account = await numbered(scope, 'Account', accountNumber);
    if (!account) return null;
    const points = await scope.page(LISTS.servicePoints, account.id, { first: POINTS_JUDGED });
    if (points.pageInfo.hasNextPage)
      throw new ApiError('BAD_USER_INPUT', `This account has more than ${POINTS_JUDGED} service points.`);
    const { flows } = api.deps;
    const instant = at ?? flows.clock.now();
    const reason = interruptionReason ?? (account.paymentMode === 'PREPAID' ? 'PREPAID_EXHAUSTED' : 'ARREARS');
    const questions = points.edges.map(({ node }) => ({ servicePointId: node.id, reason }));
    const decisions = await decideCuts(flows, flows.db, questions, instant);
    return points.edges.map(({ node }) => {
      const { policy, checks } = decisions.get(node.id)!;
      const blocking = blockers(checks);
      return {
        servicePoint: node,
        at: instant,
        policyCode: policy?.policy.code ?? null,
        policyVersion: policy?.version ?? null,
        permitted: blocking.length === 0,
        checks,
        blocking,
      };
    });
  }
}
