import { Args, Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import type { Account } from '../../../accounts/account.js';
import type { Bill } from '../../../billing/bill.js';
import type { LadderStepOutcome } from '../../../dunning/dunning-case.js';
import type { Notice } from '../../../dunning/notice.js';
import { ladderOfAccounts } from '../../../flows/ladder-of-accounts.js';
import type { ApiContext } from '../../context.js';
import { NOTICE_LISTS } from '../../read/notice-lists.js';
import { connectionOf, PageArgs } from '../relay.js';
import { money, MoneyType } from '../money.js';
import { AccountType } from '../types/accounts.js';
import { BillType } from '../types/billing.js';
import { DunningType, LadderStepOutcomeType, LadderStepType, NoticeType } from '../types/notices.js';

export const NoticeConnection = connectionOf('Notice', () => NoticeType, 'notice (通知)');
export const LadderStepOutcomeConnection = connectionOf(
  'LadderStepOutcome',
  () => LadderStepOutcomeType,
  'step not taken (未执行步骤)',
);

/** What was told to an account's customer, and what comes next. */
@Resolver(() => AccountType)
export class AccountDunningFields {
  @FieldResolver(() => DunningType, {
    nullable: true,
    description: 'The dunning ladder now (催费阶梯); null where no policy is in force for such accounts.',
  })
  dunning(@Root() account: Account, @Ctx() ctx: ApiContext): Promise<DunningType | null> {
    const { flows } = ctx.api.deps;
    return ctx.scope
      .loader<string, DunningType | null>('dunning', async (ids) => {
        const found = await ladderOfAccounts(flows, flows.db, ids, flows.clock.now());
        return ids.map((id): DunningType | null => {
          const one = found.get(id);
          if (!one) return null;
          const { policy, version } = one.inForce;
          const steps = one.ladder.steps.map((step, place) => ({ ...step, name: policy.steps[place]!.name }));
          return { ...one.ladder, steps, policyCode: policy.code, policyVersion: version };
        });
      })
      .load(account.id);
  }

  @FieldResolver(() => NoticeConnection, { description: 'Notices (通知记录), newest first, copies included.' })
  notices(@Root() account: Account, @Args(() => PageArgs) page: PageArgs, @Ctx() { scope }: ApiContext) {
    return scope.page(NOTICE_LISTS.noticesOfAccount, account.id, page);
  }

  @FieldResolver(() => LadderStepOutcomeConnection, {
    description:
      'Steps of earlier cases of arrears that were not taken, newest first, each with its reason (未执行步骤).',
  })
  untakenSteps(@Root() account: Account, @Args(() => PageArgs) page: PageArgs, @Ctx() { scope }: ApiContext) {
    return scope.page(NOTICE_LISTS.untakenSteps, account.id, page);
  }
}

@Resolver(() => DunningType)
export class DunningFields {
  @FieldResolver(() => BillType, {
    nullable: true,
    description: 'The oldest unpaid bill, whose dates the steps follow (依据账单); null for a prepaid balance.',
  })
  anchorBill(@Root() { anchoredTo }: DunningType, @Ctx() { scope }: ApiContext): Promise<Bill | null> {
    return scope.find('Bill', anchoredTo);
  }
}

@Resolver(() => LadderStepType)
export class LadderStepFields {
  @FieldResolver(() => NoticeType, { nullable: true, description: 'The notice that decided its state (通知).' })
  notice(@Root() { noticeId }: LadderStepType, @Ctx() { scope }: ApiContext): Promise<Notice | null> {
    return scope.find('Notice', noticeId);
  }
}

@Resolver(() => LadderStepOutcomeType)
export class LadderStepOutcomeFields {
  @FieldResolver(() => BillType, { nullable: true, description: 'The bill the case was about (依据账单).' })
  anchorBill(@Root() { anchorBillId }: LadderStepOutcome, @Ctx() { scope }: ApiContext): Promise<Bill | null> {
    return scope.find('Bill', anchorBillId);
  }
}

@Resolver(() => NoticeType)
export class NoticeFields {
  @FieldResolver(() => AccountType, { nullable: true, description: 'The account it is about (户号).' })
  account(@Root() notice: Notice, @Ctx() { scope }: ApiContext): Promise<Account | null> {
    return scope.find('Account', notice.accountId);
  }

  @FieldResolver(() => NoticeType, { nullable: true, description: 'The notice it is a copy of (抄送自).' })
  copyOf(@Root() notice: Notice, @Ctx() { scope }: ApiContext): Promise<Notice | null> {
    return scope.find('Notice', notice.copyOfId);
  }

  @FieldResolver(() => MoneyType, {
    description: 'What it asked for, late fees included, when it was prepared (催缴金额).',
  })
  amount(@Root() notice: Notice): MoneyType {
    return money(notice.principalMinor + notice.lateFeeMinor, notice.currency);
  }

  @FieldResolver(() => String, { description: 'Number of the notice (通知编号), printed on its slip.' })
  noticeNumber(@Root() notice: Notice): string {
    return String(notice.noticeNumber);
  }
}
