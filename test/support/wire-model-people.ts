import { closeInterruption } from '../../src/flows/change-interruption.js';
import { approveSwitchCommand, cancelSwitchCommand } from '../../src/flows/decide-switch.js';
import { receivePayment, type PaymentInput } from '../../src/flows/receive-payment.js';
import { requestCut } from '../../src/flows/request-switch.js';
import { reversePayment } from '../../src/flows/reverse-payment.js';
import { UserError } from '../../src/platform/errors.js';
import { person } from './test-relight.js';
import type { Dice } from './wire-model.js';
import type { RaceTable } from './wire-model-table.js';
import type { RaceAccount } from './wire-model-account.js';
import { serveCutNotice } from '../flow/support/served-notice.js';

const CLERK = person('clerk');
const SUPERVISOR = person('supervisor');
/** A cut is asked for at most this often for one account. */
const MAX_REQUESTS = 3;

/** One account in one of the exam's stories: what has been paid so far, and what the payer still means to do. */
export interface Player {
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

/** Clerks, supervisors, payers and banks of one race: what people do to the accounts, drawn from the race's dice. */
export class People {
  readonly players: readonly Player[];
  /** Where commands and relays stood when a payment arrived: what the exam has covered. */
  readonly stages = new Map<string, number>();
  private acts = 0;

  constructor(
    private readonly table: RaceTable,
    accounts: readonly RaceAccount[],
    private readonly seed: number,
    private readonly dice: Dice,
    private readonly note: (line: string) => void,
  ) {
    this.players = accounts.map((account) => ({
      account,
      intent: dice.pick(INTENTS),
      payments: [],
      moment: dice.pick(MOMENTS),
      requests: 0,
    }));
  }

  anyone(): Player {
    return this.dice.pick(this.players);
  }

  /** A player whose newest command stands like that; one time in twelve anybody, since people do press the wrong button. */
  private async playerIn(fits: (state: string, player: Player) => boolean): Promise<Player | undefined> {
    if (this.dice.chance(1 / 12)) return this.anyone();
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

  async request(): Promise<void> {
    const player = await this.playerIn(
      (state, { requests }) => requests < MAX_REQUESTS && !/PENDING|QUEUED|SENT|ACCEPTED|ARMED|UNKNOWN/.test(state),
    );
    if (!player) return;
    player.requests += 1;
    const { serial, servicePointId } = player.account;
    const request = {
      servicePointId,
      reason: 'ARREARS' as const,
      note: 'unpaid',
    };
    await serveCutNotice(this.table, { servicePointId });
    const idempotencyKey = `request-${this.seed}-${(this.acts += 1)}-${serial}`;
    const receipt = await this.act(`${serial} cut asked for`, ['COMMAND_OPEN', 'CUT_BLOCKED'], () =>
      requestCut(this.table.ctx, { ...request, idempotencyKey }, CLERK),
    );
    player.cutId = receipt?.commandId ?? player.cutId;
  }

  async decide(): Promise<void> {
    const player = await this.playerIn((state) => state === 'CUT PENDING_APPROVAL' || state === 'CUT QUEUED');
    if (!player?.cutId) return;
    const { serial } = player.account;
    const decision = {
      commandId: player.cutId,
      note: 'decided',
      idempotencyKey: `decide-${this.seed}-${(this.acts += 1)}-${serial}`,
    };
    if (this.dice.chance(0.9)) {
      await this.act(`${serial} cut approved`, ['NOT_WAITING_FOR_APPROVAL', 'CUT_BLOCKED'], () =>
        approveSwitchCommand(this.table.ctx, { ...decision, role: 'SUPERVISOR' }, SUPERVISOR),
      );
    } else {
      await this.act(`${serial} cut cancelled by a person`, ['ALREADY_SENT'], () =>
        cancelSwitchCommand(this.table.ctx, decision, SUPERVISOR),
      );
    }
  }

  /** Danger at a house: cut at once, whoever has paid what. */
  async endanger(): Promise<void> {
    const { serial, servicePointId } = this.anyone().account;
    const idempotencyKey = `danger-${this.seed}-${(this.acts += 1)}-${serial}`;
    const request = { servicePointId, reason: 'SAFETY', note: 'smoke at the meter', idempotencyKey } as const;
    await this.act(`${serial} cut for danger`, ['COMMAND_OPEN', 'CUT_BLOCKED'], () =>
      // Another person each time: one may ask for few of these in a day.
      requestCut(this.table.ctx, request, person(`warden ${idempotencyKey}`)),
    );
  }

  /** The danger is over at one of the houses. */
  async makeSafe(): Promise<void> {
    const dangers = await this.table.dangers(this.players.map(({ account }) => account));
    if (dangers.length === 0) return;
    const { interruptionId, serial } = this.dice.pick(dangers);
    const closing = { interruptionId, note: 'repaired', idempotencyKey: `safe-${interruptionId}` };
    await this.act(`${serial} danger over`, [], () => closeInterruption(this.table.ctx, closing, SUPERVISOR));
  }

  /** Somebody pays whose moment has come. */
  async pay(): Promise<void> {
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
  async payAgain(): Promise<void> {
    const player = this.anyone();
    if (player.payments.length === 0) return;
    const { input, id } = this.dice.pick(player.payments);
    const { payment, replayed } = await receivePayment(this.table.ctx, input, person('bank'));
    this.note(`${player.account.serial} payment repeated`);
    if (!replayed || payment.id !== id)
      this.table.oracle.faults.push(`payment ${input.idempotencyKey} had two effects`);
  }

  async bounce(): Promise<void> {
    const player = this.anyone();
    const bounced = player.payments.find(({ reversed }) => !reversed);
    if (player.intent !== 'bounces' || !bounced) return;
    const reversal = { paymentId: bounced.id!, reason: 'cheque bounced', idempotencyKey: `bounce-${bounced.id}` };
    await reversePayment(this.table.ctx, reversal, person('counter'));
    bounced.reversed = true;
    this.note(`${player.account.serial} payment bounced`);
  }

  paidMinor({ payments }: Player): bigint {
    return payments.reduce((sum, { input, reversed }) => sum + (reversed ? 0n : input.amountMinor), 0n);
  }
}
