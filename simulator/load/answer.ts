import type { RelayWord } from '../wire/contract.js';
import { compileSchema, isEnvelope } from '../wire/schemas.js';

/** What a load reads of an ack or state. */
export interface Answer {
  serial: string;
  /** `commandId` of an ack, `requestId` of a state that answers a read. */
  id: string | undefined;
  kind: 'ack' | 'state';
  refusal: string | undefined;
  closed: boolean;
  lastSequence: number;
}

interface Message {
  commandId?: string;
  requestId?: string;
  refusal?: string;
  relay: RelayWord;
  lastSequence: number;
}

const isAck = compileSchema<Message>('mqtt/ack.schema.json');
const isState = compileSchema<Message>('mqtt/state.schema.json');
const TOPIC = /^relight\/v1\/\d{12}\/up\/(\d{12})\/(ack|state)$/;

/**
 * Reads an ack or state against its schema; undefined for anything else. Signatures are not checked: that would measure the
 * load's own processor (130 µs each).
 */
export function readAnswer(topic: string, payload: Buffer): Answer | undefined {
  const match = TOPIC.exec(topic);
  if (!match) return undefined;
  const [, serial, kind] = match as unknown as [string, string, 'ack' | 'state'];
  const envelope = parse(payload.toString('utf8'));
  if (!isEnvelope(envelope)) return undefined;
  const message = parse(Buffer.from(envelope.payload, 'base64url').toString('utf8'));
  if (!(kind === 'ack' ? isAck : isState)(message)) return undefined;
  const { commandId, requestId, refusal, relay, lastSequence } = message as Message;
  return { serial, kind, id: commandId ?? requestId, refusal, closed: relay === 'closed', lastSequence };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
