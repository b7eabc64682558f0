import { readFileSync } from 'node:fs';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { projectPath } from '../../platform/project-path.js';
import { LIMITS } from '../../platform/limits.js';
import { URGENT_REASONS } from '../../switching/interruption.js';
import type { ReadOrder, SwitchOrder } from '../../switching/dispatch.js';
import type { ClockState } from '../../platform/clock.js';
import type { Envelope } from '../signing.js';
import type { UplinkTopic } from '../topics.js';
import { canonicalJson } from './canonical-json.js';

const ajv = new Ajv2020({ strict: true, strictRequired: false, allErrors: false });
const validators = Object.fromEntries(
  ['envelope', 'ack', 'state', 'reading', 'event', 'status'].map((name) => [
    name,
    ajv.compile(JSON.parse(readFileSync(projectPath('schema', 'mqtt', `${name}.schema.json`), 'utf8'))),
  ]),
) as Record<'envelope' | UplinkTopic['kind'], ValidateFunction>;

/** Bodies as the schemas describe them. */
export interface MeterBody {
  readonly kind: 'ack' | 'state';
  readonly gateway: string;
  readonly meter: string;
  readonly commandId?: string;
  readonly requestId?: string;
  readonly sequence?: number;
  readonly result?: 'accepted' | 'refused';
  readonly refusal?: string;
  readonly relay: 'open' | 'closed';
  readonly armed: boolean;
  readonly protected: boolean;
  readonly lastSequence: number;
  readonly meterTime: string;
  readonly supplyVoltageMv?: number;
  readonly loadVoltageMv?: number;
  readonly powerW?: number;
}
export interface ReadingBody {
  readonly kind: 'reading';
  readonly gateway: string;
  readonly meter: string;
  readonly cause: 'freeze' | 'periodic' | 'requested';
  readonly readings: readonly {
    readonly at: string;
    readonly energyWh: number;
    readonly quality: 'actual' | 'estimated';
  }[];
}
export interface EventBody {
  readonly kind: 'event';
  readonly gateway: string;
  readonly meter: string;
  readonly event: string;
  readonly at: string;
  readonly detail?: string;
}
export interface StatusBody {
  readonly kind: 'status';
  readonly gateway: string;
  readonly online: boolean;
  readonly cause?: 'last-gasp';
}

/** A decoded message; `envelope` is present when it is signed and the signature is still to be checked. */
export type Decoded =
  | { readonly ok: true; readonly body: MeterBody; readonly envelope: Envelope }
  | { readonly ok: true; readonly body: ReadingBody | EventBody | StatusBody; readonly envelope?: undefined }
  | {
      readonly ok: false;
      readonly code: 'TOO_LARGE' | 'NOT_JSON' | 'SCHEMA' | 'TOPIC_MISMATCH' | 'IMPOSSIBLE_DATE';
      readonly message: string;
    };

const fail = (code: Extract<Decoded, { ok: false }>['code'], message: string): Decoded => ({
  ok: false,
  code,
  message,
});

/**
 * Bytes to a body of contract v1. Pure. Everything that does not fit exactly is a named failure; nothing is guessed.
 * @param topic where the bytes came from; what they say of gateway and meter must agree with it
 */
export function decodeUplink(topic: UplinkTopic, payload: Buffer): Decoded {
  if (payload.length > LIMITS.mqttPayloadBytes.value)
    return fail('TOO_LARGE', `${payload.length} bytes; the contract allows ${LIMITS.mqttPayloadBytes.value}`);
  const outer = parse(payload);
  if (outer === undefined) return fail('NOT_JSON', 'the payload is not a JSON object in UTF-8');
  const signed = topic.kind === 'ack' || topic.kind === 'state';
  if (signed && !validators.envelope(outer))
    return fail('SCHEMA', `envelope: ${ajv.errorsText(validators.envelope.errors)}`);
  const inner = signed ? parse(Buffer.from((outer as Envelope).payload, 'base64url')) : outer;
  if (inner === undefined) return fail('NOT_JSON', 'the signed payload is not a JSON object in UTF-8');
  const validate = validators[topic.kind];
  if (!validate(inner)) return fail('SCHEMA', `${topic.kind}: ${ajv.errorsText(validate.errors)}`);
  const body = inner as MeterBody | ReadingBody | EventBody | StatusBody;
  const sameMeter = topic.kind === 'status' || (body as MeterBody).meter === topic.meter;
  if (body.gateway !== topic.gateway || !sameMeter)
    return fail('TOPIC_MISMATCH', 'gateway or meter in the payload differ from the topic');
  if (!instantsOf(body).every(isInstant))
    return fail('IMPOSSIBLE_DATE', 'an instant in the payload is no date of the calendar');
  return signed
    ? { ok: true, body: body as MeterBody, envelope: outer as Envelope }
    : { ok: true, body: body as ReadingBody };
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

function parse(bytes: Buffer): object | undefined {
  try {
    const value: unknown = JSON.parse(utf8.decode(bytes));
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

const isInstant = (text: string): boolean => {
  const date = new Date(text);
  return !Number.isNaN(date.getTime()) && date.toISOString() === text;
};

function instantsOf(body: MeterBody | ReadingBody | EventBody | StatusBody): string[] {
  switch (body.kind) {
    case 'ack':
    case 'state':
      return [body.meterTime];
    case 'reading':
      return body.readings.map(({ at }) => at);
    case 'event':
      return [body.at];
    case 'status':
      return [];
  }
}

/**
 * A switch order as canonical JSON, to be signed. Only an ordinary cut is bound to a believed relay state: in doubt a restore happens,
 * and so does a cut for danger.
 */
export const encodeSwitch = (order: SwitchOrder): string =>
  canonicalJson({
    v: 1,
    kind: 'switch',
    commandId: order.commandId,
    gateway: order.gatewayNumber,
    meter: order.serial,
    installation: order.installationId,
    account: order.accountNumber,
    servicePoint: order.servicePointNumber,
    operation: order.operation === 'CUT' ? 'cut' : 'restore',
    mode: order.mode === 'ARM' ? 'arm' : 'direct',
    expectedRelay: order.operation === 'CUT' && !URGENT_REASONS.includes(order.reason) ? 'closed' : 'any',
    sequence: Number(order.sequence),
    issuedAt: order.issuedAt.toISOString(),
    notAfter: order.notAfter.toISOString(),
    reason: order.reason,
  });

/** A question for the meter's state as canonical JSON, to be signed. */
export const encodeRead = (order: ReadOrder, issuedAt: Date, notAfter: Date): string =>
  canonicalJson({
    v: 1,
    kind: 'read',
    requestId: order.requestId,
    gateway: order.gatewayNumber,
    meter: order.serial,
    what: ['state'],
    issuedAt: issuedAt.toISOString(),
    notAfter: notAfter.toISOString(),
  });

/** The simulation clock for one gateway as canonical JSON, to be signed. */
export const encodeClock = (state: ClockState, gateway: string): string =>
  canonicalJson({
    v: 1,
    kind: 'clock',
    gateway,
    version: Number(state.version),
    virtualAt: state.virtualAt.toISOString(),
    realAt: state.wallAt.toISOString(),
    scaleMillis: state.scaleMillis,
  });
