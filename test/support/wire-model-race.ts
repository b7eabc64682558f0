import { dispatchCuts, dispatchRestores } from '../../src/flows/dispatch-switch.js';
import { approveSwitchCommand, cancelSwitchCommand } from '../../src/flows/decide-switch.js';
import { attendCommands } from '../../src/flows/attend-commands.js';
import { receivePayment, type PaymentInput } from '../../src/flows/receive-payment.js';
import { requestCut } from '../../src/flows/request-switch.js';
import { reversePayment } from '../../src/flows/reverse-payment.js';
import { reconcileSupply } from '../../src/flows/schedules.js';
import { UserError } from '../../src/platform/errors.js';
import { person } from './test-relight.js';
import { Dice, type WireFaults } from './wire-model.js';
import type { RaceAccount, RaceTable } from './wire-model-table.js';

const FAULTS: WireFaults = { lost: 0.14, doubled: 0.12, held: 0.08 };
const CLERK = person('clerk');
const SUPERVISOR = person('supervisor');
/** Product time that passes with every step, and the leap that outlives every cut's validity (10 min), ms. */
const STEP_MS = 400;
const LEAP_MS = 11 * 60_000;
/** Leaps must not carry the day past the hours in which cuts may be sent. */
const MAX_LEAPS = 14;
const STEPS_PER_ACCOUNT = 34;
/** A cut is asked for at most this often for one account. */
const MAX_REQUESTS = 3;

/** One account in one of the exam's stories: what has been paid so far, and what the payer still means to do. */
interface Player {
  readonly account: RaceAccount;
  readonly intent: 'pays' | 'pays in parts' | 'overpays' | 'pays in part only' | 'never pays' | 'bounces';
  readonly payments: { readonly input: PaymentInput; id?: string; reversed: boolean }[];
  /** Where its cut stands when this account first pays. */
  readonly moment: Moment;
  requests: number;
  cutId?: string;
}

/** The moments at which a payment races its cut. EXECUTED: the relay is open and the head-end has no proof of it yet. */
const MOMENTS = [
  'ANY',
  'PENDING_APPROVAL',
  'QUEUED',
  'QUEUED',
  'SENT',
  'SENT',
  'EXECUTED',
  'EXECUTED',
  'ACCEPTED',
  'ACCEPTED',
  'UNKNOWN',
  'VERIFIED',
] as const;
type Moment = (typeof MOMENTS)[number];

/** After one of these the moment is missed, and any other will do. */
const ENDS = ['VERIFIED', 'REJECTED', 'EXPIRED', 'FAILED', 'CANCELLED', 'SUPERSEDED'];

const INTENTS: readonly Player['intent'][] = [
  'pays',
  'pays',
  'pays',
  'pays in parts',
  'pays in parts',
  'overpays',
  'pays in part only',
  'never pays',
  'bounces',
];

/** A running interleaving of some accounts, all decisions from one seed. */
export class Race {
  readonly trace: string[] = [];
  /** Where commands and relays stood when a payment arrived: what the exam has covered. */
  readonly stages = new Map<string, number>();
  private readonly dice: Dice;
  private readonly players: Player[];
  private leaps = 0;

  constructor(
    private readonly table: RaceTable,
    accounts: readonly RaceAccount[],
    readonly seed: number,
  ) {
    this.dice = new Dice(seed);
    this.players = accounts.map((account) => ({
      account,
      intent: this.dice.pick(INTENTS),
      payments: [],
      moment: this.dice.pick(MOMENTS),
      requests: 0,
    }));
  }

  /** Plays all steps; afterwards the wire may still be full and commands open. */
  async play(): Promise<void> {
    const steps: readonly (readonly [number, () => Promise<void> | void])[] = [
      [4, () => this.request()],
      [6, () => this.decide()],
      [8, () => this.pay()],
      [1, () => this.payAgain()],
      [1, () => this.bounce()],
      [6, () => this.dispatchCuts()],
      [6, () => this.dispatchRestores()],
      [6, () => this.silence()],
      [4, () => this.attend()],
      [26, () => this.deliverDown()],
      [18, () => this.deliverUp()],
      [10, () => this.table.wire.pass(5 + this.dice.below(30))],
      [2, () => this.reboot()],
      [2, () => this.press()],
      [2, () => this.contact()],
      [1, () => this.leap()],
      [1, () => reconcileSupply(this.table.ctx, this.table.clock.now())],
    ];
    const bag = steps.flatMap(([weight, step]) => Array.from({ length: weight }, () => step));
    for (let left = this.players.length * STEPS_PER_ACCOUNT; left > 0; left -= 1) {
      await this.dice.pick(bag)();
      this.table.clock.pass(STEP_MS);
    }
  }

  get faults(): string[] {
    return this.table.oracle.faults;
  }

  private note(line: string): void {
    this.trace.push(line);
  }

  private player(): Player {
    return this.dice.pick(this.players);
  }

  /** A player whose newest command stands like that; one time in twelve anybody, since people do press the wrong button. */
  private async playerIn(fits: (state: string, player: Player) => boolean): Promise<Player | undefined> {
    if (this.dice.chance(1 / 12)) return this.player();
    const states = await this.table.commandStates(this.players.map(({ account }) => account));
    const fitting = this.players.filter((player) => fits(states.get(player.account.servicePointId) ?? 'none', player));
    return fitting.length > 0 ? this.dice.pick(fitting) : undefined;
  }

  /** Runs what a person does; a refusal with one of these codes is an answer like any other. */
  private async act<T>(what: string, allowed: readonly string[], act: () => Promise<T>): Promise<T | undefined> {
    try {
      const result = await act();
      this.note(what);
      return result;
    } catch (error) {
      if (!(error instanceof UserError) || !allowed.includes(error.code)) throw error;
      this.note(`${what}: ${error.code}`);
      return undefined;
    }
  }

  private async request(): Promise<void> {
    const player = await this.playerIn(
      (state, { requests }) => requests < MAX_REQUESTS && !/PENDING|QUEUED|SENT|ACCEPTED|ARMED|UNKNOWN/.test(state),
    );
    if (!player) return;
    player.requests += 1;
    const { serial, servicePointId } = player.account;
    const request = {
      servicePointId,
      reason: 'ARREARS' as const,
      noticeServedOn: '2026-03-06',
      noticeProof: 'signature',
      note: 'unpaid',
    };
    const idempotencyKey = `request-${this.seed}-${this.trace.length}-${serial}`;
    const receipt = await this.act(`${serial} cut asked for`, ['COMMAND_OPEN', 'CUT_BLOCKED'], () =>
      requestCut(this.table.ctx, { ...request, idempotencyKey }, CLERK),
    );
    player.cutId = receipt?.commandId ?? player.cutId;
  }

  private async decide(): Promise<void> {
    const player = await this.playerIn((state) => state === 'CUT PENDING_APPROVAL' || state === 'CUT QUEUED');
    if (!player?.cutId) return;
    const { serial } = player.account;
    const decision = {
      commandId: player.cutId,
      note: 'decided',
      idempotencyKey: `decide-${this.seed}-${this.trace.length}-${serial}`,
    };
    if (this.dice.chance(0.9)) {
      await this.act(`${serial} cut approved`, ['NOT_WAITING_FOR_APPROVAL', 'CUT_BLOCKED'], () =>
        approveSwitchCommand(this.table.ctx, decision, SUPERVISOR),
      );
    } else {
      await this.act(`${serial} cut cancelled by a person`, ['ALREADY_SENT'], () =>
        cancelSwitchCommand(this.table.ctx, decision, SUPERVISOR),
      );
    }
  }

  /** Somebody pays whose moment has come. */
  private async pay(): Promise<void> {
    const states = await this.table.commandStates(this.players.map(({ account }) => account));
    const payers = this.players.filter((player) => this.owedMinor(player) > 0n);
    const stateOf = ({ account }: Player) => states.get(account.servicePointId);
    const now = payers.filter((player) => this.isMoment(player, stateOf(player)));
    const ready =
      now.length > 0
        ? now
        : payers.filter((player) => player.payments.length > 0 || ENDS.includes(stateOf(player)?.split(' ')[1] ?? ''));
    if (ready.length === 0) return;
    const player = this.dice.pick(ready);
    const { account, intent, payments } = player;
    const owedMinor = this.owedMinor(player);
    const parts = intent === 'pays in parts' || intent === 'pays in part only';
    const amountMinor =
      parts && payments.length < 2 ? owedMinor / 3n + 1n : owedMinor + (intent === 'overpays' ? 100_000n : 0n);
    const relay = this.table.wire.meter(account.serial).relayClosed ? 'closed' : 'open';
    const stage = `${stateOf(player) ?? 'no command'}, relay ${relay}`;
    this.stages.set(stage, (this.stages.get(stage) ?? 0) + 1);
    const idempotencyKey = `pay-${this.seed}-${account.serial}-${payments.length}`;
    const input: PaymentInput = {
      idempotencyKey,
      accountNumber: account.accountNumber,
      amountMinor,
      currency: 'CNY',
      channel: 'BANK',
    };
    const { payment } = await receivePayment(this.table.ctx, input, person('bank'));
    payments.push({ input, id: payment.id, reversed: false });
    await this.table.oracle.paidInFull(account, stateOf(player), this.table.clock.now());
    this.note(`${account.serial} paid ${amountMinor} of ${owedMinor} (${stage})`);
  }

  /** What this player still means to pay of what is overdue. */
  private owedMinor(player: Player): bigint {
    const { account, intent, payments } = player;
    if (intent === 'never pays' || (intent === 'pays in part only' && payments.length > 0)) return 0n;
    return account.overdueMinor - this.paidMinor(player);
  }

  private isMoment({ moment, payments, account }: Player, state: string | undefined): boolean {
    if (payments.length > 0) return false;
    if (moment === 'EXECUTED')
      return (
        (state === 'CUT SENT' || state === 'CUT UNKNOWN' || state === 'CUT ACCEPTED') &&
        !this.table.wire.meter(account.serial).relayClosed
      );
    return moment === 'ANY' || state === `CUT ${moment}`;
  }

  /** The bank repeats a payment it has had an answer to. */
  private async payAgain(): Promise<void> {
    const player = this.player();
    if (player.payments.length === 0) return;
    const { input, id } = this.dice.pick(player.payments);
    const { payment, replayed } = await receivePayment(this.table.ctx, input, person('bank'));
    this.note(`${player.account.serial} payment repeated`);
    if (!replayed || payment.id !== id) this.faults.push(`payment ${input.idempotencyKey} had two effects`);
  }

  private async bounce(): Promise<void> {
    const player = this.player();
    const bounced = player.payments.find(({ reversed }) => !reversed);
    if (player.intent !== 'bounces' || !bounced) return;
    const reversal = { paymentId: bounced.id!, reason: 'cheque bounced', idempotencyKey: `bounce-${bounced.id}` };
    await reversePayment(this.table.ctx, reversal, person('counter'));
    bounced.reversed = true;
    this.note(`${player.account.serial} payment bounced`);
  }

  private paidMinor({ payments }: Player): bigint {
    return payments.reduce((sum, { input, reversed }) => sum + (reversed ? 0n : input.amountMinor), 0n);
  }

  private async dispatchCuts(): Promise<void> {
    await dispatchCuts(this.table.ctx, async (order) => {
      const player = this.players.find(({ account }) => account.serial === order.serial);
      const owedMinor = player ? player.account.longOverdueMinor - this.paidMinor(player) : 0n;
      if (owedMinor < this.table.ctx.cutPolicy.minDebtMinor)
        this.faults.push(`cut sent to ${order.serial}, which owes ${owedMinor}`);
      // One time in ten the process dies between the commit and the wire.
      const lost = this.dice.chance(0.1);
      if (!lost) this.table.publishSwitch(order);
      this.note(`${order.serial} cut ${order.sequence} sent${lost ? ', never published' : ''}`);
      // Somebody may pay while the next cut of the group is still to be decided.
      if (this.dice.chance(0.3)) await this.pay();
    });
  }

  private async dispatchRestores(): Promise<void> {
    const orders = await dispatchRestores(this.table.ctx);
    for (const order of orders) {
      const lost = this.dice.chance(0.1);
      if (!lost) this.table.publishSwitch(order);
      this.note(`${order.serial} restore ${order.sequence} sent${lost ? ', never published' : ''}`);
    }
  }

  private async silence(): Promise<void> {
    const { account } = this.player();
    const giveUp = this.dice.chance(0.04);
    await this.table.timeOut([account], giveUp);
    this.note(`${account.serial} time-out passes${giveUp ? ', and the whole window' : ''}`);
  }

  private async attend(): Promise<void> {
    const { reads } = await attendCommands(this.table.ctx);
    for (const read of reads) this.table.publishRead(read);
    await this.table.oracle.judge(this.players.map(({ account }) => account.serial));
    if (reads.length > 0) this.note(`${reads.map(({ serial }) => serial).join(' ')} asked for their state`);
  }

  private deliverDown(): void {
    const taken = this.table.wire.take(this.table.wire.down, this.dice, FAULTS);
    if (!taken) return;
    if (taken.fate === 'delivered' || taken.fate === 'doubled') this.table.oracle.deliverDown(taken.parcel);
    this.note(`${taken.parcel.serial} down ${this.table.describe(taken.parcel)} ${taken.fate}`);
  }

  private async deliverUp(): Promise<void> {
    const group = Array.from({ length: 1 + this.dice.below(3) }, () =>
      this.table.wire.take(this.table.wire.up, this.dice, FAULTS),
    ).filter((taken) => taken !== undefined);
    for (const { parcel, fate } of group) this.note(`${parcel.serial} up ${this.table.describe(parcel)} ${fate}`);
    await this.table.takeUp(
      group.filter(({ fate }) => fate === 'delivered' || fate === 'doubled').map(({ parcel }) => parcel),
    );
  }

  private reboot(): void {
    const { serial } = this.player().account;
    this.table.wire.reboot(serial, this.dice.below(40));
    this.note(`${serial} restarts`);
  }

  private press(): void {
    const armed = this.players.filter(({ account }) => this.table.wire.meter(account.serial).armed);
    if (armed.length === 0) return;
    const { serial } = this.dice.pick(armed).account;
    this.table.wire.press(serial);
    this.note(`${serial} button pressed`);
  }

  private contact(): void {
    const { serial } = this.player().account;
    this.table.wire.contact(serial);
    this.note(`${serial} says how it stands`);
  }

  private leap(): void {
    if (this.leaps >= MAX_LEAPS || !this.dice.chance(0.3)) return;
    this.leaps += 1;
    this.table.clock.pass(LEAP_MS);
    this.note('eleven minutes pass');
  }
}
