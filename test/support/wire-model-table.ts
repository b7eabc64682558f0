import { attendCommands } from '../../src/flows/attend-commands.js';
import type { FlowContext } from '../../src/flows/context.js';
import { dispatchCuts, dispatchRestores } from '../../src/flows/dispatch-switch.js';
import { expireApprovals, reconcileSupply } from '../../src/flows/schedules.js';
import { takeUplink } from '../../src/flows/take-uplink.js';
import { encodeRead, encodeSwitch } from '../../src/head-end/codecs/orders.js';
import { PartiesDirectory } from '../../src/head-end/known-parties.js';
import { signEnvelope } from '../../src/head-end/signing.js';
import { checkMessage, readMessage } from '../../src/head-end/uplink-check.js';
import { downTopic } from '../../src/head-end/topics.js';
import { signPayload } from '../../src/platform/signing-key.js';
import { Nudges } from '../../src/platform/nudges.js';
import { SIMULATION_START } from '../../src/simulation/world.js';
import type { ReadOrder, SwitchOrder } from '../../src/switching/dispatch.js';
import type { Sql } from './invariants.js';
import type { RaceAccount } from './wire-model-account.js';
import { Oracle } from './wire-model-oracle.js';
import { startTestRelight, type TestRelight } from './test-relight.js';
import { SteppedClock, WireModel, type Parcel } from './wire-model.js';

/** The local day on which every race is played. */
export const TODAY = '2026-03-10';
const HOUR_MS = 3_600_000;
/** Nothing times out by itself: the race moves the columns. */
const NEVER = {
  ackTimeoutMs: 24 * HOUR_MS,
  proofTimeoutMs: 24 * HOUR_MS,
  readTimeoutMs: 24 * HOUR_MS,
  maxReadWaitMs: 24 * HOUR_MS,
  armedReadMs: 24 * HOUR_MS,
};
const LONG_WINDOWS = { remoteWindowMs: 96 * HOUR_MS, armedWindowMs: 96 * HOUR_MS, cutQueueMs: 96 * HOUR_MS };
/** Rounds in which a healed wire must bring every command to its end. */
const MAX_HEALING_ROUNDS = 40;
const READ_VALIDITY_MS = 60_000;

/** A database with its own flows, wire and meters, on which one race after the other is played, each with accounts of its own. */
export class RaceTable {
  private readonly directory: PartiesDirectory;
  readonly oracle: Oracle;

  private constructor(
    readonly relight: TestRelight,
    readonly ctx: FlowContext,
    readonly clock: SteppedClock,
    readonly wire: WireModel,
    readonly accounts: readonly RaceAccount[],
  ) {
    this.directory = new PartiesDirectory(ctx.db, ctx.timeZone);
    this.oracle = new Oracle(relight.sql, wire, () => clock.now().getTime());
  }

  /** Opens a world of debtors without protections; every tenth meter restores by arming. */
  static async open(meters: number): Promise<RaceTable> {
    const relight = await startTestRelight({ wire: false, plan: { metersPerDistrict: meters } });
    await relight.sql(`DELETE FROM protection`);
    await relight.sql(
      `UPDATE meter SET reconnect_mode = CASE WHEN right(serial, 1) = '7' THEN 'ARM' ELSE 'DIRECT' END`,
    );
    const clock = new SteppedClock(SIMULATION_START.getTime());
    // Nobody listens here: the race itself decides who looks when.
    const nudges = new Nudges(relight.database.url, relight.ctx.log);
    const ctx: FlowContext = {
      ...relight.ctx,
      clock,
      nudges,
      timings: { ...relight.ctx.timings, ...NEVER, ...LONG_WINDOWS },
    };
    const accounts = await relight.sql<RaceAccount>(
      `SELECT m.serial, a.account_number AS "accountNumber", sp.id AS "servicePointId",
         (SELECT sum(total_minor) FROM bill b WHERE b.account_id = a.id AND b.due_date < $1::date)::bigint AS "overdueMinor",
         (SELECT sum(total_minor) FROM bill b WHERE b.account_id = a.id AND b.due_date < $1::date - 30)::bigint AS "longOverdueMinor"
       FROM meter m JOIN meter_installation i ON i.meter_id = m.id JOIN service_point sp ON sp.id = i.service_point_id JOIN account a ON a.id = sp.account_id ORDER BY 1`,
      [TODAY],
    );
    return new RaceTable(relight, ctx, clock, await WireModel.open(ctx, relight.downlinkKeys), accounts);
  }

  get sql(): Sql {
    return this.relight.sql;
  }

  publishSwitch(order: SwitchOrder): void {
    const { key, guardKey } = this.relight;
    const body = encodeSwitch(order);
    // The guard has exams of its own; here every cut has its signature.
    const second =
      order.operation === 'CUT' ? signPayload(Buffer.from(body).toString('base64url'), guardKey) : undefined;
    const bytes = Buffer.from(JSON.stringify(signEnvelope(body, key, second)));
    this.wire.down.push({ serial: order.serial, topic: downTopic(order.gatewayNumber, order.serial), bytes });
  }

  publishRead(order: ReadOrder): void {
    const at = this.clock.now();
    const body = encodeRead(order, at, new Date(at.getTime() + READ_VALIDITY_MS));
    const bytes = Buffer.from(JSON.stringify(signEnvelope(body, this.relight.key)));
    this.wire.down.push({ serial: order.serial, topic: downTopic(order.gatewayNumber, order.serial), bytes });
  }

  /** Hands a group of messages to the head-end's own reading and checking, and to the flow that stores them. */
  async takeUp(parcels: readonly Parcel[]): Promise<void> {
    if (parcels.length === 0) return;
    const read = parcels.map(({ topic, bytes }) => readMessage(topic, bytes));
    const parties = await this.directory.of(read);
    await takeUplink(
      this.ctx,
      read.flatMap((message) => checkMessage(message, parties)),
    );
    await this.oracle.stored(parcels);
  }

  /** The wait of these accounts' sent commands is over; with `giveUp` also the whole window of the remote rung. */
  async timeOut(accounts: readonly RaceAccount[], giveUp: boolean): Promise<void> {
    if (giveUp) accounts.forEach((account) => this.oracle.gaveUp(account));
    await this.sql(
      `UPDATE switch_command SET attention_wall_at = clock_timestamp() - interval '1 second',
         give_up_wall_at = CASE WHEN $2 THEN clock_timestamp() - interval '1 second' ELSE give_up_wall_at END
       WHERE service_point_id = ANY($1::uuid[]) AND state IN ('SENT', 'ACCEPTED', 'ARMED', 'UNKNOWN')`,
      [accounts.map(({ servicePointId }) => servicePointId), giveUp],
    );
  }

  /** Open interruptions for danger, in the order of their meters. */
  dangers(accounts: readonly RaceAccount[]): Promise<{ interruptionId: string; serial: string }[]> {
    return this.sql(
      `SELECT i.id AS "interruptionId", m.serial FROM interruption i
       JOIN meter_installation x ON x.service_point_id = i.service_point_id AND x.removed_at IS NULL JOIN meter m ON m.id = x.meter_id
       WHERE i.service_point_id = ANY($1::uuid[]) AND i.reason = 'SAFETY' AND i.closed_at IS NULL ORDER BY m.serial`,
      [accounts.map(({ servicePointId }) => servicePointId)],
    );
  }

  /** Service point → its newest command, as `CUT SENT` (a cut for danger says so); without an entry where there has been none. */
  async commandStates(accounts: readonly RaceAccount[]): Promise<Map<string, string>> {
    const rows = await this.sql<{ servicePointId: string; state: string }>(
      `SELECT DISTINCT ON (service_point_id) service_point_id AS "servicePointId", operation || ' ' || state || CASE reason WHEN 'SAFETY' THEN ' for danger' ELSE '' END AS state
       FROM switch_command WHERE service_point_id = ANY($1::uuid[]) ORDER BY service_point_id, id DESC`,
      [accounts.map(({ servicePointId }) => servicePointId)],
    );
    return new Map(rows.map(({ servicePointId, state }) => [servicePointId, state]));
  }

  /** A message in a few words, for the trace. */
  describe({ topic, bytes }: Parcel): string {
    const { payload } = JSON.parse(bytes.toString()) as { payload?: string };
    const body = JSON.parse(payload ? Buffer.from(payload, 'base64url').toString() : bytes.toString()) as Record<
      string,
      unknown
    >;
    const words = [
      topic.split('/').at(-1)!.length === 12 ? body['kind'] : topic.split('/').at(-1),
      body['operation'],
      body['sequence'],
      body['result'],
      body['refusal'],
      body['cause'],
      body['relay'],
      body['event'],
    ];
    const sequence = body['lastSequence'] === undefined ? [] : [`last ${String(body['lastSequence'])}`];
    return [...words.filter((word) => word !== undefined), ...sequence].join(' ');
  }

  /**
   * The wire heals: everything under way arrives, late copies included, nothing is lost any more, buttons are pressed, every meter says
   * how it stands, and the hourly reconciler runs. Returns what still has no end after that.
   */
  async heal(accounts: readonly RaceAccount[]): Promise<string[]> {
    this.wire.releaseHeld();
    for (let round = 1, quiet = 0; round <= MAX_HEALING_ROUNDS; round += 1) {
      await this.healOnce(accounts, round);
      const [open] = await this.sql<{ n: number }>(
        `SELECT count(*)::int AS n FROM switch_command WHERE ended_at IS NULL`,
      );
      quiet = open!.n === 0 && this.wire.down.length + this.wire.up.length === 0 ? quiet + 1 : 0;
      if (quiet === 1) {
        await this.oracle.reportedIsNewest();
        for (const { serial } of accounts) this.wire.contact(serial);
        await this.drain(accounts);
        await reconcileSupply(this.ctx, this.clock.now());
      }
      if (quiet === 2) return [];
    }
    const left = await this.sql<object>(
      `SELECT id, operation, state, failure_code FROM switch_command WHERE ended_at IS NULL`,
    );
    return [
      `not at rest after ${MAX_HEALING_ROUNDS} rounds: ${JSON.stringify(left)}, ${this.wire.down.length} down, ${this.wire.up.length} up`,
    ];
  }

  private async healOnce(accounts: readonly RaceAccount[], round: number): Promise<void> {
    await dispatchCuts(this.ctx, (order) => Promise.resolve(this.publishSwitch(order)));
    for (const order of await dispatchRestores(this.ctx)) this.publishSwitch(order);
    await this.drain(accounts);
    // Approvals nobody gave run out; cuts nobody heard expire.
    if (round === 3) await expireApprovals(this.ctx, new Date(this.clock.now().getTime() + 25 * HOUR_MS));
    if (round % 4 === 0) this.clock.pass(11 * 60_000);
    await this.timeOut(accounts, false);
    for (const read of (await attendCommands(this.ctx)).reads) this.publishRead(read);
    await this.drain(accounts);
  }

  private async drain(accounts: readonly RaceAccount[]): Promise<void> {
    do {
      for (const parcel of this.wire.down.splice(0)) this.oracle.deliverDown(parcel);
      for (const { serial } of accounts) if (this.wire.meter(serial).armed) this.wire.press(serial);
      this.wire.pass(1_000);
      this.clock.pass(1_000);
      while (this.wire.up.length > 0) await this.takeUp(this.wire.up.splice(0, 200));
    } while (this.wire.down.length > 0);
  }
}
