import { dispatchCuts, dispatchRestores } from '../../src/flows/dispatch-switch.js';
import { attendCommands } from '../../src/flows/attend-commands.js';
import { reconcileSupply } from '../../src/flows/schedules.js';
import { Dice, type WireFaults } from './wire-model.js';
import { People } from './wire-model-people.js';
import type { RaceTable } from './wire-model-table.js';
import type { RaceAccount } from './wire-model-account.js';
import { MIN_DEBT_MINOR } from './policies.js';

const FAULTS: WireFaults = { lost: 0.14, doubled: 0.12, held: 0.08 };
/** Product time that passes with every step, and the leap that outlives every cut's validity (10 min), ms. */
const STEP_MS = 400;
const LEAP_MS = 11 * 60_000;
/** Leaps must not carry the day past the hours in which cuts may be sent. */
const MAX_LEAPS = 14;
const STEPS_PER_ACCOUNT = 34;

/** A running interleaving of some accounts, all decisions from one seed. */
export class Race {
  readonly trace: string[] = [];
  private readonly dice: Dice;
  readonly people: People;
  private leaps = 0;

  constructor(
    private readonly table: RaceTable,
    accounts: readonly RaceAccount[],
    readonly seed: number,
  ) {
    this.dice = new Dice(seed);
    this.people = new People(table, accounts, seed, this.dice, (line) => this.trace.push(line));
  }

  /** Plays all steps; afterwards the wire may still be full and commands open. */
  async play(): Promise<void> {
    const steps: readonly (readonly [number, () => Promise<void> | void])[] = [
      [4, () => this.people.request()],
      [6, () => this.people.decide()],
      [8, () => this.people.pay()],
      [1, () => this.people.payAgain()],
      [1, () => this.people.bounce()],
      [1, () => this.people.endanger()],
      [2, () => this.people.makeSafe()],
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
    for (let left = this.people.players.length * STEPS_PER_ACCOUNT; left > 0; left -= 1) {
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

  private async dispatchCuts(): Promise<void> {
    await dispatchCuts(this.table.ctx, async (order) => {
      const player = this.people.players.find(({ account }) => account.serial === order.serial);
      const owedMinor = player ? player.account.longOverdueMinor - this.people.paidMinor(player) : 0n;
      if (order.reason === 'ARREARS' && owedMinor < MIN_DEBT_MINOR)
        this.faults.push(`cut sent to ${order.serial}, which owes ${owedMinor}`);
      // One time in ten the process dies between the commit and the wire.
      const lost = this.dice.chance(0.1);
      if (!lost) this.table.publishSwitch(order);
      this.note(`${order.serial} cut ${order.sequence} sent${lost ? ', never published' : ''}`);
      // Somebody may pay while the next cut of the group is still to be decided.
      if (this.dice.chance(0.3)) await this.people.pay();
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
    const { account } = this.people.anyone();
    const giveUp = this.dice.chance(0.04);
    await this.table.timeOut([account], giveUp);
    this.note(`${account.serial} time-out passes${giveUp ? ', and the whole window' : ''}`);
  }

  private async attend(): Promise<void> {
    const { reads } = await attendCommands(this.table.ctx);
    for (const read of reads) this.table.publishRead(read);
    await this.table.oracle.judge(this.people.players.map(({ account }) => account.serial));
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
    const { serial } = this.people.anyone().account;
    this.table.wire.reboot(serial, this.dice.below(40));
    this.note(`${serial} restarts`);
  }

  private press(): void {
    const armed = this.people.players.filter(({ account }) => this.table.wire.meter(account.serial).armed);
    if (armed.length === 0) return;
    const { serial } = this.dice.pick(armed).account;
    this.table.wire.press(serial);
    this.note(`${serial} button pressed`);
  }

  private contact(): void {
    const { serial } = this.people.anyone().account;
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
