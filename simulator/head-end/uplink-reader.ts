import { verify, type KeyObject, createPublicKey } from 'node:crypto';
import { compileSchema, isEnvelope } from '../wire/schemas.js';
import { gatewayKey, protectedHeader, type MeterKeys } from '../wire/keys.js';
import type { LineAnswer } from './line-codec.js';
import type { Standing } from './order.js';

/** What came up, read and believed. */
export type Heard =
  | { kind: 'ack'; meter: string; message: AckMessage }
  | { kind: 'state'; meter: string; message: StateMessage }
  | { kind: 'frames'; answers: LineAnswer[] }
  | { kind: 'status'; gateway: string; online: boolean };

export interface AckMessage extends Standing {
  commandId: string;
  sequence: number;
  result: 'accepted' | 'refused';
  refusal?: string;
}

export interface StateMessage extends Standing {
  cause: string;
  requestId?: string;
}

const UP = /^relight\/v1\/(\d{12})\/up\/(\d{12})\/(ack|state|frames)$/;
const STATUS = /^relight\/v1\/(\d{12})\/status$/;
/** Public halves kept ready. */
const MAX_READY = 20_000;

const isAck = compileSchema<AckMessage>('mqtt/ack.schema.json');
const isFrames = compileSchema<{ answers: LineAnswer[] }>('mqtt/frames.schema.json');
const isState = compileSchema<StateMessage>('mqtt/state.schema.json');

/** Reads what a head-end must read: presence, and acks and states, whose signature it checks with the meter's key. */
export class UplinkReader {
  readonly #ready = new Map<string, KeyObject>();

  constructor(
    private readonly keys: MeterKeys,
    private readonly keySeed: string,
  ) {}

  /** Undefined: nothing a head-end acts on. `lie`: it claims to be, and is not. */
  read(topic: string, payload: Buffer): Heard | 'lie' | undefined {
    const status = STATUS.exec(topic);
    if (status) {
      const message = parse(payload.toString('utf8')) as { online?: unknown } | undefined;
      return { kind: 'status', gateway: status[1] as string, online: message?.online === true };
    }
    const up = UP.exec(topic);
    if (!up) return undefined;
    const [, gateway, meter, kind] = up as unknown as [string, string, string, 'ack' | 'state' | 'frames'];
    // A concentrator signs for its meters, under its own number.
    const message = this.#open(payload, meter, kind === 'frames') as { gateway?: unknown; meter?: unknown } | undefined;
    if (kind === 'frames') {
      if (message?.gateway !== gateway || meter !== gateway || !isFrames(message)) return 'lie';
      return { kind, answers: message.answers };
    }
    if (message?.gateway !== gateway || message.meter !== meter) return 'lie';
    if (kind === 'ack') return isAck(message) ? { kind, meter, message } : 'lie';
    return isState(message) ? { kind, meter, message } : 'lie';
  }

  #open(payload: Buffer, meter: string, asGateway: boolean): unknown {
    const envelope = parse(payload.toString('utf8'));
    if (!isEnvelope(envelope) || envelope.signatures.length !== 1) return undefined;
    const [only] = envelope.signatures;
    if (!only || only.protected !== protectedHeader(meter)) return undefined;
    const signed = Buffer.from(`${only.protected}.${envelope.payload}`, 'ascii');
    if (!verify(null, signed, this.#publicKey(meter, asGateway), Buffer.from(only.signature, 'base64url')))
      return undefined;
    return parse(Buffer.from(envelope.payload, 'base64url').toString('utf8'));
  }

  /** A 4G meter and the module in it have one number and a key each. */
  #publicKey(number: string, asGateway: boolean): KeyObject {
    const name = asGateway ? `gateway ${number}` : number;
    let key = this.#ready.get(name);
    if (!key) {
      if (this.#ready.size >= MAX_READY) this.#ready.clear();
      const own = asGateway ? gatewayKey(this.keySeed, number) : this.keys.of(number);
      this.#ready.set(name, (key = createPublicKey(own)));
    }
    return key;
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
