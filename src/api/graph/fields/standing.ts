import { Args, Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import type { Account } from '../../../accounts/account.js';
import type { Hold } from '../../../dunning/hold.js';
import { standingOf, type Standing } from '../../../dunning/standings.js';
import type { ApiContext } from '../../context.js';
import { LISTS } from '../../read/catalog.js';
import { HoldConnection } from '../connections.js';
import { money, MoneyType } from '../money.js';
import { PageArgs } from '../relay.js';
import { AccountType } from '../types/accounts.js';
import { CustomerStandingType, HoldType, PlanInstalmentType } from '../types/standing.js';

/** What an account's customer has to do with dunning. */
@Resolver(() => AccountType)
export class AccountStandingFields {
  @FieldResolver(() => HoldConnection, { description: 'Holds (暂缓记录), newest first, those that ended included.' })
  holds(@Root() account: Account, @Args(() => PageArgs) page: PageArgs, @Ctx() { scope }: ApiContext) {
    return scope.page(LISTS.holdsOfAccount, account.id, page);
  }

  @FieldResolver(() => CustomerStandingType, { description: 'How the customer stands (客户状况), as of now.' })
  async customerStanding(@Root() account: Account, @Ctx() ctx: ApiContext): Promise<CustomerStandingType> {
    const { flows } = ctx.api.deps;
    const standing = await ctx.scope
      .loader<string, Standing>('standing', async (ids) => {
        const found = await standingOf(flows.db, ids, flows.clock.now(), flows.timeZone);
        return ids.map((id) => found.get(id)!);
      })
      .load(account.id);
    const { contacts, landlineOnly } = standing.contactQuality;
    const reached = contacts.flatMap(({ lastReachedAt }) => lastReachedAt?.getTime() ?? []);
    return {
      ...standing,
      contacts,
      landlineOnly,
      lastContactProof: reached.length > 0 ? new Date(Math.max(...reached)) : null,
    };
  }
}

@Resolver(() => HoldType)
export class HoldFields {
  @FieldResolver(() => AccountType, { nullable: true, description: 'The account it holds (户号).' })
  account(@Root() hold: Hold, @Ctx() { scope }: ApiContext): Promise<Account | null> {
    return scope.find('Account', hold.accountId);
  }

  @FieldResolver(() => MoneyType, {
    nullable: true,
    description: 'Promised, guaranteed, deposited or disputed amount, or the whole of a plan (金额).',
  })
  async amount(@Root() hold: Hold, @Ctx() { scope }: ApiContext): Promise<MoneyType | null> {
    const account = await scope.find('Account', hold.accountId);
    return account && typeof hold.amountMinor === 'bigint' ? money(hold.amountMinor, account.currency) : null;
  }

  @FieldResolver(() => [PlanInstalmentType], {
    description: 'Instalments of a payment plan (分期), in order; otherwise none.',
  })
  async instalments(@Root() hold: Hold, @Ctx() { scope }: ApiContext): Promise<PlanInstalmentType[]> {
    if (hold.kind !== 'PAYMENT_PLAN') return [];
    const account = await scope.find('Account', hold.accountId);
    if (!account) return [];
    const instalments = await scope.related('instalmentsOfHold', hold.id);
    return instalments.map(({ dueDate, amountMinor }) => ({ dueDate, amount: money(amountMinor, account.currency) }));
  }
}
