import type { Uplink } from '../flows/take-uplink.js';
import type { MeterReport } from '../switching/report-policy.js';
import { decodeUplink, type Decoded, type FramesBody, type MeterBody } from './codecs/json.js';
import { readAnswer } from './line-answers.js';
import type { KnownGateway, KnownMeter } from './meter-directory.js';
import { signerOf, verifyEnvelope } from './signing.js';
import { parseUplinkTopic, type UplinkTopic } from './topics.js';

/** A message after its bytes were read, before anything was looked up. */
export interface ReadMessage {
  readonly topic: string;
  readonly payload: Buffer;
  readonly parsed: UplinkTopic | undefined;
  readonly decoded: Decoded | undefined;
}

/** Reads topic and bytes. Pure. */
export function readMessage(topic: string, payload: Buffer): ReadMessage {
  const parsed = parseUplinkTopic(topic);
  return { topic, payload, parsed, decoded: parsed && decodeUplink(parsed, payload) };
}

/** The serials whose meters must be known before the message can be believed. */
export function serialsOf({ parsed, decoded }: ReadMessage): string[] {
  if (parsed && 'meter' in parsed) return [parsed.meter];
  return decoded?.ok && decoded.body.kind === 'frames' ? decoded.body.answers.map(({ meter }) => meter) : [];
}

/** The gateway whose key must be known likewise. */
export const gatewayOf = ({ parsed }: ReadMessage): string[] => (parsed?.kind === 'frames' ? [parsed.gateway] : []);

/** Who is on record among those that a group of messages names. */
export interface KnownParties {
  readonly meters: ReadonlyMap<string, KnownMeter>;
  readonly gateways: ReadonlyMap<string, KnownGateway>;
  /** The company's zone, in which meters of the serial line tell their time. */
  readonly timeZone: string;
}

/**
 * Decides what a read message is worth, given who it names. Pure but for the signature check. Whatever cannot be believed
 * becomes a REJECT with a code: TOPIC, TOO_LARGE, NOT_JSON, SCHEMA, TOPIC_MISMATCH, IMPOSSIBLE_DATE, UNKNOWN_METER, UNKNOWN_GATEWAY,
 * FOREIGN_GATEWAY, WRONG_SIGNER, BAD_SIGNATURE; of `frames` also single answers (line-answers.ts).
 */
export function checkMessage(message: ReadMessage, parties: KnownParties): Uplink[] {
  if (message.decoded?.ok && message.decoded.body.kind === 'frames')
    return checkFrames(message, message.decoded.body, parties);
  const meter = message.parsed && 'meter' in message.parsed ? parties.meters.get(message.parsed.meter) : undefined;
  return [checkOne(message, meter)];
}

const rejectOf =
  ({ topic, payload }: ReadMessage) =>
  (code: string, text: string): Uplink => ({
    kind: 'REJECT',
    code,
    message: text,
    source: { topic, payload, payloadBytes: payload.length },
  });

/** What a concentrator heard from its line: one signature for the message, then each answer for itself. */
function checkFrames(message: ReadMessage, body: FramesBody, { meters, gateways, timeZone }: KnownParties): Uplink[] {
  const reject = rejectOf(message);
  const envelope = (message.decoded as Extract<Decoded, { ok: true }>).envelope!;
  const gateway = gateways.get(body.gateway);
  if (!gateway)
    return [
      reject('UNKNOWN_GATEWAY', `no gateway ${body.gateway} is on record; register it, or find out who sends this`),
    ];
  if (signerOf(envelope) !== body.gateway)
    return [reject('WRONG_SIGNER', 'exactly one EdDSA signature by the concentrator itself is required')];
  if (!gateway.key)
    return [
      reject(
        'WRONG_SIGNER',
        `no key of gateway ${body.gateway} is on record; put it there before it speaks for meters`,
      ),
    ];
  if (!verifyEnvelope(envelope, gateway.key))
    return [reject('BAD_SIGNATURE', `the signature is not by gateway ${body.gateway}`)];
  const source = { topic: message.topic, gateway: body.gateway, timeZone };
  return body.answers.flatMap((answer) => readAnswer(answer, meters.get(answer.meter), source));
}

function checkOne(message: ReadMessage, meter: KnownMeter | undefined): Uplink {
  const { topic, payload, parsed, decoded } = message;
  const reject = rejectOf(message);
  if (!parsed || !decoded) return reject('TOPIC', 'the topic is not one of contract v1');
  if (!decoded.ok) return reject(decoded.code, decoded.message);
  const body = decoded.body as Exclude<typeof decoded.body, FramesBody>;
  if (body.kind === 'status')
    return {
      kind: 'PRESENCE',
      presence: {
        gatewayNumber: body.gateway,
        online: body.online,
        ...(!body.online && body.cause ? { cause: 'LAST_GASP' as const } : {}),
      },
    };
  if (!meter)
    return reject('UNKNOWN_METER', `no meter ${body.meter} is on record; register it, or find out who sends this`);
  if (meter.gatewayNumber !== body.gateway) {
    return reject(
      'FOREIGN_GATEWAY',
      `meter ${body.meter} is behind gateway ${meter.gatewayNumber}, not ${body.gateway}`,
    );
  }
  if (body.kind === 'event') {
    return {
      kind: 'EVENT',
      event: { meterId: meter.meterId, event: body.event, eventAt: new Date(body.at), detail: body.detail },
    };
  }
  if (body.kind === 'reading') {
    const cause = body.cause.toUpperCase() as 'FREEZE' | 'PERIODIC' | 'REQUESTED';
    const readings = body.readings.map(({ at, energyWh, quality }) => ({
      meterId: meter.meterId,
      readAt: new Date(at),
      energyWh: BigInt(energyWh),
      quality: quality.toUpperCase() as 'ACTUAL' | 'ESTIMATED',
      cause,
    }));
    return { kind: 'READINGS', readings, source: { topic, payload, payloadBytes: payload.length } };
  }
  const envelope = decoded.envelope!;
  if (signerOf(envelope) !== body.meter)
    return reject('WRONG_SIGNER', 'exactly one EdDSA signature by the meter itself is required');
  if (!verifyEnvelope(envelope, meter.key))
    return reject('BAD_SIGNATURE', `the signature is not by meter ${body.meter}`);
  return { kind: 'REPORT', report: toReport(body, meter.meterId) };
}

const toReport = (body: MeterBody, meterId: string): MeterReport => ({
  meterId,
  kind: body.kind === 'ack' ? 'ACK' : 'STATE',
  commandId: body.commandId,
  requestId: body.requestId,
  result: body.result?.toUpperCase() as MeterReport['result'],
  refusal: body.refusal,
  relay: body.relay === 'open' ? 'OPEN' : 'CLOSED',
  armed: body.armed,
  protected: body.protected,
  lastSequence: BigInt(body.lastSequence),
  meterAt: new Date(body.meterTime),
  supplyVoltageMv: body.supplyVoltageMv,
  loadVoltageMv: body.loadVoltageMv,
  powerW: body.powerW,
});
