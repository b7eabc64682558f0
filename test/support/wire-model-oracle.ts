import { localDate } from '../../src/platform/local-date.js';
import type { Sql } from './invariants.js';
import type { Parcel, WireModel } from './wire-model.js';
import type { RaceAccount } from './wire-model-account.js';

/** What a meter said last, by its own count: sequence first, then its clock. */
interface Word {
  readonly lastSequence: number;
  readonly meterTime: string;
  readonly relay: string;
}

const bodyOf = ({ bytes }: Parcel): Record<string, unknown> => {
  const outer = JSON.parse(bytes.toString()) as Record<string, unknown>;
  if (typeof outer['payload'] !== 'string') return outer;
  return JSON.parse(Buffer.from(outer['payload'], 'base64url').toString()) as Record<string, unknown>;
};

/**
 * Knows the truth at both ends of the wire and watches every step: an end that merely looks right at last is no proof, since the
 * reconciler would have mended a wrong step meanwhile.
 */
export class Oracle {
  readonly faults: string[] = [];
  private readonly judged = new Set<string>();
  private readonly heard = new Map<string, Word>();
  private readonly givenUp = new Set<string>();

  constructor(
    private readonly sql: Sql,
    private readonly wire: WireModel,
    private readonly nowMs: () => number,
  ) {}

  /** Delivers a message to its meter: it must not take an order whose time is over. */
  deliverDown(parcel: Parcel): void {
    const before = this.wire.meter(parcel.serial).lastSequence;
    this.wire.deliverDown(parcel);
    const { lastSequence } = this.wire.meter(parcel.serial);
    if (lastSequence === before) return;
    const { notAfter, sequence } = bodyOf(parcel) as { notAfter: string; sequence: number };
    if (this.nowMs() > Date.parse(notAfter)) this.faults.push(`${parcel.serial} obeyed ${sequence} after its time`);
    if (sequence <= before) this.faults.push(`${parcel.serial} obeyed ${sequence} after ${before}`);
  }

  /** The remote window of this service point was ended by the test. */
  gaveUp({ servicePointId }: RaceAccount): void {
    this.givenUp.add(servicePointId);
  }

  /** The head-end has stored these messages. */
  async stored(parcels: readonly Parcel[]): Promise<void> {
    for (const parcel of parcels) {
      const word = bodyOf(parcel) as unknown as Word & { kind: string };
      if (word.kind !== 'ack' && word.kind !== 'state') continue;
      const known = this.heard.get(parcel.serial);
      const older =
        known && (word.lastSequence - known.lastSequence || word.meterTime.localeCompare(known.meterTime)) < 0;
      if (!older) this.heard.set(parcel.serial, word);
    }
    await this.judge(parcels.map(({ serial }) => serial));
  }

  /** What ended at these meters must be true: VERIFIED at the relay, and NO_ANSWER only when the window was over. */
  async judge(serials: readonly string[]): Promise<void> {
    const ended = await this.sql<{
      id: string;
      serial: string;
      operation: string;
      state: string;
      sequence: bigint;
      code: string | null;
      servicePointId: string;
    }>(
      `SELECT c.id, m.serial, c.operation, c.state, c.sequence, c.failure_code AS code, c.service_point_id AS "servicePointId"
       FROM switch_command c JOIN meter m ON m.id = c.meter_id
       WHERE m.serial = ANY($1::text[]) AND (c.state = 'VERIFIED' OR c.failure_code = 'NO_ANSWER')`,
      [serials],
    );
    for (const command of ended) {
      if (this.judged.has(command.id)) continue;
      this.judged.add(command.id);
      const meter = this.wire.meter(command.serial);
      const done =
        meter.relayClosed === (command.operation === 'RESTORE') && BigInt(meter.lastSequence) >= command.sequence;
      if (command.state === 'VERIFIED' && !done)
        this.faults.push(`${command.serial} ${command.operation} is VERIFIED and not done`);
      if (command.code === 'NO_ANSWER' && !this.givenUp.has(command.servicePointId)) {
        this.faults.push(`${command.serial} ${command.operation} was given up before its time`);
      }
    }
  }

  /** A payment that left nothing overdue has, in its own transaction, closed the reason and seen to the restore. */
  async paidInFull(account: RaceAccount, stateBefore: string | undefined, at: Date): Promise<void> {
    const [after] = await this.sql<{ cuts: number; restores: number; debts: number; others: number; overdue: bigint }>(
      `SELECT
         (SELECT count(*)::int FROM switch_command c WHERE c.service_point_id = p.id AND c.operation = 'CUT' AND c.reason = 'ARREARS' AND c.ended_at IS NULL) AS cuts,
         (SELECT count(*)::int FROM switch_command c WHERE c.service_point_id = p.id AND c.operation = 'RESTORE' AND c.ended_at IS NULL) AS restores,
         (SELECT count(*)::int FROM interruption i WHERE i.service_point_id = p.id AND i.reason = 'ARREARS' AND i.closed_at IS NULL) AS debts,
         (SELECT count(*)::int FROM interruption i WHERE i.service_point_id = p.id AND i.reason <> 'ARREARS' AND i.closed_at IS NULL) AS others,
         (SELECT coalesce(sum(total_minor - paid_minor), 0)::bigint FROM bill b WHERE b.account_id = p.account_id AND b.due_date < $2::date) AS overdue
       FROM service_point p WHERE p.id = $1`,
      [account.servicePointId, localDate(at)],
    );
    const { cuts, restores, debts, others, overdue } = after!;
    if (overdue > 0n) return;
    if (cuts > 0 || debts > 0)
      this.faults.push(`${account.serial} paid in full, ${cuts} cuts and ${debts} reasons are left`);
    if (/^CUT (SENT|ACCEPTED|UNKNOWN|VERIFIED)$/.test(stateBefore ?? '') && restores === 0 && others === 0) {
      this.faults.push(`${account.serial} paid in full during ${stateBefore}, no restore was ordered`);
    }
  }

  /** What is on record of each meter is the newest of what was heard of it. */
  async reportedIsNewest(): Promise<void> {
    const rows = await this.sql<{ serial: string; relay: string; lastSequence: bigint; meterAt: Date }>(
      `SELECT serial, reported_relay AS relay, reported_sequence AS "lastSequence", reported_meter_at AS "meterAt" FROM meter WHERE serial = ANY($1::text[])`,
      [[...this.heard.keys()]],
    );
    for (const { serial, relay, lastSequence, meterAt } of rows) {
      const newest = this.heard.get(serial)!;
      const same =
        relay === newest.relay.toUpperCase() &&
        Number(lastSequence) === newest.lastSequence &&
        meterAt.toISOString() === newest.meterTime;
      if (!same)
        this.faults.push(
          `${serial} is on record as ${relay} ${lastSequence} ${meterAt.toISOString()}, its newest word was ${JSON.stringify(newest)}`,
        );
    }
  }
}
