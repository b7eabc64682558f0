import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import type { Reader } from '../platform/database.js';
import type { Logger } from '../platform/log.js';
import { signPayload, type JwsSignature, type SigningKey } from '../platform/signing-key.js';
import { URGENT_REASONS } from '../switching/interruption.js';
import { BUDGET_MEMORY_MS, budgetRefusal, type BudgetedCut, type CutBudget, type SignedCut } from './budget-policy.js';
import { readCutPayload, type CutPayload } from './cut-payload.js';
import { DecisionLog, type Decision } from './decision-log.js';
import { readGuardTime, type GuardTime } from './guard-clock.js';
import { judgeCut, type GuardRules } from './judge-cut.js';
import { answeringFor, compareWithRecord, findRecordedCut, type RecordedCut } from './recorded-cut.js';
import { GuardRefusal } from './refusal.js';
import { validityProblem } from './validity-policy.js';

/** What a guard is made of. */
export interface GuardParts {
  /** Its own connection, by a role that may only read. */
  readonly reader: Reader;
  readonly key: SigningKey;
  readonly rules: GuardRules;
  readonly budget: CutBudget;
  readonly simulation: boolean;
  /** Its record of decisions, from which the budget is counted. */
  readonly decisionsFile: string;
  /** The kill switch that needs no database: while this file is there, nothing is signed. */
  readonly stopFile: string;
  readonly log: Logger;
  readonly machineNow: () => Date;
}

/** One cut that was signed, as far as memory needs it. */
interface Remembered extends SignedCut {
  readonly commandId: string;
  readonly payloadSha256: string;
}

/** A decision that takes longer is refused: whoever asks gives up soon after, ms. */
const DECISION_MS = 2_000;
/** Questions that may wait for their turn; more are refused at once. */
const MAX_WAITING = 100;
/** Refusals recorded in full within a minute; further ones are counted. */
const REFUSALS_A_MINUTE = 60;
/** How far the clock may be behind the last signature before it is not believed any more, ms. */
const MAX_BACK_MS = 10 * 60_000;

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** The second signature: decides cut by cut, from its own facts, within its own budget. In any doubt it does not sign. */
export class Guard {
  private signed: Remembered[] = [];
  private turn: Promise<unknown> = Promise.resolve();
  private waiting = 0;
  private refusals = { sinceMs: 0, recorded: 0, unrecorded: 0 };
  private decisions!: DecisionLog;

  private constructor(private readonly parts: GuardParts) {}

  /**
   * Opens the record of decisions and begins one if there is none.
   * @throws GuardStartError when the record was changed
   */
  static async open(parts: GuardParts): Promise<Guard> {
    const guard = new Guard(parts);
    guard.decisions = await DecisionLog.open(parts.decisionsFile, (decision) => guard.remember(decision));
    if (guard.decisions.count === 0) {
      const machineAt = parts.machineNow().toISOString();
      await guard.decisions.append({ at: machineAt, machineAt, verdict: 'OPENED' });
    }
    return guard;
  }

  get key(): { readonly kid: string; readonly x: string } {
    return { kid: this.parts.key.kid, x: this.parts.key.x };
  }

  /**
   * Whether it would decide now; throws what is in the way. Signs nothing.
   * @throws GuardRefusal STOPPED, CLOCK, UNAVAILABLE
   */
  async ready(): Promise<GuardTime> {
    this.requireNotStopped();
    try {
      return this.requireClockForward(await within(this.readTime()));
    } catch (error) {
      throw asRefusal(error);
    }
  }

  /**
   * How long until the budget has room for such a cut, ms of product time: 0 now, undefined never.
   * @throws GuardRefusal as {@link ready}
   */
  async roomFor(cut: BudgetedCut): Promise<number | undefined> {
    const { at } = await this.ready();
    const refusal = budgetRefusal(this.signed, cut, at.getTime(), this.parts.budget);
    return refusal ? refusal.waitMs : 0;
  }

  /**
   * Signs the exact bytes of a cut, or says why not. The decision is on disk before the signature is given out. The same bytes again
   * get the same signature and use up nothing; other bytes for the same command never get one.
   * @throws GuardRefusal
   */
  async sign(bytes: Buffer): Promise<JwsSignature> {
    if (this.waiting >= MAX_WAITING) throw new GuardRefusal('BUSY', `${MAX_WAITING} questions are waiting`);
    this.waiting += 1;
    // One at a time: two cuts must not both take the last place of the budget.
    const mine = this.turn.then(() => this.decide(bytes));
    this.turn = mine.catch(() => undefined);
    try {
      return await mine;
    } finally {
      this.waiting -= 1;
    }
  }

  async close(): Promise<void> {
    await this.turn;
    await this.decisions.close();
  }

  private async decide(bytes: Buffer): Promise<JwsSignature> {
    const about: { payload?: CutPayload; time?: GuardTime } = {};
    try {
      const { payload, recorded, time } = await within(this.examine(bytes, about));
      const { parts } = this;
      // From here on nothing is read and nothing waits but the disk.
      this.requireNotStopped();
      const hash = sha256(bytes);
      const before = this.signed.find(({ commandId }) => commandId === payload.commandId);
      if (before && before.payloadSha256 !== hash)
        throw new GuardRefusal('OTHER_BYTES', 'this command was signed before with another content');
      if (!before) {
        const urgent = URGENT_REASONS.includes(recorded.reason);
        const cut = { district: recorded.district, requester: answeringFor(recorded), urgent };
        const full = budgetRefusal(this.signed, cut, time.at.getTime(), parts.budget);
        if (full) throw new GuardRefusal('BUDGET', `${full.scope}: ${full.limit} are signed already`);
        const decision = signedDecision(payload, recorded, time, hash, urgent);
        await this.decisions.append(decision);
        this.remember(decision);
      }
      return signPayload(bytes.toString('base64url'), parts.key);
    } catch (error) {
      const refusal = asRefusal(error);
      if (refusal.code === 'UNAVAILABLE') this.parts.log.error({ err: error }, 'the guard could not decide a cut');
      await this.recordRefusal(refusal, about).catch(() => undefined);
      throw refusal;
    }
  }

  /** Everything that has to be read; `about` keeps what is known so far, for the record of a refusal. */
  private async examine(
    bytes: Buffer,
    about: { payload?: CutPayload; time?: GuardTime },
  ): Promise<{ payload: CutPayload; recorded: RecordedCut; time: GuardTime }> {
    const { reader, rules } = this.parts;
    const payload = (about.payload = readCutPayload(bytes));
    this.requireNotStopped();
    const time = (about.time = this.requireClockForward(await this.readTime()));
    const times = { issuedAt: new Date(payload.issuedAt), notAfter: new Date(payload.notAfter) };
    const problem = validityProblem(times, time.at, time.scaleMillis);
    if (problem) throw new GuardRefusal('VALIDITY', problem);
    const recorded = await findRecordedCut(reader, payload.commandId);
    compareWithRecord(payload, recorded);
    await judgeCut(reader, rules, recorded, time.at);
    return { payload, recorded, time };
  }

  private readTime(): Promise<GuardTime> {
    return readGuardTime(this.parts.reader, this.parts.simulation, this.parts.machineNow());
  }

  private requireNotStopped(): void {
    try {
      statSync(this.parts.stopFile);
    } catch (error) {
      if ((error as { code?: string }).code === 'ENOENT') return;
      throw new GuardRefusal('STOPPED', `it cannot be seen whether ${this.parts.stopFile} is there`);
    }
    throw new GuardRefusal('STOPPED', `${this.parts.stopFile} is there; whoever put it there takes it away`);
  }

  /** A clock that goes back would open the windows of the budget anew. */
  private requireClockForward(time: GuardTime): GuardTime {
    const last = this.signed.at(-1);
    if (last && time.at.getTime() < last.atMs - MAX_BACK_MS) {
      throw new GuardRefusal(
        'CLOCK',
        `it is ${time.at.toISOString()}, and a cut was signed at ${new Date(last.atMs).toISOString()}; if this is a new simulated world, move ${this.parts.decisionsFile} away`,
      );
    }
    return time;
  }

  private remember(decision: Decision): void {
    if (decision.verdict !== 'SIGNED') return;
    // Never earlier than the one before: what was signed last decides whether the clock goes back.
    const atMs = Math.max(Date.parse(decision.at), this.signed.at(-1)?.atMs ?? 0);
    this.signed.push({
      atMs,
      commandId: decision.commandId!,
      payloadSha256: decision.payloadSha256!,
      district: decision.district!,
      requester: decision.requester!,
      urgent: decision.urgent!,
    });
    const first = this.signed.findIndex((one) => one.atMs > atMs - 2 * BUDGET_MEMORY_MS);
    if (first > 0) this.signed = this.signed.slice(first);
  }

  private async recordRefusal(
    refusal: GuardRefusal,
    { payload, time }: { payload?: CutPayload; time?: GuardTime },
  ): Promise<void> {
    const machineAt = this.parts.machineNow();
    if (Math.abs(machineAt.getTime() - this.refusals.sinceMs) > 60_000)
      this.refusals = { sinceMs: machineAt.getTime(), recorded: 0, unrecorded: this.refusals.unrecorded };
    if (this.refusals.recorded >= REFUSALS_A_MINUTE) {
      this.refusals.unrecorded += 1;
      return;
    }
    this.refusals.recorded += 1;
    const { unrecorded } = this.refusals;
    this.refusals.unrecorded = 0;
    await this.decisions.append({
      at: (time?.at ?? machineAt).toISOString(),
      machineAt: machineAt.toISOString(),
      verdict: 'REFUSED',
      code: refusal.code,
      ...(payload ? { commandId: payload.commandId, meter: payload.meter, reason: payload.reason } : {}),
      ...(unrecorded > 0 ? { unrecorded } : {}),
    });
  }
}

const signedDecision = (
  payload: CutPayload,
  recorded: RecordedCut,
  time: GuardTime,
  payloadSha256: string,
  urgent: boolean,
): Decision => ({
  at: time.at.toISOString(),
  machineAt: time.machineAt.toISOString(),
  verdict: 'SIGNED',
  commandId: payload.commandId,
  payloadSha256,
  meter: payload.meter,
  servicePoint: payload.servicePoint,
  district: recorded.district,
  requester: answeringFor(recorded),
  ...(recorded.approvedBy === null ? {} : { approver: recorded.approvedBy }),
  reason: payload.reason,
  urgent,
  sequence: payload.sequence,
  notAfter: payload.notAfter,
});

/** Whatever goes wrong is a refusal. */
const asRefusal = (error: unknown): GuardRefusal =>
  error instanceof GuardRefusal ? error : new GuardRefusal('UNAVAILABLE', 'the guard cannot look up what it must know');

/** Waits no longer than a decision may take. */
async function within<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, fail) => {
    timer = setTimeout(
      () => fail(new GuardRefusal('UNAVAILABLE', 'the database does not answer in time')),
      DECISION_MS,
    );
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
    // If it was too late, its own failure is nobody's any more.
    work.catch(() => undefined);
  }
}
