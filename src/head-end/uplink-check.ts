import type { Uplink } from '../flows/take-uplink.js';
import type { MeterReport } from '../switching/report-policy.js';
import { decodeUplink, type Decoded, type MeterBody } from './codecs/json.js';
import type { KnownMeter } from './meter-directory.js';
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

/** The serial whose meter must be known before the message can be believed. */
export const serialOf = ({ parsed }: ReadMessage): string | undefined =>
  parsed && parsed.kind !== 'status' ? parsed.meter : undefined;

/**
 * Decides what a read message is worth, given the meter it names. Pure but for the signature check. Whatever cannot be believed
 * becomes a REJECT with a code: TOPIC, TOO_LARGE, NOT_JSON, SCHEMA, TOPIC_MISMATCH, IMPOSSIBLE_DATE, UNKNOWN_METER,
 * FOREIGN_GATEWAY, WRONG_SIGNER, BAD_SIGNATURE.
 */
export function checkMessage(message: ReadMessage, meter: KnownMeter | undefined): Uplink {
  const { topic, payload, parsed, decoded } = message;
  const reject = (code: string, text: string): Uplink => ({
    kind: 'REJECT',
    code,
    message: text,
    source: { topic, payload, payloadBytes: payload.length },
  });
  if (!parsed || !decoded) return reject('TOPIC', 'the topic is not one of contract v1');
  if (!decoded.ok) return reject(decoded.code, decoded.message);
  const { body } = decoded;
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
