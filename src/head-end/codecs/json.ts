import { readFileSync } from 'node:fs';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { projectPath } from '../../platform/project-path.js';
import { LIMITS } from '../../platform/limits.js';
import type { Envelope } from '../signing.js';
import type { UplinkTopic } from '../topics.js';

const ajv = new Ajv2020({ strict: true, strictRequired: false, allErrors: false });
const validators = Object.fromEntries(
  ['envelope', 'ack', 'state', 'reading', 'event', 'status', 'frames'].map((name) => [
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
/** What a concentrator heard from the serial line, for its DL/T 645 meters. */
export interface FramesBody {
  readonly kind: 'frames';
  readonly gateway: string;
  readonly gatewayTime: string;
  readonly answers: readonly LineAnswer[];
}
export interface LineAnswer {
  readonly meter: string;
  readonly cause: 'switch' | 'read' | 'time' | 'poll' | 'freeze' | 'periodic' | 'boot';
  readonly commandId?: string;
  readonly requestId?: string;
  readonly sequence?: number;
  readonly outcome: 'answered' | 'silent' | 'refused';
  readonly refusal?: string;
  readonly duplicate?: boolean;
  /** Bytes as they came from the line, hexadecimal. */
  readonly frames: readonly string[];
  readonly lastSequence: number;
  readonly at: string;
}
export interface StatusBody {
  readonly kind: 'status';
  readonly gateway: string;
  readonly online: boolean;
  readonly cause?: 'last-gasp';
}

/** A decoded message; `envelope` is present when it is signed and the signature is still to be checked. */
export type Decoded =
  | { readonly ok: true; readonly body: MeterBody | FramesBody; readonly envelope: Envelope }
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
  const signed = topic.kind === 'ack' || topic.kind === 'state' || topic.kind === 'frames';
  if (signed && !validators.envelope(outer))
    return fail('SCHEMA', `envelope: ${ajv.errorsText(validators.envelope.errors)}`);
  const inner = signed ? parse(Buffer.from((outer as Envelope).payload, 'base64url')) : outer;
  if (inner === undefined) return fail('NOT_JSON', 'the signed payload is not a JSON object in UTF-8');
  const validate = validators[topic.kind];
  if (!validate(inner)) return fail('SCHEMA', `${topic.kind}: ${ajv.errorsText(validate.errors)}`);
  const body = inner as MeterBody | FramesBody | ReadingBody | EventBody | StatusBody;
  const sameMeter = !('meter' in topic) || (body as MeterBody).meter === topic.meter;
  if (body.gateway !== topic.gateway || !sameMeter)
    return fail('TOPIC_MISMATCH', 'gateway or meter in the payload differ from the topic');
  if (!instantsOf(body).every(isInstant))
    return fail('IMPOSSIBLE_DATE', 'an instant in the payload is no date of the calendar');
  return signed
    ? { ok: true, body: body as MeterBody | FramesBody, envelope: outer as Envelope }
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

function instantsOf(body: MeterBody | FramesBody | ReadingBody | EventBody | StatusBody): string[] {
  switch (body.kind) {
    case 'ack':
    case 'state':
      return [body.meterTime];
    case 'reading':
      return body.readings.map(({ at }) => at);
    case 'event':
      return [body.at];
    case 'frames':
      return [body.gatewayTime, ...body.answers.map(({ at }) => at)];
    case 'status':
      return [];
  }
}
