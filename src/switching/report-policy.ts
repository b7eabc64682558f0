import type { Relay } from '../metering/meter.js';
import type { SwitchCommandState, SwitchOperation } from './switch-command.js';
import type { SwitchTimings } from './switch-timings.js';

/**
 * What a meter said about itself, in an ack or a state, once its signature was checked (or its concentrator's). Instants are the clock of whoever
 * signed. An ack of a meter behind a concentrator says that an order was accepted and nothing of the relay.
 */
export interface MeterReport {
  readonly meterId: string;
  readonly kind: 'ACK' | 'STATE';
  readonly commandId?: string;
  readonly requestId?: string;
  readonly result?: 'ACCEPTED' | 'REFUSED';
  readonly refusal?: string;
  readonly relay?: Relay;
  readonly armed?: boolean;
  readonly protected?: boolean;
  /** Greatest sequence accepted before the relay was read. */
  readonly lastSequence: bigint;
  readonly meterAt: Date;
  /** Present: `meterAt` is the clock of the meter's concentrator, and says nothing of the meter's own. */
  readonly readBy?: 'CONCENTRATOR';
  readonly supplyVoltageMv?: number;
  readonly loadVoltageMv?: number;
  readonly powerW?: number;
}

/** The part of an open, sent command that a report can change. */
export interface ReportedCommand {
  readonly id: string;
  readonly operation: SwitchOperation;
  /** A direct restore does not arm: a meter told to close that is still open is then slow or stuck. */
  readonly mode?: 'DIRECT' | 'ARM';
  readonly state: SwitchCommandState;
  readonly sequence: bigint;
  readonly notAfter: Date;
  readonly attempts: number;
  readonly contradictions: number;
  readonly readRequestId: string | null;
}

/** What follows from a report for a command. Waits are wall-clock ms from now. */
export type ReportDecision =
  | { readonly act: 'nothing' }
  | { readonly act: 'move'; readonly to: 'VERIFIED' }
  | { readonly act: 'move'; readonly to: 'ACCEPTED' | 'ARMED'; readonly waitMs: number }
  | {
      readonly act: 'move';
      readonly to: 'REJECTED' | 'EXPIRED' | 'FAILED' | 'FIELD_VISIT';
      readonly code: string;
      readonly text: string;
    }
  | {
      readonly act: 'resend';
      readonly newSequence: boolean;
      readonly code: string;
      /** Absent: at once. */
      readonly waitMs?: number;
    }
  | { readonly act: 'contradiction'; readonly waitMs: number; readonly code: string }
  | { readonly act: 'wait'; readonly waitMs: number }
  /** The meter waited for its button in vain: the next rung decides. */
  | { readonly act: 'arm-expired' };

/** Below this share of the supply voltage the load side counts as dead. */
export const LIVE_LOAD_SHARE = 0.5;
/** Power that a meter may still show with an open relay (its own resolution), W. */
export const OPEN_RELAY_POWER_W = 5;

/**
 * Whether the report proves the operation: relay read after the command was acted on, and voltage and load agree where the
 * meter reports them. 'contradicted' means that the physics deny what the relay flag says.
 */
export function proof(
  operation: SwitchOperation,
  report: Pick<MeterReport, 'relay' | 'supplyVoltageMv' | 'loadVoltageMv' | 'powerW'>,
): 'proven' | 'contradicted' | 'not-yet' {
  if (operation === 'RESTORE') {
    if (report.relay !== 'CLOSED') return 'not-yet';
    const { supplyVoltageMv, loadVoltageMv } = report;
    if (supplyVoltageMv === undefined || loadVoltageMv === undefined) return 'proven';
    return loadVoltageMv >= supplyVoltageMv * LIVE_LOAD_SHARE ? 'proven' : 'contradicted';
  }
  if (report.relay !== 'OPEN') return 'not-yet';
  return report.powerW === undefined || Math.abs(report.powerW) <= OPEN_RELAY_POWER_W ? 'proven' : 'contradicted';
}

/** Refusals that a new order mends when power is due; every other refusal needs eyes on the spot. */
const MENDABLE = new Set(['SEQUENCE', 'SUPERSEDED', 'EXPIRED', 'CLOCK', 'UNEXPECTED_RELAY', 'OVERLOADED']);
/** Of these, what only a higher sequence mends: the meter has accepted a later one, or its clock will be set under one. */
const NEEDS_NEW_SEQUENCE = new Set(['SEQUENCE', 'SUPERSEDED', 'CLOCK']);
/** The meter does not take our word: a few wrong passwords lock it, so nothing is sent to it by itself until somebody has put that right. */
export const CREDENTIAL_REFUSALS: readonly string[] = ['PASSWORD', 'MAC'];

/** Decides what a report means for the meter's open command. Pure. */
export function decideReport(
  command: ReportedCommand,
  report: MeterReport,
  now: Date,
  timings: SwitchTimings,
): ReportDecision {
  if (report.kind === 'ACK' && report.commandId !== command.id) return { act: 'nothing' };
  if (report.kind === 'ACK' && report.result === 'REFUSED') return refused(command, report, timings);
  if (report.lastSequence < command.sequence) return notReceived(command, report, now, timings);

  const verdict = proof(command.operation, report);
  if (verdict === 'proven') return { act: 'move', to: 'VERIFIED' };
  if (verdict === 'contradicted') return contradiction(command, report, timings, 'PHYSICS_DISAGREE');
  if (report.armed && command.operation === 'RESTORE' && command.mode !== 'DIRECT') {
    return command.state === 'ARMED' ? { act: 'nothing' } : { act: 'move', to: 'ARMED', waitMs: timings.armedReadMs };
  }
  // Only the answer to our own question is surely later than the word that it was armed.
  if (command.state === 'ARMED' && report.requestId !== undefined && report.requestId === command.readRequestId)
    return { act: 'arm-expired' };
  if (report.kind === 'ACK' || command.state === 'SENT') {
    return command.state === 'ACCEPTED' || command.state === 'ARMED'
      ? { act: 'nothing' }
      : { act: 'move', to: 'ACCEPTED', waitMs: timings.proofTimeoutMs };
  }
  return contradiction(command, report, timings, 'RELAY_STUCK');
}

function refused(command: ReportedCommand, report: MeterReport, timings: SwitchTimings): ReportDecision {
  const code = `REFUSED_${report.refusal ?? 'UNKNOWN'}`;
  if (command.state !== 'SENT' && command.state !== 'UNKNOWN') return { act: 'nothing' };
  if (command.operation === 'CUT') {
    return {
      act: 'move',
      to: 'REJECTED',
      code,
      text: `the meter refused the cut: ${report.refusal}; request it anew if it is still right`,
    };
  }
  if (MENDABLE.has(report.refusal ?? '') && command.attempts < timings.maxAttempts) {
    return {
      act: 'resend',
      newSequence: NEEDS_NEW_SEQUENCE.has(report.refusal!),
      code,
      waitMs: waitBeforeResend(report.refusal!, timings),
    };
  }
  return {
    act: 'move',
    to: 'FIELD_VISIT',
    code,
    text: `the meter refused the restore: ${report.refusal}; somebody must look`,
  };
}

/** Its clock is set first (flows/correct-meter-clocks.ts), which calls the restore when it is done; a full line is given time. */
function waitBeforeResend(refusal: string, timings: SwitchTimings): number | undefined {
  if (refusal === 'CLOCK') return timings.maxReadWaitMs;
  return refusal === 'OVERLOADED' ? timings.readTimeoutMs : undefined;
}

/** The meter had not accepted the command when it answered. Only the answer to our own read, sent later, says anything. */
function notReceived(command: ReportedCommand, report: MeterReport, now: Date, timings: SwitchTimings): ReportDecision {
  if (command.state !== 'UNKNOWN' || report.requestId === undefined || report.requestId !== command.readRequestId) {
    return { act: 'nothing' };
  }
  if (command.operation === 'RESTORE') {
    return command.attempts < timings.maxAttempts
      ? { act: 'resend', newSequence: false, code: 'NOT_RECEIVED' }
      : {
          act: 'move',
          to: 'FIELD_VISIT',
          code: 'NOT_RECEIVED',
          text: `sent ${command.attempts} times, never heard by the meter`,
        };
  }
  // A cut is never sent again. Once the meter itself would refuse it as expired, it is known not to have happened.
  return report.meterAt > command.notAfter && now > command.notAfter
    ? { act: 'move', to: 'EXPIRED', code: 'NOT_RECEIVED', text: 'the meter did not hear the cut before it expired' }
    : { act: 'wait', waitMs: timings.readTimeoutMs };
}

function contradiction(
  command: ReportedCommand,
  report: MeterReport,
  timings: SwitchTimings,
  code: string,
): ReportDecision {
  const asked = report.requestId !== undefined && report.requestId === command.readRequestId;
  if (!asked) return { act: 'nothing' };
  if (command.contradictions + 1 < timings.maxContradictions) {
    return { act: 'contradiction', waitMs: timings.proofTimeoutMs, code };
  }
  const text = `${timings.maxContradictions} readings after the order contradict it (relay ${report.relay ?? '?'}, load ${report.loadVoltageMv ?? '?'} mV, ${report.powerW ?? '?'} W)`;
  return { act: 'move', to: command.operation === 'RESTORE' ? 'FIELD_VISIT' : 'FAILED', code, text };
}
