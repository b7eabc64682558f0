import { crashPoint } from '../platform/crash-points.js';
import { LIMITS } from '../platform/limits.js';
import type { FlowContext } from '../flows/context.js';
import { takeUplink, type RawMessage, type Uplink } from '../flows/take-uplink.js';
import { QuarantineQuota } from './quarantine-quota.js';
import { PartiesDirectory } from './known-parties.js';
import { checkMessage, readMessage } from './uplink-check.js';
import type { BrokerAccess, UplinkDelivery } from './uplink-connection.js';
import { UplinkSessions } from './uplink-sessions.js';

/** Messages taken in but not stored yet; past this the broker is held back. */
const MAX_PENDING = 4 * LIMITS.uplinkGroup.value;
const RETRY_MS = 250;
/** What is said in one transaction at most. */
const MAX_IN_TRANSACTION = 4 * LIMITS.uplinkGroup.value;
/** Groups stored at the same time: while the database commits one, the next is read and sent to it. */
const LANES = 2;
/** A second group is begun before the first is stored only if so many messages wait: a few rather share the next commit. */
const SECOND_LANE_FROM = LIMITS.uplinkGroup.value / 4;

/**
 * From the wire to a row. Messages that arrive while a group is being stored form the next group, so one message alone waits for
 * nobody and a thousand share a few commits. Acknowledged only after the commit.
 */
export class UplinkConsumer {
  private readonly directory: PartiesDirectory;
  private readonly quota = new QuarantineQuota();
  private readonly connection: UplinkSessions;
  private pending: UplinkDelivery[] = [];
  private pumping: Promise<void> | undefined;
  private readonly lanes = new Set<Promise<void>>();
  /** When every group begun so far has been acknowledged: PUBACKs leave in the order of messages [MQTT-4.6.0-2]. */
  private acknowledged = Promise.resolve();
  private stopped = false;
  /** Messages stored and acknowledged since the start. */
  taken = 0;

  constructor(
    private readonly ctx: FlowContext,
    access: BrokerAccess,
    /** Called with the commands that the meters of a stored group have answered. */
    private readonly onAnswers: (commandIds: readonly string[]) => void,
  ) {
    this.directory = new PartiesDirectory(ctx.db, ctx.timeZone);
    this.connection = new UplinkSessions(ctx, access, (delivery) => this.take(delivery));
  }

  /** Looks these meters up while their answers are still on the way. */
  expect(serials: readonly string[]): void {
    this.directory.expect(serials);
  }

  get connected(): boolean {
    return this.connection.connected;
  }

  start(): void {
    this.connection.start();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.connection.stop();
    await this.pumping;
    await Promise.all(this.lanes);
  }

  private take(delivery: UplinkDelivery): void {
    crashPoint('uplink/received');
    this.pending.push(delivery);
    if (this.pending.length >= MAX_PENDING) this.connection.pause();
    if (this.lanes.size === 1 && this.pending.length >= SECOND_LANE_FROM) this.begin();
    this.pumping ??= this.pump();
  }

  private async pump(): Promise<void> {
    // One turn of the event loop, so that all that came in one chunk is one group.
    await new Promise((resume) => setImmediate(resume));
    while (this.pending.length > 0 && !this.stopped) {
      if (this.lanes.size < LANES && (this.lanes.size === 0 || this.pending.length >= SECOND_LANE_FROM)) this.begin();
      // A second group may become worth its while at any message; it is begun when the next comes (see `take`).
      else await Promise.race(this.lanes);
    }
    this.pumping = undefined;
  }

  private begin(): void {
    const group = this.pending.splice(0, LIMITS.uplinkGroup.value);
    if (this.pending.length < MAX_PENDING) this.connection.resume();
    const lane: Promise<void> = this.store(group, this.acknowledged).finally(() => this.lanes.delete(lane));
    this.lanes.add(lane);
    this.acknowledged = lane;
  }

  /** @param before when the groups begun earlier have been acknowledged */
  private async store(group: readonly UplinkDelivery[], before: Promise<void>): Promise<void> {
    const read = group.map(({ topic, payload }) => readMessage(topic, payload));
    crashPoint('uplink/decoded');
    let checked: CheckedUplink[] | undefined;
    while (!this.stopped) {
      try {
        const parties = await this.directory.of(read);
        checked ??= read.flatMap((message, index) =>
          checkMessage(message, parties).map((uplink) => ({
            uplink,
            delivery: group[index]!,
          })),
        );
        // A concentrator's message holds up to 64 answers: a group of such messages is stored in parts, each a transaction of a bounded size.
        for (let from = 0; from < checked.length; from += MAX_IN_TRANSACTION)
          await this.storeOrSplit(checked.slice(from, from + MAX_IN_TRANSACTION));
        // Only now: of a message with many answers each may have been stored by itself. And not before the groups begun earlier.
        await before;
        for (const delivery of group) delivery.acknowledge();
        this.taken += group.length;
        this.onAnswers(
          checked.flatMap(({ uplink: m }) => (m.kind === 'REPORT' && m.report.commandId ? [m.report.commandId] : [])),
        );
        crashPoint('uplink/acknowledged');
        break;
      } catch (error) {
        // Nothing was acknowledged, so nothing is lost: the messages wait here, and at the broker, until the database is back.
        this.ctx.log.warn({ err: error, messages: group.length }, 'the database does not take messages; trying again');
        await new Promise((resume) => setTimeout(resume, RETRY_MS));
      }
    }
  }

  /** Whatever ends in quarantine is within its gateway's share of the hour, also what only the database finds fault with. */
  private readonly keep = ({ topic, payload }: RawMessage): Buffer =>
    this.quota.excerpt(topic.split('/')[2] ?? '', payload);

  /** Stores a group; if one message in it, or one answer of one, cannot be stored, finds it by halving and puts it in quarantine. */
  private async storeOrSplit(checked: readonly CheckedUplink[]): Promise<void> {
    try {
      await takeUplink(
        this.ctx,
        checked.map(({ uplink }) => uplink),
        this.keep,
      );
    } catch (error) {
      if (!isFaultOfTheMessage(error)) throw error;
      if (checked.length === 1) {
        const { topic, payload } = checked[0]!.delivery;
        this.ctx.log.error({ err: error, topic }, 'a message could not be processed; it is in quarantine');
        const source = { topic, payload, payloadBytes: payload.length };
        const message = (error as Error).message;
        await takeUplink(this.ctx, [{ kind: 'REJECT', code: 'PROCESSING_FAILED', message, source }], this.keep);
        return;
      }
      const middle = checked.length >> 1;
      await this.storeOrSplit(checked.slice(0, middle));
      await this.storeOrSplit(checked.slice(middle));
    }
  }
}

/** What a message says, or one of the answers in it, and the message it came with. */
interface CheckedUplink {
  readonly uplink: Uplink;
  readonly delivery: UplinkDelivery;
}

/** Data exceptions, constraint violations and our own assertions come from what the message says; all else from the state of the house. */
function isFaultOfTheMessage(error: unknown): boolean {
  const code = (error as { code?: unknown }).code;
  if (typeof code === 'string') return /^(22|23)/.test(code);
  return (
    (error as Error).name === 'AssertionError' ||
    error instanceof TypeError ||
    error instanceof RangeError ||
    error instanceof SyntaxError
  );
}
