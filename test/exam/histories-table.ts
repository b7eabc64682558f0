/** A database in which many histories are played at once, each on an account of its own. */
import { insertConnections } from '../../src/accounts/connections.js';
import { insertArrearsCauses, insertContactProofs } from '../../src/dunning/standings.js';
import { insertInstallations, insertMeters } from '../../src/metering/installations.js';
import type { FlowContext } from '../../src/flows/context.js';
import { setPaymentChannel } from '../../src/flows/set-payment-channel.js';
import { newId } from '../../src/platform/ids.js';
import { UserError } from '../../src/platform/errors.js';
import type { SwitchOrder } from '../../src/switching/dispatch.js';
import { contextAt } from '../flow/support/acts.js';
import { buildDistrict, newKey, statementOf } from '../flow/support/houses.js';
import { CHINA } from '../support/policies.js';
import { person, startTestRelight, type TestRelight } from '../support/test-relight.js';
import { Dice } from '../support/wire-model.js';
import { Book } from './histories-book.js';
import { dateOf, dayOf, instant, Story } from './histories-story.js';
import { COUNTER, type Town } from './histories-town.js';

const CLERK = person('exam-clerk');
/** Requests that run beside each other: as many as keep both the database and this process busy. */
const LANES = 8;
const DISTRICTS = 4;

/** Everything is looked for when its time has come; a nudge would only cost time. */
const NOBODY_LISTENS = { nudge: () => undefined } as unknown as FlowContext['nudges'];

export class Table {
  readonly town: Town = { stopped: false, closedUntil: new Map(), appDown: false };
  readonly stories: Story[] = [];
  readonly byAccount = new Map<string, Story>();
  private readonly byNumber = new Map<string, Story>();
  readonly districts: string[] = [];
  readonly dice: Dice;
  /** What happened, and what blocked, how often. */
  readonly counts = new Map<string, number>();
  readonly blocked = new Map<string, number>();
  readonly asked = new Map<string, number>();
  /** Orders that the meters have not answered yet. */
  sent: { order: SwitchOrder; story: Story }[] = [];
  day: number;
  /** Days played so far. */
  played = 0;
  /** Notices made before this instant have been seen. */
  lookedMs = 0;
  private lastFee = 0n;

  private constructor(
    readonly relight: TestRelight,
    readonly seed: number,
  ) {
    this.dice = new Dice(seed);
    this.day = dayOf('2026-02-24') + this.dice.below(50);
  }

  static async open(seed: number, accounts: number): Promise<Table> {
    const relight = await startTestRelight({ wire: false, policies: CHINA });
    const table = new Table(relight, seed);
    for (let n = 0; n < DISTRICTS; n += 1) table.districts.push(await buildDistrict(relight));
    const ms = instant(table.day, 0);
    for (const districtId of table.districts) await table.setCounter(ms, districtId, null);
    for (let n = 0; n < accounts; n += 1) table.drawAccount(n);
    await table.build();
    return table;
  }

  ctx(ms: number): FlowContext {
    return { ...contextAt(this.relight, new Date(ms)), nudges: NOBODY_LISTENS };
  }

  /** One statement, by its text. */
  sql<Row>(text: string, values: readonly unknown[] = []): Promise<Row[]> {
    return this.relight.ctx.db.rows<Row>(statementOf(text), values);
  }

  /** Late fees that the product has entered or waived since the last look: what they must be is examined elsewhere. */
  async readFees(): Promise<void> {
    const rows = await this.sql<{ id: bigint; accountId: string; bill: string; kind: string; fen: bigint; at: Date }>(
      `SELECT id, coalesce(debit_account_id, credit_account_id) AS "accountId", bill_id AS bill, kind, amount_minor AS fen, at
       FROM ledger_entry WHERE id > $1 AND kind IN ('LATE_FEE', 'LATE_FEE_REVERSED') ORDER BY id`,
      [this.lastFee],
    );
    // A waiver takes a fee back and enters what is left of it; only the difference is a fact.
    const sums = new Map<string, (typeof rows)[number]>();
    for (const row of rows) {
      this.lastFee = row.id;
      const key = `${row.bill} ${row.at.getTime()}`;
      const fen = (row.kind === 'LATE_FEE' ? row.fen : -row.fen) + (sums.get(key)?.fen ?? 0n);
      sums.set(key, { ...row, fen });
      this.count(row.kind === 'LATE_FEE' ? 'late fee entered' : 'late fee reversed');
    }
    for (const { accountId, bill, fen, at } of sums.values())
      this.byAccount.get(accountId)?.addFee(at.getTime(), bill, fen);
  }

  storyOf = ({ accountNumber }: SwitchOrder): Story | undefined => this.byNumber.get(accountNumber);

  bookOf = (story: Story): Book => new Book(story);

  count(what: string, times = 1): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + times);
  }

  block(code: string, times = 1): void {
    this.blocked.set(code, (this.blocked.get(code) ?? 0) + times);
  }

  /** Runs work for each, some at once. */
  async each<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
    const waiting = [...items];
    const lane = async (): Promise<void> => {
      for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(item);
    };
    await Promise.all(Array.from({ length: LANES }, lane));
  }

  /** Does something that the product may refuse by name; the refusal is counted. Returns what came of it. */
  async attempt<Result>(what: string, work: () => Promise<Result>): Promise<Result | UserError> {
    try {
      const result = await work();
      this.count(what);
      return result;
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      this.count(`${what} refused: ${error.code}`);
      if (error.code === 'CUT_BLOCKED')
        for (const [, code] of error.message.matchAll(/\b([A-Z]+_[A-Z_]+) \(/g)) this.block(code!);
      return error;
    }
  }

  /** Closes the counter of a district up to a day, or opens it. */
  async setCounter(ms: number, districtId: string, closedUntil: number | null): Promise<void> {
    const hhmm = (minute: number): string =>
      `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;
    const hours = [1, 2, 3, 4, 5, 6].map((weekday) => ({
      weekday,
      opens: hhmm(COUNTER.opens),
      closes: hhmm(COUNTER.closes),
    }));
    await setPaymentChannel(
      this.ctx(ms),
      {
        code: `EXAM-${this.districts.indexOf(districtId)}`,
        name: '考试营业厅',
        kind: 'COUNTER',
        districtId,
        hours,
        openOnHolidays: false,
        closedFrom: closedUntil === null ? null : dateOf(this.day),
        closedUntil: closedUntil === null ? null : dateOf(closedUntil),
        downSince: null,
        note: 'exam',
        idempotencyKey: newKey(),
      },
      CLERK,
    );
    if (closedUntil === null) this.town.closedUntil.delete(districtId);
    else this.town.closedUntil.set(districtId, closedUntil);
  }

  async setApp(ms: number, down: boolean): Promise<void> {
    const hours = [1, 2, 3, 4, 5, 6, 7].map((weekday) => ({ weekday, opens: '00:00', closes: '24:00' }));
    const app = { code: 'APP', name: '掌上电力', kind: 'APP', districtId: null, hours, openOnHolidays: true } as const;
    const stands = { closedFrom: null, closedUntil: null, downSince: down ? new Date(ms) : null };
    await setPaymentChannel(this.ctx(ms), { ...app, ...stands, note: 'exam', idempotencyKey: newKey() }, CLERK);
    this.town.appDown = down;
  }

  private drawAccount(index: number): void {
    const { dice } = this;
    const customerClass = dice.pick(['RESIDENTIAL', 'RESIDENTIAL', 'RESIDENTIAL', 'COMMERCIAL', 'INDUSTRIAL'] as const);
    const story = new Story(index, this.seed, customerClass, dice.chance(0.3));
    const number = String(index).padStart(6, '0');
    Object.assign(story, {
      customerId: newId(),
      accountId: newId(),
      accountNumber: `7700${number}`,
      servicePointId: newId(),
      districtId: this.districts[index % DISTRICTS]!,
      meterId: newId(),
      serial: `770000${number}`,
      installationId: newId(),
      mobile: { id: newId(), value: `138${number}00` },
      landline: { id: newId(), value: `0531${number}` },
      address: { id: newId(), value: `考试路${number}号` },
    });
    this.stories.push(story);
    this.byAccount.set(story.accountId, story);
    this.byNumber.set(story.accountNumber, story);
  }

  private async build(): Promise<void> {
    const ms = instant(this.day - 400, 600);
    const at = new Date(ms);
    const asked = this.stories.map(({ dice }) => dice.chance(0.85));
    const gateways = await this.sql<{ id: string; districtId: string }>(
      `SELECT id, district_id AS "districtId" FROM gateway`,
    );
    await this.relight.ctx.db.transaction('exam-build', async (tx) => {
      await insertConnections(
        tx,
        this.stories.map((story, place) => this.connection(story, asked[place]!, ms)),
        at,
        CLERK,
      );
      await insertMeters(
        tx,
        this.stories.map(({ meterId, serial, districtId }) => ({
          id: meterId,
          serial,
          gatewayId: gateways.find((one) => one.districtId === districtId)!.id,
          reconnectMode: 'DIRECT',
          publicKeyHex: '00'.repeat(32),
        })),
      );
      const installations = this.stories.map(({ installationId: id, meterId, servicePointId }) => {
        return { id, meterId, servicePointId, installedAt: at, installedWh: 0n };
      });
      await insertInstallations(tx, installations, at, CLERK);
      await this.placeStanding(tx, ms);
    });
    for (const story of this.stories) story.add(ms, { what: 'meter', installation: story.installationId });
  }

  private connection(story: Story, asked: boolean, ms: number): Parameters<typeof insertConnections>[1][number] {
    if (asked) story.add(ms, { what: 'asked' });
    const { customerId, accountId, accountNumber, servicePointId, districtId, mobile, landline, address } = story;
    return {
      customerId,
      accountId,
      accountNumber,
      servicePointId,
      districtId,
      customerClass: story.customerClass,
      name: '考试',
      idDocument: null,
      protectionAskedOn: asked ? dateOf(this.day - 400) : null,
      contacts: [
        { ...mobile, kind: 'MOBILE' },
        { ...landline, kind: 'LANDLINE' },
        { ...address, kind: 'ADDRESS' },
      ],
      protections: [],
      currency: 'CNY',
      tariffCode: 'HUBEI-COMMERCIAL',
      paymentMode: story.prepaid ? 'PREPAID' : 'POSTPAID',
      servicePointNumber: `6600${String(story.index).padStart(6, '0')}`,
      address: address.value,
    };
  }

  /** Most are reachable, and of most somebody knows why they owe. */
  private async placeStanding(tx: Parameters<typeof insertContactProofs>[0], ms: number): Promise<void> {
    const laterMs = ms + (20 + this.dice.below(300)) * 86_400_000;
    const at = new Date(laterMs);
    const reached = this.stories.filter(({ dice }) => dice.chance(0.9));
    for (const story of reached)
      story.add(laterMs, { what: 'tried', contact: story.mobile.id, whenMs: laterMs, outcome: 'REACHED' });
    await insertContactProofs(
      tx,
      reached.map(({ mobile }) => {
        return { id: newId(), contactId: mobile.id, at, outcome: 'REACHED', how: 'CALL', reference: 'call 1' };
      }),
      { at, actor: CLERK },
    );
    const known = this.stories.flatMap((story) => {
      const cause = story.dice.pick([
        'FORGOT',
        'FORGOT',
        'FORGOT',
        'MALICIOUS',
        'MALICIOUS',
        'MALICIOUS',
        'TENANT',
        null,
      ] as const);
      if (cause === null) return [];
      story.add(laterMs, { what: 'cause', cause });
      return [{ id: newId(), accountId: story.accountId, cause, note: 'exam', evidence: null }];
    });
    await insertArrearsCauses(tx, known, { at, actor: CLERK });
  }
}
