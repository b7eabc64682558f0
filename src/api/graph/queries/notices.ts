import { Arg, Args, Ctx, Field, InputType, Query, Resolver } from 'type-graphql';
import type { Notice } from '../../../dunning/notice.js';
import type { NoticeChannel, NoticePurpose, NoticeState } from '../../../dunning/words.js';
import type { ApiContext } from '../../context.js';
import { isGiven } from '../../given.js';
import { NOTICE_LISTS } from '../../read/notice-lists.js';
import { numbered } from '../../read/numbered.js';
import { NoticeChannelEnum, NoticePurposeEnum, NoticeStateEnum } from '../enums-dunning.js';
import { NoticeConnection } from '../fields/dunning.js';
import { PageArgs, type Page } from '../relay.js';
import { DateTimeScalar } from '../scalars.js';

@InputType('NoticeFilter', {
  description: 'Narrows a list of notices (筛选); conditions given together must all hold.',
})
export class NoticeFilter {
  @Field(() => [NoticeStateEnum], { nullable: true, description: 'Any of these states (状态).' })
  states?: NoticeState[] | null;

  @Field(() => [NoticeChannelEnum], { nullable: true, description: 'Any of these ways (送达方式).' })
  channels?: NoticeChannel[] | null;

  @Field(() => NoticePurposeEnum, { nullable: true, description: 'What it is for (类型).' })
  purpose?: NoticePurpose | null;

  @Field(() => Boolean, {
    nullable: true,
    description: 'False: what a person serves; true: what the gateway sends (是否由网关发送).',
  })
  byGateway?: boolean | null;

  @Field(() => String, { nullable: true, description: 'Who serves it (责任人).' })
  owner?: string | null;

  @Field(() => DateTimeScalar, {
    nullable: true,
    description: 'To be served before this instant (时限早于), e.g. now: those that are late.',
  })
  deadlineBefore?: Date | null;

  @Field(() => String, { nullable: true, description: 'Code of the transformer district (台区编号).' })
  districtCode?: string | null;

  @Field(() => String, { nullable: true, description: 'Number of the account (户号).' })
  accountNumber?: string | null;
}

const NOTHING: Page<never> = {
  edges: [],
  pageInfo: { hasNextPage: false, hasPreviousPage: false, startCursor: null, endCursor: null },
};

/** Notices across accounts: the work list of field staff. */
@Resolver()
export class NoticeQueries {
  @Query(() => NoticeConnection, {
    description:
      'Notices (通知列表), as far as the viewer can see, newest first. With `byGateway: false` and `states: [PREPARED]`: what field staff have to serve.',
  })
  async notices(
    @Args(() => PageArgs) page: PageArgs,
    @Arg('filter', () => NoticeFilter, {
      nullable: true,
      description: 'Narrows the list (筛选); absent: everything the viewer can see.',
    })
    filter: NoticeFilter | undefined,
    @Ctx() ctx: ApiContext,
  ): Promise<Page<Notice>> {
    const { districtCode, accountNumber, ...rest } = filter ?? {};
    const district = isGiven(districtCode) ? await numbered(ctx.scope, 'TransformerDistrict', districtCode) : undefined;
    const account = isGiven(accountNumber) ? await numbered(ctx.scope, 'Account', accountNumber) : undefined;
    if (district === null || account === null) return NOTHING;
    const reach = await ctx.scope.reach();
    return ctx.scope.page(NOTICE_LISTS.notices, null, page, {
      ...rest,
      district: district?.id,
      account: account?.id,
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
