import { Arg, Args, Ctx, Field, InputType, Query, Resolver } from 'type-graphql';
import type { Hold } from '../../../dunning/hold.js';
import type { HoldKind } from '../../../dunning/words.js';
import type { ApiContext } from '../../context.js';
import { LISTS } from '../../read/catalog.js';
import { HoldConnection } from '../connections.js';
import { HoldKindEnum } from '../enums-standing.js';
import { PageArgs, type Page } from '../relay.js';
import { DateTimeScalar } from '../scalars.js';

@InputType('HoldFilter', { description: 'Narrows a list of holds (筛选); conditions given together must all hold.' })
export class HoldFilter {
  @Field(() => HoldKindEnum, { nullable: true, description: 'Kind (类型).' })
  kind?: HoldKind | null;

  @Field(() => Boolean, {
    nullable: true,
    description: 'True: open ones; false: ended ones; absent: all (是否进行中).',
  })
  open?: boolean | null;

  @Field(() => DateTimeScalar, {
    nullable: true,
    description: 'Open ones whose ruling is due before this instant (裁定时限早于), e.g. now: those that are late.',
  })
  rulingDueBefore?: Date | null;
}

/** Holds across accounts: the work list of those who must rule. */
@Resolver()
export class HoldQueries {
  @Query(() => HoldConnection, {
    description: 'Holds (暂缓列表), as far as the viewer can see, oldest first: the work list of those who must rule.',
  })
  async holds(
    @Args(() => PageArgs) page: PageArgs,
    @Arg('filter', () => HoldFilter, {
      nullable: true,
      description: 'Narrows the list (筛选); absent: everything the viewer can see.',
    })
    filter: HoldFilter | undefined,
    @Ctx() { scope }: ApiContext,
  ): Promise<Page<Hold>> {
    const { kind, open, rulingDueBefore } = filter ?? {};
    const reach = await scope.reach();
    return scope.page(LISTS.holds, null, page, {
      kind,
      open,
      rulingDueBefore,
      reachDistricts: reach.kind === 'DISTRICTS' ? reach.districtIds : undefined,
      reachAccounts:
        reach.kind === 'ALL' || reach.kind === 'DISTRICTS'
          ? undefined
          : reach.kind === 'ACCOUNTS'
            ? reach.accountIds
            : [],
    });
  }
}
