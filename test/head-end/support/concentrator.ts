import { createPrivateKey, createPublicKey, hkdfSync, verify, type KeyObject } from 'node:crypto';
import mqtt, { type MqttClient } from 'mqtt';
import { simulatedGatewayPassword } from '../../../src/simulation/fleet-keys.js';
import type { TestRelight } from '../../support/test-relight.js';
import { LineMeter } from './line-meter.js';
import { sealed } from './keys.js';

const PKCS8_ED25519 = Buffer.from('302e020100300506032b657004220420', 'hex');

/** An order as it came down. */
interface Order {
  readonly kind: 'switch' | 'read' | 'time';
  readonly meter: string;
  readonly installation: string;
  readonly commandId?: string;
  readonly requestId?: string;
  readonly operation?: string;
  readonly sequence?: number;
  readonly notAfter: string;
  readonly frame?: string;
  readonly frames?: string[];
}
/** One answer on its way up; tests bend it. */
export interface Answer {
  meter: string;
  cause: string;
  commandId?: string;
  requestId?: string;
  outcome: string;
  refusal?: string;
  frames: string[];
  lastSequence: number;
  at: string;
}

/** A concentrator with DL/T 645 meters, as schema/mqtt/README.md has it, in as many lines as a test needs. No time passes on its line. */
export class Concentrator {
  readonly meters = new Map<string, LineMeter>();
  /** Envelopes that came down: how many orders were in each. */
  readonly envelopes: { readonly topic: string; readonly orders: number; readonly signatures: number }[] = [];
  /** What is wrong with what came down; stays empty. */
  readonly complaints: string[] = [];
  /** Bends the answers before they are signed; returns what goes up. */
  bend: (answers: Answer[]) => Answer[] = (answers) => answers;
  /** The concentrator itself refuses every switch, nothing goes onto the line. */
  refusal: string | undefined;
  private readonly handled = new Map<string, string>();

  private constructor(
    private readonly relight: TestRelight,
    readonly gateway: string,
    readonly key: KeyObject,
    private readonly client: MqttClient,
  ) {}

  static async open(relight: TestRelight, gateway: string): Promise<Concentrator> {
    const [world] = await relight.sql<{ key_seed: string }>(`SELECT key_seed FROM simulated_world`);
    const seed = hkdfSync('sha256', world!.key_seed, 'relight-simulated-fleet-v1', `gateway-key:${gateway}`, 32);
    const der = Buffer.concat([PKCS8_ED25519, Buffer.from(seed)]);
    const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
    const client = await mqtt.connectAsync(relight.broker.gatewayUrl, {
      username: gateway,
      password: simulatedGatewayPassword(world!.key_seed, gateway),
      clientId: gateway,
    });
    const self = new Concentrator(relight, gateway, key, client);
    const rows = await relight.sql<{ serial: string; cipher: boolean }>(
      `SELECT m.serial, m.security_class = 'CIPHER' AS cipher FROM meter m JOIN gateway g ON g.id = m.gateway_id
       WHERE g.gateway_number = $1 AND m.codec = 'DLT645'`,
      [gateway],
    );
    for (const { serial, cipher } of rows)
      self.meters.set(serial, new LineMeter(serial, cipher, world!.key_seed, () => relight.ctx.clock.now()));
    client.on('message', (topic, payload) => self.take(topic, payload));
    await client.subscribeAsync(`relight/v1/${gateway}/down/+`, { qos: 1 });
    return self;
  }

  stop = (): Promise<void> => this.client.endAsync(true);

  meter = (serial: string): LineMeter => this.meters.get(serial)!;

  /** Sends answers as they are, signed by `key` under `kid`. */
  async send(answers: readonly object[], key: KeyObject = this.key, kid = this.gateway): Promise<void> {
    const gatewayTime = this.relight.ctx.clock.now().toISOString();
    const body = { v: 1, kind: 'frames', gateway: this.gateway, gatewayTime, answers };
    await this.publish(sealed(body, key, kid));
  }

  publish = (bytes: Buffer): Promise<unknown> =>
    this.client.publishAsync(`relight/v1/${this.gateway}/up/${this.gateway}/frames`, bytes, { qos: 1 });

  answerOf(serial: string, more: Partial<Answer>): Answer {
    const { lastSequence } = this.meter(serial);
    const at = this.relight.ctx.clock.now().toISOString();
    return { meter: serial, cause: 'poll', outcome: 'answered', frames: [], lastSequence, at, ...more };
  }

  private take(topic: string, payload: Buffer): void {
    const envelope = JSON.parse(payload.toString()) as {
      payload: string;
      signatures: { protected: string; signature: string }[];
    };
    const body = JSON.parse(Buffer.from(envelope.payload, 'base64url').toString()) as Order & { orders?: Order[] };
    for (const one of envelope.signatures) this.checkSignature(envelope.payload, one);
    const orders = body.orders ?? [body];
    const cuts = orders.filter(({ operation }) => operation === 'cut');
    if (cuts.length > 0 && (body.orders || envelope.signatures.length !== 2))
      this.complaints.push('a cut in a group, or without the second signature');
    if (payload.length > 65_536 || orders.length > 64) this.complaints.push('an envelope that is too large');
    this.envelopes.push({ topic, orders: orders.length, signatures: envelope.signatures.length });
    const answers = this.bend(orders.flatMap((order) => this.obey(order)));
    for (let from = 0; from < answers.length; from += 64) void this.send(answers.slice(from, from + 64));
  }

  private checkSignature(payload: string, one: { protected: string; signature: string }): void {
    const { kid } = JSON.parse(Buffer.from(one.protected, 'base64url').toString()) as { kid: string };
    const known = this.relight.downlinkKeys.find((each) => each.kid === kid);
    const key = known && createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: known.x }, format: 'jwk' });
    const text = Buffer.from(`${one.protected}.${payload}`);
    if (!key || !verify(null, text, key, Buffer.from(one.signature, 'base64url')))
      this.complaints.push(`a signature that is not valid: ${kid}`);
  }

  private obey(order: Order): Answer[] {
    const meter = this.meters.get(order.meter);
    if (!meter) return [];
    const { commandId, requestId } = order;
    if (order.kind === 'read') {
      const frames = order.frames!.flatMap((frame) => meter.answer(frame) ?? []);
      const outcome = frames.length > 0 ? 'answered' : 'silent';
      return [this.answerOf(meter.serial, { cause: 'read', requestId, frames, outcome })];
    }
    const cause = order.kind;
    if (this.refusal !== undefined && cause === 'switch')
      return [this.answerOf(meter.serial, { cause, commandId, outcome: 'refused', refusal: this.refusal })];
    const duplicate = commandId !== undefined && this.handled.get(meter.serial) === commandId;
    if (!duplicate && order.sequence! <= meter.lastSequence)
      return [this.answerOf(meter.serial, { cause, commandId, requestId, outcome: 'refused', refusal: 'SEQUENCE' })];
    meter.lastSequence = Math.max(meter.lastSequence, order.sequence!);
    if (commandId !== undefined) this.handled.set(meter.serial, commandId);
    const frame = meter.answer(order.frame!);
    const outcome = frame === undefined ? 'silent' : 'answered';
    const first = this.answerOf(meter.serial, { cause, commandId, requestId, outcome, frames: frame ? [frame] : [] });
    if (order.kind === 'time' || frame === undefined || Buffer.from(frame, 'hex')[8] !== 0x9c) return [first];
    return [first, this.answerOf(meter.serial, { cause: 'poll', commandId, frames: [meter.status()] })];
  }
}
