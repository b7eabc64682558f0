import { Arg, Ctx, Query, Resolver } from 'type-graphql';
import { statement } from '../../../platform/database.js';
import type { ApiContext } from '../../context.js';
import { ApiError } from '../../errors.js';
import { LISTS } from '../../read/catalog.js';
import { explainPowerAt, type ExplainedPower } from '../../read/explain-power.js';
import { numbered } from '../../read/numbered.js';
import { KillSwitchType, LimitType, OperationsBoardType, ProductClockType } from '../types/operations.js';
import { PowerExplanationType } from '../types/power.js';
import { clockNow } from '../clock.js';
import { isGiven } from '../../given.js';

const KILL_SWITCH = statement('api-kill-switch', `SELECT engaged, since, set_by AS "setBy", reason FROM kill_switch`);
/** An account with more places than this asks for each of them by its number. */
const POINTS_EXPLAINED = 20;

/** Questions about how things stand. */
@Resolver()
export class OperationsQueries {
  @Query(() => [PowerExplanationType], {
    nullable: true,
    description:
      'Why is my power off? (为什么停电) One answer for the service point, or for each service point of the account (an account with more than 20 asks for them one by one). Give exactly one of the two numbers. Null when there is no such number within reach.',
  })
  async whyIsPowerOff(
    @Arg('servicePointNumber', () => String, {
      nullable: true,
      description: 'Number of the service point (用电点编号).',
    })
    servicePointNumber: string | undefined,
    @Arg('accountNumber', () => String, { nullable: true, description: 'Number of the account (户号).' })
    accountNumber: string | undefined,
    @Ctx() ctx: ApiContext,
  ): Promise<ExplainedPower[] | null> {
    if (isGiven(servicePointNumber) === isGiven(accountNumber)) {
      throw new ApiError('BAD_USER_INPUT', 'Give exactly one of servicePointNumber and accountNumber.');
    }
    if (isGiven(servicePointNumber)) {
      const point = await numbered(ctx.scope, 'ServicePoint', servicePointNumber);
      return point && [await explainPowerAt(ctx, point)];
    }
    const account = await numbered(ctx.scope, 'Account', accountNumber!);
    if (!account) return null;
    const points = await ctx.scope.page(LISTS.servicePoints, account.id, { first: POINTS_EXPLAINED });
    if (points.pageInfo.hasNextPage) {
      throw new ApiError(
        'BAD_USER_INPUT',
        `This account has more than ${POINTS_EXPLAINED} service points. Ask for one of them by servicePointNumber.`,
      );
    }
    return Promise.all(points.edges.map(({ node }) => explainPowerAt(ctx, node)));
  }

  @Query(() => KillSwitchType, { description: 'Whether cuts are stopped (紧急停止开关).' })
  async killSwitch(@Ctx() { api }: ApiContext): Promise<KillSwitchType> {
    const [row] = await api.deps.flows.db.rows<KillSwitchType>(KILL_SWITCH);
    return row!;
  }

  @Query(() => ProductClockType, { description: 'The one clock everything runs by (统一时钟).' })
  clock(@Ctx() { api }: ApiContext): ProductClockType {
    return clockNow(api.deps.flows.clock);
  }

  @Query(() => OperationsBoardType, { description: 'Operations at a glance (运行看板), as far as the viewer can see.' })
  async operationsBoard(@Ctx() { api, scope }: ApiContext): Promise<OperationsBoardType> {
    return api.board.read(await scope.reach());
  }

  @Query(() => [LimitType], { description: 'Every bound of the product with its reason (限制一览).' })
  limits(@Ctx() { api }: ApiContext): LimitType[] {
    return Object.entries(api.deps.limits).map(([name, limit]) => ({ name, ...limit }));
  }
}
