import type { PaymentChannel } from '../src/billing/payment.js';
import type { FlowContext } from '../src/flows/context.js';
import { endHold } from '../src/flows/end-hold.js';
import { amountsDueOf } from '../src/flows/late-fee-rules.js';
import { openHold, type HoldOpening } from '../src/flows/open-hold.js';
import { receivePayment } from '../src/flows/receive-payment.js';
import { UserError } from '../src/platform/errors.js';
import { addDays, localDate, startOfLocalDay } from '../src/platform/local-date.js';
import { RANK, type Agenda } from './agenda.js';
import type { Household } from './people.js';
import { between, drawn } from './random.js';
import type { Scenario } from './scenario.js';

/** What reaches a household and may make it act. The first five are steps of the ladder. */
export type Happening =
  'BILL' | 'DAY_5' | 'DAY_10' | 'DAY_20_OF_MONTH' | 'ARREARS_NOTICE' | 'CUT_NOTICE' | 'LAST_CALL' | 'CUT';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** People see to their bills between these hours. */
const AWAKE: readonly [number, number] = [8, 21.5];
const BANK = { kind: 'PERSON', id: 'bank-gateway' } as const;
const HOTLINE = { kind: 'PERSON', id: 'hotline-1' } as const;

/** Customers, as the scenario has them: what reaches them, and what they do about it, through the product's own flows. */
export class Customers {
  private readonly done = new Set<string>();
  private payments = 0;

  constructor(
    private readonly ctx: FlowContext,
    private readonly scenario: Scenario,
    private readonly agenda: Agenda,
  ) {}

  /** Something has reached a household; what it does about it is written down. Once for each kind of happening. */
  hear(household: Household, happening: Happening): void {
    const once = `${household.accountNumber} ${happening}`;
    if (this.done.has(once)) return;
    this.done.add(once);
    const { behaviour } = household;
    const soon = (days: readonly [number, number]) => this.someDay(household, happening, days);
    const pay = (atMs: number, what: 'ALL' | 'HALF' = 'ALL') =>
      this.plan(household, atMs, () => this.pay(household, what));
    switch (`${behaviour} ${happening}`) {
      case 'prompt BILL':
        return pay(soon([0, 4]));
      case 'afterFirstReminder DAY_5':
      case 'afterReminder DAY_5':
        return pay(soon([1, 2]));
      case 'afterSecondReminder DAY_10':
      case 'afterDemand DAY_20_OF_MONTH':
      case 'afterArrearsNotice ARREARS_NOTICE':
      case 'afterCutNotice CUT_NOTICE':
      case 'disputeUpheld CUT':
        return pay(soon([1, 2]));
      case 'inParts CUT_NOTICE':
        return pay(soon([1, 1]), 'HALF');
      case 'onLastCall LAST_CALL':
        return pay(this.nowMs + between(this.scenario.seed, once, [2, 20]) * MINUTE_MS);
      case 'minutesAfterCut CUT':
      case 'inParts CUT':
        return pay(this.nowMs + between(this.scenario.seed, once, this.scenario.afterCut.minutes) * MINUTE_MS);
      case 'eveningAfterCut CUT':
        return pay(this.thisEvening());
      case 'daysAfterCut CUT':
        return pay(soon(this.scenario.afterCut.days));
      default:
        return this.askFor(household, happening, once);
    }
  }

  /** What is more than paying: a hold, and what comes of it. */
  private askFor(household: Household, happening: Happening, once: string): void {
    const inHours = this.nowMs + between(this.scenario.seed, once, [1, 4]) * HOUR_MS;
    switch (`${household.behaviour} ${happening}`) {
      case 'guaranteeAfterCut CUT':
        this.plan(household, inHours, () => this.guarantee(household));
        return this.plan(household, inHours + 6 * DAY_MS, () => this.pay(household, 'ALL'));
      case 'planKept ARREARS_NOTICE':
      case 'planBroken ARREARS_NOTICE':
        return this.plan(household, inHours, () => this.agreePlan(household));
      case 'disputeUpheld CUT_NOTICE':
      case 'disputeRejected CUT_NOTICE':
        return this.plan(household, inHours, () =>
          this.hold(household, { kind: 'DISPUTE', reason: 'the customer says the meter runs too fast' }),
        );
      case 'wrongReading BILL':
        return this.plan(household, this.someDay(household, happening, [1, 2]), () =>
          this.hold(household, { kind: 'COMPLAINT', reason: 'the use of one day is far too high' }),
        );
      case 'bankLate CUT_NOTICE':
        return this.plan(household, inHours, () => this.bankIsLate(household));
      default:
        return undefined;
    }
  }

  /** Pays what is owed today, late fees included, or half of what is overdue. Nothing owed, nothing paid. */
  async pay(household: Household, what: 'ALL' | 'HALF', channel?: PaymentChannel): Promise<void> {
    const { accountId, accountNumber } = household;
    const today = localDate(this.ctx.clock.now(), this.ctx.timeZone);
    const due = (await amountsDueOf(this.ctx, this.ctx.db, [accountId], today)).get(accountId)!;
    const amountMinor = what === 'ALL' ? due.totalMinor : due.overdueMinor / 2n;
    await this.hand(household, amountMinor, channel ?? this.channelOf(accountNumber));
  }

  private async hand({ accountNumber }: Household, amountMinor: bigint, channel: PaymentChannel): Promise<void> {
    if (amountMinor <= 0n) return;
    this.payments += 1;
    await receivePayment(
      this.ctx,
      {
        idempotencyKey: `demo-payment-${String(this.payments).padStart(6, '0')}`,
        accountNumber,
        amountMinor,
        currency: 'CNY',
        channel,
      },
      BANK,
    );
  }

  private channelOf(accountNumber: string): PaymentChannel {
    const part = drawn(this.scenario.seed, `channel ${accountNumber}`);
    return part < 0.6 ? 'MOBILE_APP' : part < 0.8 ? 'BANK' : part < 0.9 ? 'SELF_SERVICE' : 'COUNTER_CASH';
  }

  private async overdueOf({ accountId }: Household): Promise<bigint> {
    const today = localDate(this.ctx.clock.now(), this.ctx.timeZone);
    return (await amountsDueOf(this.ctx, this.ctx.db, [accountId], today)).get(accountId)!.overdueMinor;
  }

  private async guarantee(household: Household): Promise<void> {
    const amountMinor = await this.overdueOf(household);
    await this.hold(household, {
      kind: 'GUARANTEE',
      reason: 'a neighbour stands surety',
      untilDate: addDays(localDate(this.ctx.clock.now(), this.ctx.timeZone), 30),
      amountMinor,
    });
  }

  /** Two halves, the first within days; who breaks the plan pays nothing. */
  private async agreePlan(household: Household): Promise<void> {
    const overdueMinor = await this.overdueOf(household);
    if (overdueMinor < 2n) return;
    const today = localDate(this.ctx.clock.now(), this.ctx.timeZone);
    const first = overdueMinor / 2n;
    // Late fees grow meanwhile; the last instalment is what is left then.
    const parts = [
      { dueDate: addDays(today, 4), amountMinor: first },
      { dueDate: addDays(today, 14), amountMinor: overdueMinor - first },
    ];
    await this.hold(household, { kind: 'PAYMENT_PLAN', reason: 'pays in two parts', instalments: parts });
    if (household.behaviour !== 'planKept') return;
    const noon = (day: string) => startOfLocalDay(day, this.ctx.timeZone).getTime() + 12 * HOUR_MS;
    this.plan(household, noon(addDays(today, 3)), () => this.hand(household, first, 'BANK'));
    this.plan(household, noon(addDays(today, 13)), () => this.pay(household, 'ALL', 'BANK'));
  }

  /** The money left the customer's account in time; the bank hands it over days later, and the hotline settles the hold. */
  private async bankIsLate(household: Household): Promise<void> {
    const holdId = await this.hold(household, { kind: 'BANK_LATE', reason: 'the bank did not debit' });
    this.plan(household, this.nowMs + 3 * DAY_MS, () => this.pay(household, 'ALL', 'BANK_FILE'));
    if (holdId) this.plan(household, this.nowMs + 3 * DAY_MS + HOUR_MS, () => this.settle(holdId));
  }

  private settle(holdId: string): Promise<void> {
    const decision = { holdId, outcome: 'SETTLED', note: 'the money of the bank has come' } as const;
    return this.unlessRefused(() =>
      endHold(this.ctx, { ...decision, idempotencyKey: `demo-settle-${holdId}` }, HOTLINE),
    );
  }

  private async hold(
    { accountId, accountNumber }: Household,
    terms: Omit<HoldOpening, 'accountId' | 'idempotencyKey'>,
  ): Promise<string | undefined> {
    let holdId: string | undefined;
    await this.unlessRefused(async () => {
      const opening = { ...terms, accountId, idempotencyKey: `demo-hold-${terms.kind}-${accountNumber}` };
      holdId = (await openHold(this.ctx, opening, HOTLINE)).holdId;
    });
    return holdId;
  }

  /** What the product refuses (a hold of the kind is open already) is no end of the story: the customer is told, and that is all. */
  private async unlessRefused(act: () => Promise<unknown>): Promise<void> {
    try {
      await act();
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
    }
  }

  private plan({ accountNumber }: Household, atMs: number, act: () => Promise<void | string | undefined>): void {
    this.agenda.add(atMs, RANK.customer, accountNumber, async () => void (await act()));
  }

  private get nowMs(): number {
    return this.ctx.clock.now().getTime();
  }

  /** A half hour of one of the next days, when people are awake. */
  private someDay({ accountNumber }: Household, about: string, [from, to]: readonly [number, number]): number {
    const { seed } = this.scenario;
    const question = `${accountNumber} ${about}`;
    const days = Math.floor(between(seed, `days ${question}`, [from, to + 1]));
    const hour = Math.floor(between(seed, `hour ${question}`, AWAKE) * 2) / 2;
    const day = addDays(localDate(this.ctx.clock.now(), this.ctx.timeZone), days);
    const atMs = startOfLocalDay(day, this.ctx.timeZone).getTime() + hour * HOUR_MS;
    return atMs > this.nowMs ? atMs : atMs + DAY_MS;
  }

  private thisEvening(): number {
    const [hours = 0, minutes = 0] = this.scenario.afterCut.evening.split(':').map(Number);
    const midnight = startOfLocalDay(localDate(this.ctx.clock.now(), this.ctx.timeZone), this.ctx.timeZone).getTime();
    return Math.max(this.nowMs + MINUTE_MS, midnight + hours * HOUR_MS + minutes * MINUTE_MS);
  }
}
