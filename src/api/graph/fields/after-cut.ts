import { Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import type { Account, ServicePoint } from '../../../accounts/account.js';
import type { Payment } from '../../../billing/payment.js';
import type { CompensationCase } from '../../../dunning/compensation-case.js';
import type { FollowUp, FollowUpContact } from '../../../dunning/follow-up.js';
import { breachState, type RestoreBreach, type RestoreBreachState } from '../../../dunning/restore-breach.js';
import type { RestoreRung } from '../../../dunning/restore-rungs-policy.js';
import type { RestoreVerdicts } from '../../../dunning/restore-verdict-policy.js';
import type { Interruption } from '../../../switching/interruption.js';
import type { SwitchCommand } from '../../../switching/switch-command.js';
import type { ApiContext } from '../../context.js';
import { rungsOfRestore, verdictsOfPayment } from '../../read/restore-progress.js';
import { RestoreBreachStateEnum } from '../enums-after-cut.js';
import { money, MoneyType } from '../money.js';
import { AccountType, ServicePointType } from '../types/accounts.js';
import { CompensationCaseType, FollowUpContactType, FollowUpType, RestoreBreachType } from '../types/after-cut.js';
import { PaymentType } from '../types/billing.js';
import { PaymentVerdictsType, RestoreRungType } from '../types/restore-progress.js';
import { InterruptionType, SwitchCommandType } from '../types/switching.js';

@Resolver(() => PaymentType)
export class PaymentVerdictFields {
  @FieldResolver(() => PaymentVerdictsType, {
    nullable: true,
    description: 'Whether the power this payment brings back came in time (复电判定); null while it is in suspense.',
  })
  verdicts(@Root() payment: Payment, @Ctx() ctx: ApiContext): Promise<RestoreVerdicts | null> {
    return verdictsOfPayment(ctx, payment.id);
  }

  @FieldResolver(() => [RestoreBreachType], { description: 'Promises that were not kept after it (超时记录).' })
  restoreBreaches(@Root() payment: Payment, @Ctx() { scope }: ApiContext): Promise<RestoreBreach[]> {
    return scope.related('breachesOfPayment', payment.id);
  }
}

@Resolver(() => SwitchCommandType)
export class SwitchCommandRungFields {
  @FieldResolver(() => [RestoreRungType], {
    nullable: true,
    description:
      'The rungs of a restore in their order, each with its deadline (复电梯级): order, button, visit. Null for a cut.',
  })
  rungs(@Root() command: SwitchCommand, @Ctx() ctx: ApiContext): Promise<RestoreRung[]> | null {
    return command.operation === 'RESTORE' ? rungsOfRestore(ctx, command.id) : null;
  }
}

@Resolver(() => InterruptionType)
export class InterruptionFollowUpFields {
  @FieldResolver(() => FollowUpType, {
    nullable: true,
    description: 'Who follows the customer up (停电后跟踪); null where no cut for debt was carried out.',
  })
  async followUp(@Root() interruption: Interruption, @Ctx() { scope }: ApiContext): Promise<FollowUp | null> {
    return (await scope.related('followUpOfInterruption', interruption.id))[0] ?? null;
  }
}

@Resolver(() => FollowUpType)
export class FollowUpFields {
  @FieldResolver(() => AccountType, { nullable: true, description: 'The account (户号).' })
  account(@Root() followUp: FollowUp, @Ctx() { scope }: ApiContext): Promise<Account | null> {
    return scope.find('Account', followUp.accountId);
  }

  @FieldResolver(() => ServicePointType, { nullable: true, description: 'Where power was cut (用电点).' })
  servicePoint(@Root() followUp: FollowUp, @Ctx() { scope }: ApiContext): Promise<ServicePoint | null> {
    return scope.find('ServicePoint', followUp.servicePointId);
  }

  @FieldResolver(() => InterruptionType, { nullable: true, description: 'Why power is off (停电记录).' })
  interruption(@Root() followUp: FollowUp, @Ctx() { scope }: ApiContext): Promise<Interruption | null> {
    return scope.find('Interruption', followUp.interruptionId);
  }

  @FieldResolver(() => SwitchCommandType, { nullable: true, description: 'The cut (停电指令).' })
  cut(@Root() followUp: FollowUp, @Ctx() { scope }: ApiContext): Promise<SwitchCommand | null> {
    return scope.find('SwitchCommand', followUp.commandId);
  }

  @FieldResolver(() => [FollowUpContactType], { description: 'Contacts with the customer (跟踪记录), oldest first.' })
  contacts(@Root() followUp: FollowUp, @Ctx() { scope }: ApiContext): Promise<FollowUpContact[]> {
    return scope.related('contactsOfFollowUp', followUp.id);
  }
}

@Resolver(() => RestoreBreachType)
export class RestoreBreachFields {
  @FieldResolver(() => RestoreBreachStateEnum, { description: 'Where it stands (状态).' })
  state(@Root() breach: RestoreBreach): RestoreBreachState {
    return breachState(breach);
  }

  @FieldResolver(() => AccountType, { nullable: true, description: 'The account (户号).' })
  account(@Root() breach: RestoreBreach, @Ctx() { scope }: ApiContext): Promise<Account | null> {
    return scope.find('Account', breach.accountId);
  }

  @FieldResolver(() => PaymentType, {
    nullable: true,
    description: 'The payment that started the clock (缴费); null where a guarantee, a dispute or the like did.',
  })
  payment(@Root() breach: RestoreBreach, @Ctx() { scope }: ApiContext): Promise<Payment | null> {
    return scope.find('Payment', breach.paymentId);
  }

  @FieldResolver(() => SwitchCommandType, { nullable: true, description: 'The restore that was late (复电指令).' })
  command(@Root() breach: RestoreBreach, @Ctx() { scope }: ApiContext): Promise<SwitchCommand | null> {
    return scope.find('SwitchCommand', breach.commandId);
  }
}

const minorAsMoney = (minor: bigint | null | undefined, currency: string): MoneyType | null =>
  typeof minor === 'bigint' ? money(minor, currency) : null;

@Resolver(() => CompensationCaseType)
export class CompensationCaseFields {
  @FieldResolver(() => AccountType, { nullable: true, description: 'Who is compensated (户号).' })
  account(@Root() one: CompensationCase, @Ctx() { scope }: ApiContext): Promise<Account | null> {
    return scope.find('Account', one.accountId);
  }

  @FieldResolver(() => ServicePointType, { nullable: true, description: 'Where it was dark (用电点).' })
  servicePoint(@Root() one: CompensationCase, @Ctx() { scope }: ApiContext): Promise<ServicePoint | null> {
    return scope.find('ServicePoint', one.servicePointId);
  }

  @FieldResolver(() => SwitchCommandType, {
    nullable: true,
    description: 'The cut that was wrong, or the restore that was late (指令); null when it is another account’s.',
  })
  command(@Root() one: CompensationCase, @Ctx() { scope }: ApiContext): Promise<SwitchCommand | null> {
    return scope.find('SwitchCommand', one.commandId);
  }

  @FieldResolver(() => RestoreBreachType, { nullable: true, description: 'The late restore (超时记录).' })
  breach(@Root() one: CompensationCase, @Ctx() { scope }: ApiContext): Promise<RestoreBreach | null> {
    return scope.find('RestoreBreach', one.breachId);
  }

  @FieldResolver(() => MoneyType, {
    nullable: true,
    description: 'What the policy proposes (建议金额); null where it names no amount.',
  })
  proposed(@Root() one: CompensationCase): MoneyType | null {
    return minorAsMoney(one.proposedMinor, one.currency);
  }

  @FieldResolver(() => MoneyType, { nullable: true, description: 'What was granted (赔付金额).' })
  granted(@Root() one: CompensationCase): MoneyType | null {
    return minorAsMoney(one.grantedMinor, one.currency);
  }
}
