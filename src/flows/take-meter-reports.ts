import { statement, type Tx } from '../platform/database.js';
import { LIMITS } from '../platform/limits.js';
import { storeMeterStates } from '../metering/meter-states.js';
import { storeMeterWords, type MeterWord } from '../metering/meters.js';
import { decideReport, proof, type MeterReport, type ReportDecision } from '../switching/report-policy.js';
import { OPEN_STATES, SENT_STATES } from '../switching/switch-command.js';
import { lockOpenCommands, type LockedCommand } from '../switching/switch-commands.js';
import { crashPoint } from '../platform/crash-points.js';
import { applyMoves, type DecidedMove } from './apply-command-moves.js';
import { systemActor, type FlowContext } from './context.js';
import { suspectWrongMeters } from './suspect-wrong-meter.js';
import { takeMeansReports } from './take-means-reports.js';
import { nextRungs, type EndedRung } from './next-rungs.js';
import { reconcileAtContact } from './reconcile-at-contact.js';

const ACTOR = systemActor('take-meter-reports');

/**
 * Meters speak: acks and states, already checked for their signature. In the caller's transaction: each report is held against
 * the meter's open command, the meter's own word is stored, and where a relay is reported open although power is due and
 * nothing is under way, a restore is ordered (the reconciler at contact). Hearing a report twice changes nothing.
 *
 * Returns the ids of what changed.
 */
export async function takeMeterReports(
  ctx: FlowContext,
  tx: Tx,
  reports: readonly MeterReport[],
  at: Date,
): Promise<string[]> {
  if (reports.length === 0) return [];
  const changed = new Set<string>();
  const meterIds = [...new Set(reports.map(({ meterId }) => meterId))];
  const answers = new Set<MeterReport>();
  const commanded = new Set<string>();
  const busy = new Set<string>();
  // A meter may speak several times in one group; each round takes one report per meter, under the lock taken in the first.
  for (let rest = [...reports]; rest.length > 0;) {
    const round = firstPerMeter(rest);
    const open = await lockOpenCommands(
      tx,
      round.map(({ meterId }) => meterId),
    );
    crashPoint('uplink/reports-locked');
    const commandOf = new Map(open.map((command) => [command.meterId, command]));
    const expired: EndedRung[] = [];
    const decided = round.flatMap((report) => {
      const command = commandOf.get(report.meterId);
      if (command && answersLastQuestion(command, report)) answers.add(report);
      return decide(ctx, report, command, at, expired);
    });
    decided.push(...(await nextRungs(ctx, tx, expired, { actor: ACTOR, at })));
    await applyMoves(ctx, tx, decided, { actor: ACTOR, at });
    for (const { command } of decided) changed.add(command.id).add(command.servicePointId);
    for (const { meterId } of open) {
      commanded.add(meterId);
      busy.add(meterId);
    }
    for (const { command, move } of decided) if (!OPEN_STATES.includes(move.to)) busy.delete(command.meterId);
    await recordLateEvidence(tx, round, open, at);
    const taken = new Set(round);
    rest = rest.filter((report) => !taken.has(report));
  }
  await storeMeterStates(tx, reports, at);
  const words = newestWords(reports.filter(saysRelay), answers);
  const stored = await storeMeterWords(tx, words, at);
  const spoken = await takeMeansReports(ctx, tx, reports, stored, at);
  spoken.push(...(await suspectWrongMeters(ctx, tx, words, at)));
  // Where a command goes on there is nothing to reconcile, and a command that proves itself has closed its field work already.
  const dark = stored.filter((word) => word.dark && !busy.has(word.meterId)).map(({ meterId }) => meterId);
  const lit = words
    .filter((word) => !commanded.has(word.meterId) && proof('RESTORE', word) === 'proven')
    .map(({ meterId }) => meterId);
  const reconciled = await reconcileAtContact(ctx, tx, { dark, lit }, at);
  for (const id of [...spoken, ...reconciled, ...meterIds]) changed.add(id);
  crashPoint('uplink/reports-applied');
  return [...changed];
}

function firstPerMeter(reports: readonly MeterReport[]): MeterReport[] {
  const byMeter = new Map<string, MeterReport>();
  for (const report of reports) if (!byMeter.has(report.meterId)) byMeter.set(report.meterId, report);
  return [...byMeter.values()];
}

function decide(
  ctx: FlowContext,
  report: MeterReport,
  command: LockedCommand | undefined,
  at: Date,
  expired: EndedRung[],
): DecidedMove[] {
  if (!command || !SENT_STATES.includes(command.state) || command.sequence === null || command.notAfter === null)
    return [];
  const decision = decideReport(
    { ...command, sequence: command.sequence, notAfter: command.notAfter },
    report,
    at,
    ctx.timings,
  );
  if (decision.act === 'arm-expired') {
    expired.push({ command, end: 'ARM_EXPIRED', code: 'ARM_EXPIRED' });
    return [];
  }
  const move = toMove(decision, command, ctx);
  return move ? [{ command, move: { ...move, detail: evidenceOf(report) } }] : [];
}

function toMove(
  decision: Exclude<ReportDecision, { act: 'arm-expired' }>,
  command: LockedCommand,
  ctx: FlowContext,
): Omit<DecidedMove['move'], 'detail'> | undefined {
  switch (decision.act) {
    case 'nothing':
      return undefined;
    case 'resend':
      return {
        to: 'QUEUED',
        code: decision.code,
        waitMs: decision.waitMs ?? 0,
        clearSequence: decision.newSequence,
        reason: decision.code,
      };
    case 'contradiction':
      return {
        to: 'UNKNOWN',
        code: decision.code,
        waitMs: decision.waitMs,
        contradictions: command.contradictions + 1,
      };
    case 'wait':
      return { to: command.state, waitMs: decision.waitMs };
    case 'move':
      switch (decision.to) {
        case 'VERIFIED':
          return { to: 'VERIFIED', accepted: true };
        case 'ARMED':
          return { to: 'ARMED', accepted: true, waitMs: decision.waitMs, windowMs: ctx.timings.armedWindowMs };
        case 'ACCEPTED':
          return { to: 'ACCEPTED', accepted: true, waitMs: decision.waitMs };
        default:
          return { to: decision.to, code: decision.code, text: decision.text };
      }
  }
}

/** What the meter said, as the audit keeps it. */
const evidenceOf = (report: MeterReport): Readonly<Record<string, unknown>> => ({
  by: report.kind,
  result: report.result,
  refusal: report.refusal,
  relay: report.relay,
  armed: report.armed,
  lastSequence: String(report.lastSequence),
  meterAt: report.meterAt.toISOString(),
  supplyVoltageMv: report.supplyVoltageMv,
  loadVoltageMv: report.loadVoltageMv,
  powerW: report.powerW,
});

/** The answer to the question put last. Answers to older questions may have been under way for hours: they prove nothing of now. */
const answersLastQuestion = (command: LockedCommand, report: MeterReport): boolean =>
  report.requestId !== undefined && report.requestId === command.readRequestId;

/** A report with the meter's relay in it: only such a one is its word. */
type RelayReport = MeterReport & Pick<MeterWord, 'relay' | 'armed' | 'protected'>;

const saysRelay = (report: MeterReport): report is RelayReport => report.relay !== undefined;

function newestWords(reports: readonly RelayReport[], answers: ReadonlySet<MeterReport>): MeterWord[] {
  const newest = new Map<string, RelayReport>();
  for (const report of reports) {
    const known = newest.get(report.meterId);
    const newer =
      !known ||
      report.lastSequence > known.lastSequence ||
      (report.lastSequence === known.lastSequence && report.meterAt >= known.meterAt);
    if (newer) newest.set(report.meterId, report);
  }
  return [...newest.values()].map((report) => ({ ...report, answersRead: answers.has(report) }));
}

// Two consumers may hear the same words at once; the second must see what the first has kept.
const LOCK_ENDED = statement(
  'take-meter-reports-lock-ended',
  `SELECT id FROM switch_command WHERE id = ANY($1::uuid[]) AND ended_at IS NOT NULL AND state <> 'VERIFIED'
   ORDER BY id FOR NO KEY UPDATE`,
);
// The same evidence says the same of the command. When it was said again, and what the meter measured meanwhile, is no news of it.
const LATE_EVIDENCE = statement(
  'take-meter-reports-late-evidence',
  `INSERT INTO audit_entry (at, actor_kind, actor, act, subject_type, subject_id, account_id, service_point_id, to_state, detail)
   SELECT $2, 'METER', m.serial, 'switch-command.late-evidence', 'SwitchCommand', c.id, c.account_id, c.service_point_id, c.state, e.detail
   FROM jsonb_to_recordset($1::jsonb) AS e ("commandId" uuid, "meterId" uuid, detail jsonb)
   JOIN switch_command c ON c.id = e."commandId" AND c.meter_id = e."meterId" JOIN meter m ON m.id = c.meter_id
   WHERE c.ended_at IS NOT NULL AND c.state <> 'VERIFIED'
     -- Hearing it again changes nothing, however often it is repeated or replayed.
     AND NOT EXISTS (SELECT FROM audit_entry a WHERE a.subject_id = c.id AND a.act = 'switch-command.late-evidence'
                       AND a.detail - $3::text[] = e.detail - $3::text[])
     AND (SELECT count(*) FROM audit_entry a WHERE a.subject_id = c.id AND a.act = 'switch-command.late-evidence') < $4`,
);

/** What differs each time a meter repeats itself. */
const OF_THE_MOMENT = ['meterAt', 'supplyVoltageMv', 'loadVoltageMv', 'powerW'];

/** An answer for a command that has ended otherwise (superseded, given up) is still evidence: it is kept, once. */
async function recordLateEvidence(
  tx: Tx,
  reports: readonly MeterReport[],
  open: readonly LockedCommand[],
  at: Date,
): Promise<void> {
  const late = reports.filter((report) => report.kind === 'ACK' && !open.some(({ id }) => id === report.commandId));
  if (late.length === 0) return;
  const rows = late.map((report) => ({
    commandId: report.commandId,
    meterId: report.meterId,
    detail: evidenceOf(report),
  }));
  const ended = await tx.rows(LOCK_ENDED, [late.map(({ commandId }) => commandId)]);
  if (ended.length === 0) return;
  await tx.rows(LATE_EVIDENCE, [JSON.stringify(rows), at, OF_THE_MOMENT, LIMITS.lateEvidence.value]);
}
