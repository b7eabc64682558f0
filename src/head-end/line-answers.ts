import type { ReadingReport } from '../metering/readings.js';
import { startOfLocalDay } from '../platform/local-date.js';
import type { RawMessage, Uplink } from '../flows/take-uplink.js';
import type { MeterReport } from '../switching/report-policy.js';
import { canonicalJson } from './codecs/canonical-json.js';
import { FUNCTION } from './codecs/dlt645/control-code.js';
import { readErrorFlags, type ErrorFlag } from './codecs/dlt645/error-word.js';
import { decodeFrame, type Frame } from './codecs/dlt645/frame.js';
import { joinReadAnswer } from './codecs/dlt645/reading-frames.js';
import { readRegister, type RegisterValue } from './codecs/dlt645/registers.js';
import { isArmed } from './codecs/dlt645/status-word.js';
import type { LineAnswer } from './codecs/json.js';
import type { KnownMeter } from './meter-directory.js';

/** Where an answer came from. */
export interface AnswerSource {
  readonly topic: string;
  readonly gateway: string;
  readonly timeZone: string;
}

/** Why an answer cannot be believed. */
class Unbelievable extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/** What the frames of one answer say together. */
interface Heard {
  /** Of a switch order: accepted, or the flags of the refusal. */
  verdict?: 'ACCEPTED' | readonly ErrorFlag[];
  readonly registers: RegisterValue[];
}

/**
 * What one answer from the serial line says, as the same words that a meter of the other kind uses. Pure. An answer that cannot be believed becomes a
 * REJECT of its own, with its bytes, and disturbs no other: UNKNOWN_METER, FOREIGN_GATEWAY, NOT_BEHIND_A_LINE, WRONG_ADDRESS, NOT_A_REPLY,
 * UNEXPECTED_FUNCTION, FREEZE_WITHOUT_TIME, IMPOSSIBLE_DATE, and FRAME_ followed by what is wrong with the frame.
 */
export function readAnswer(answer: LineAnswer, meter: KnownMeter | undefined, source: AnswerSource): Uplink[] {
  try {
    const known = requireMeter(answer, meter, source.gateway);
    // The meter did not answer, twice: that says nothing of its relay.
    if (answer.outcome === 'silent') return [];
    const report = {
      meterId: known.meterId,
      lastSequence: BigInt(answer.lastSequence),
      meterAt: new Date(answer.at),
      readBy: 'CONCENTRATOR',
    } as const;
    if (answer.outcome === 'refused') return refusedByConcentrator(answer, report);
    return wordsOf(answer, hear(answer), report, source);
  } catch (error) {
    if (!(error instanceof Unbelievable)) throw error;
    return [{ kind: 'REJECT', code: error.code, message: error.message, source: rawOf(answer, source) }];
  }
}

const rawOf = (answer: LineAnswer, { topic }: AnswerSource): RawMessage => {
  const payload = Buffer.from(canonicalJson(answer));
  return { topic, payload, payloadBytes: payload.length };
};

function requireMeter(answer: LineAnswer, meter: KnownMeter | undefined, gateway: string): KnownMeter {
  if (!meter)
    throw new Unbelievable(
      'UNKNOWN_METER',
      `no meter ${answer.meter} is on record; register it, or find out who sends this`,
    );
  if (meter.gatewayNumber !== gateway)
    throw new Unbelievable(
      'FOREIGN_GATEWAY',
      `meter ${answer.meter} is behind gateway ${meter.gatewayNumber}, not ${gateway}`,
    );
  if (meter.codec !== 'DLT645')
    throw new Unbelievable(
      'NOT_BEHIND_A_LINE',
      `meter ${answer.meter} signs for itself; no concentrator speaks for it`,
    );
  return meter;
}

type Told = Pick<MeterReport, 'meterId' | 'lastSequence' | 'meterAt' | 'readBy'>;

function refusedByConcentrator(answer: LineAnswer, told: Told): Uplink[] {
  const { commandId, refusal } = answer;
  // A refused question or clock order is asked again in its time.
  if (answer.cause !== 'switch' || commandId === undefined) return [];
  return [{ kind: 'REPORT', report: { ...told, kind: 'ACK', commandId, result: 'REFUSED', refusal } }];
}

/** Reads the frames of an answer. @throws Unbelievable at the first that is none, or not this meter's answer */
function hear({ meter, frames: texts }: LineAnswer): Heard {
  const frames = texts.map((text): Frame => {
    const decoded = decodeFrame(Buffer.from(text, 'hex'));
    if (!decoded.ok) throw new Unbelievable(`FRAME_${decoded.code}`, `${decoded.message}: ${text.slice(0, 64)}`);
    if (decoded.frame.address !== meter)
      throw new Unbelievable('WRONG_ADDRESS', `the frame is of meter ${decoded.frame.address}, the answer of ${meter}`);
    return decoded.frame;
  });
  const heard: Heard = { registers: [] };
  for (let at = 0; at < frames.length;) at += hearFrame(frames, at, heard);
  return heard;
}

/** Takes the frame at `at`, and those that follow it up; returns how many. */
function hearFrame(frames: readonly Frame[], at: number, heard: Heard): number {
  const { control, data } = frames[at]!;
  if (!control.reply) throw new Unbelievable('NOT_A_REPLY', 'a frame to a meter is no answer of one');
  const flags = control.error ? readErrorFlags(data) : undefined;
  if (control.error && !flags)
    throw new Unbelievable('FRAME_DATA_LENGTH', `an error answer has one byte or two, not ${data.length}`);
  switch (control.fn) {
    case FUNCTION.SWITCH:
      // 9CH says accepted; a status word may follow (later text), which is not status word 3 and proves nothing.
      if (!flags && data.length !== 0 && data.length !== 2)
        throw new Unbelievable('FRAME_DATA_LENGTH', `9CH has no data or two bytes, not ${data.length}`);
      heard.verdict = flags ?? 'ACCEPTED';
      return 1;
    case FUNCTION.READ:
      // A register that the meter does not have leaves the others as they are.
      return flags ? 1 : hearRegister(frames, at, heard);
    case FUNCTION.WRITE:
      // Whether a clock was set is seen by reading it.
      return 1;
    default:
      throw new Unbelievable('UNEXPECTED_FUNCTION', `nobody asked for function ${control.fn.toString(16)}H`);
  }
}

function hearRegister(frames: readonly Frame[], at: number, heard: Heard): number {
  const joined = joinReadAnswer(frames, at);
  if (!joined.ok) throw new Unbelievable(`FRAME_${joined.code}`, 'the answer to a reading is not whole');
  const value = readRegister(joined.identifier, joined.bytes);
  if (typeof value === 'string')
    throw new Unbelievable(
      `FRAME_${value}`,
      `data identifier ${joined.identifier.toString(16).padStart(8, '0')}: ${joined.bytes.toString('hex')}`,
    );
  heard.registers.push(value);
  return joined.frames;
}

/** The flag that decides, first one first, and the refusal of the contract that means the same. */
const REFUSALS: readonly (readonly [ErrorFlag, string])[] = [
  ['PASSWORD', 'PASSWORD'],
  ['MAC', 'MAC'],
  ['TRIP_FAILED_PROTECTED', 'PROTECTED'],
  ['ALREADY_TRIPPED', 'UNEXPECTED_RELAY'],
  ['TIME_INVALID', 'CLOCK'],
  ['AUTO_RESTORE_TIME_INVALID', 'CLOCK'],
];

/** The named refusal of a DCH. */
export const refusalOf = (flags: readonly ErrorFlag[]): string =>
  REFUSALS.find(([flag]) => flags.includes(flag))?.[1] ?? flags[0] ?? 'NO_REASON';

function wordsOf(answer: LineAnswer, heard: Heard, told: Told, { topic, gateway, timeZone }: AnswerSource): Uplink[] {
  const uplinks: Uplink[] = [];
  const { commandId, requestId } = answer;
  if (heard.verdict !== undefined && commandId !== undefined) {
    const refused = heard.verdict !== 'ACCEPTED';
    const refusal = heard.verdict === 'ACCEPTED' ? undefined : refusalOf(heard.verdict);
    const result = refused ? ('REFUSED' as const) : ('ACCEPTED' as const);
    uplinks.push({ kind: 'REPORT', report: { ...told, kind: 'ACK', commandId, result, refusal } });
  }
  const clockOffsetMs = clockOffset(heard.registers, told.meterAt, timeZone);
  const status = find(heard.registers, 'STATUS_WORD_3')?.status;
  if (status)
    uplinks.push({
      kind: 'REPORT',
      report: {
        ...told,
        kind: 'STATE',
        requestId,
        relay: status.open ? 'OPEN' : 'CLOSED',
        armed: isArmed(status),
        protected: status.protected,
        supplyVoltageMv: find(heard.registers, 'VOLTAGE_A')?.voltageMv,
        powerW: wattsOf(find(heard.registers, 'POWER')?.powerDeciwatt),
      },
    });
  if (clockOffsetMs !== undefined)
    uplinks.push({ kind: 'CLOCK', clock: { meterId: told.meterId, offsetMs: clockOffsetMs, readAt: told.meterAt } });
  const readings = readingsOf(answer, heard.registers, told, timeZone);
  if (readings.length > 0)
    uplinks.push({ kind: 'READINGS', readings, source: rawOf(answer, { topic, gateway, timeZone }) });
  return uplinks;
}

const wattsOf = (deciwatt: number | undefined): number | undefined =>
  deciwatt === undefined ? undefined : Math.round(deciwatt / 10);

/** The first value of a register among those heard. */
const find = <Name extends RegisterValue['register']>(
  values: readonly RegisterValue[],
  register: Name,
): Extract<RegisterValue, { register: Name }> | undefined =>
  values.find((value): value is Extract<RegisterValue, { register: Name }> => value.register === register);

const SECOND_MS = 1_000;

/** The instant a local date and time name. @throws Unbelievable IMPOSSIBLE_DATE */
function instantOf(date: string, time: string, timeZone: string): Date {
  const [hours, minutes, seconds] = time.split(':').map(Number);
  const intoDayMs = ((hours! * 60 + minutes!) * 60 + seconds!) * SECOND_MS;
  return new Date(startOfLocalDay(date, timeZone).getTime() + intoDayMs);
}

/** How far the meter's clock is off against its concentrator's, ms; undefined if it was not read. A meter tells whole seconds. */
function clockOffset(values: readonly RegisterValue[], readAt: Date, timeZone: string): number | undefined {
  const date = find(values, 'DATE')?.date;
  const time = find(values, 'TIME')?.time;
  if (date === undefined || time === undefined) return undefined;
  return instantOf(date, time, timeZone).getTime() - Math.floor(readAt.getTime() / SECOND_MS) * SECOND_MS;
}

function readingsOf(
  answer: LineAnswer,
  values: readonly RegisterValue[],
  told: Told,
  timeZone: string,
): ReadingReport[] {
  const { meterId } = told;
  const readings: ReadingReport[] = [];
  for (const value of values) {
    if (value.register === 'ENERGY') {
      const cause = answer.cause === 'read' ? ('REQUESTED' as const) : ('PERIODIC' as const);
      readings.push({ meterId, readAt: told.meterAt, energyWh: BigInt(value.energyWh), quality: 'ACTUAL', cause });
    }
    if (value.register === 'FREEZE_ENERGY') {
      const frozen = values.find((one) => one.register === 'FREEZE_TIME' && one.nth === value.nth);
      if (frozen?.register !== 'FREEZE_TIME')
        throw new Unbelievable('FREEZE_WITHOUT_TIME', 'a daily freeze of energy came without the time it was taken');
      const readAt = instantOf(frozen.date, frozen.time, timeZone);
      readings.push({ meterId, readAt, energyWh: BigInt(value.energyWh), quality: 'ACTUAL', cause: 'FREEZE' });
    }
  }
  return readings;
}
