import { crashPoint } from '../platform/crash-points.js';
import { statement, type Tx } from '../platform/database.js';
import { recordAudit } from '../platform/audit.js';
import { storeMeterEvents, storePresence, type GatewayPresence, type MeterEventReport } from '../metering/meters.js';
import type { ReadingReport } from '../metering/readings.js';
import type { ClockReading } from '../metering/clock-corrections.js';
import { hastenUnknown } from '../switching/dispatch.js';
import type { MeterReport } from '../switching/report-policy.js';
import { systemActor, type FlowContext } from './context.js';
import { noticeClocks } from './correct-meter-clocks.js';
import { recordReadings } from './record-readings.js';
import { noticeRefusedCredentials } from './refused-credentials.js';
import { takePowerFacts } from './take-power-facts.js';
import { takeMeterReports } from './take-meter-reports.js';

/** One message from the field, decoded and checked, or the reason why it could not be. */
export type Uplink =
  | { readonly kind: 'REPORT'; readonly report: MeterReport }
  | { readonly kind: 'READINGS'; readonly readings: readonly ReadingReport[]; readonly source: RawMessage }
  | { readonly kind: 'CLOCK'; readonly clock: ClockReading }
  | { readonly kind: 'EVENT'; readonly event: MeterEventReport }
  | { readonly kind: 'PRESENCE'; readonly presence: GatewayPresence }
  | { readonly kind: 'REJECT'; readonly code: string; readonly message: string; readonly source: RawMessage };

/** A message as it came, for quarantine. */
export interface RawMessage {
  readonly topic: string;
  /** Its bytes, or the first of them when more than a fair share was sent. */
  readonly payload: Buffer;
  /** How many bytes came. */
  readonly payloadBytes: number;
}

const QUARANTINE = statement(
  'uplink-quarantine',
  `INSERT INTO uplink_quarantine (topic, payload, payload_bytes, code, message, received_at)
   SELECT q.topic, q.payload, q.payload_bytes, q.code, q.message, $5
   FROM unnest($1::text[], $2::bytea[], $3::text[], $4::text[], $6::integer[]) AS q (topic, payload, code, message, payload_bytes)`,
);

/**
 * A group of messages from the field becomes rows, in one transaction. When this returns, the commit has happened and the messages
 * may be acknowledged to the broker; when it throws, none of them was stored.
 *
 * @param keep how many of its bytes are kept of a message in quarantine
 */
export async function takeUplink(
  ctx: FlowContext,
  messages: readonly Uplink[],
  keep: (source: RawMessage) => Buffer = ({ payload }) => payload,
): Promise<void> {
  await ctx.db.transaction('take-uplink', async (tx) => {
    const at = ctx.clock.now();
    const reports = messages.flatMap((m) => (m.kind === 'REPORT' ? [m.report] : []));
    const changed = await takeMeterReports(ctx, tx, reports, at);
    await noticeRefusedCredentials(tx, reports, at);
    const clocks = messages.flatMap((m) => (m.kind === 'CLOCK' ? [m.clock] : []));
    await noticeClocks(ctx, tx, { reports, clocks }, at);
    const rejects = messages.flatMap((m) => (m.kind === 'REJECT' ? [m] : []));
    const readings = messages.flatMap((m) => (m.kind === 'READINGS' ? [m] : []));
    const refused = await recordReadings(
      ctx,
      tx,
      readings.flatMap((m) => m.readings),
      at,
    );
    rejects.push(...rejectsOf(readings, refused));
    if (readings.length > 0) crashPoint('uplink/readings-stored');
    const events = messages.flatMap((m) => (m.kind === 'EVENT' ? [m.event] : []));
    await storeMeterEvents(tx, events, at);
    const gatewayIds = await takePresences(
      tx,
      messages.flatMap((m) => (m.kind === 'PRESENCE' ? [m.presence] : [])),
      at,
    );
    changed.push(...gatewayIds, ...(await takePowerFacts(ctx, tx, { events, gatewayIds }, at)));
    await quarantine(tx, rejects, keep, at);
    if (changed.length > 0) tx.afterCommit(() => ctx.nudges.nudge('changed', changed));
  });
  crashPoint('uplink/committed');
}

async function takePresences(tx: Tx, presences: readonly GatewayPresence[], at: Date): Promise<string[]> {
  const latest = new Map(presences.map((presence) => [presence.gatewayNumber, presence]));
  const changed = await storePresence(tx, [...latest.values()], at);
  await recordAudit(
    tx,
    at,
    systemActor('take-uplink'),
    changed.map(({ id, online }) => ({
      act: 'gateway.presence',
      subjectType: 'Gateway',
      subjectId: id,
      fromState: online ? 'OFFLINE' : 'ONLINE',
      toState: online ? 'ONLINE' : 'OFFLINE',
    })),
  );
  await hastenUnknown(
    tx,
    changed.filter(({ online }) => online).map(({ id }) => id),
  );
  return changed.map(({ id }) => id);
}

type Reject = Extract<Uplink, { kind: 'REJECT' }>;

/** A message whose readings cannot be taken is kept once for each reason, however many they are. */
function rejectsOf(
  readings: readonly Extract<Uplink, { kind: 'READINGS' }>[],
  refused: Awaited<ReturnType<typeof recordReadings>>,
): Reject[] {
  const sourceOf = new Map(readings.flatMap((m) => m.readings.map((reading) => [reading, m.source] as const)));
  const bySource = Map.groupBy(refused, ({ reading }) => sourceOf.get(reading)!);
  return [...bySource].flatMap(([source, ofMessage]) =>
    [...Map.groupBy(ofMessage, ({ code }) => code)].map(([code, [first, ...more]]): Reject => {
      const others = more.length > 0 ? ` (and ${more.length} more readings of this message)` : '';
      return { kind: 'REJECT', code, message: `${first!.message}${others}`, source };
    }),
  );
}

async function quarantine(
  tx: Tx,
  rejects: readonly Reject[],
  keep: (source: RawMessage) => Buffer,
  at: Date,
): Promise<void> {
  if (rejects.length === 0) return;
  await tx.rows(QUARANTINE, [
    // PostgreSQL text cannot hold NUL; a topic with one is no topic of ours anyway.
    rejects.map(({ source }) => source.topic.replaceAll('\0', '\uFFFD')),
    rejects.map(({ source }) => keep(source)),
    rejects.map(({ code }) => code),
    rejects.map(({ message }) => message.slice(0, 1_000).replaceAll('\0', '\uFFFD')),
    at,
    rejects.map(({ source }) => source.payloadBytes),
  ]);
}
