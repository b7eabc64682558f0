import mqtt, { type MqttClient } from 'mqtt';
import { crashPoint } from '../platform/crash-points.js';
import type { Logger } from '../platform/log.js';
import { statement } from '../platform/database.js';
import type { FlowContext } from '../flows/context.js';
import { endUnsignedCut } from '../flows/end-unsigned-cut.js';
import type { ReadOrder, SwitchOrder } from '../switching/dispatch.js';
import { encodeClock, encodeRead, encodeSwitch } from './codecs/json.js';
import type { GuardAnswer, GuardClient } from './guard-client.js';
import { signEnvelope, type SigningKey } from './signing.js';
import { clockTopic, downTopic } from './topics.js';
import type { BrokerAccess } from './uplink-connection.js';

/** Unacknowledged publishes after which the dispatcher waits: bounds memory when the broker is slow. */
const MAX_IN_FLIGHT = 2_000;
/** A question to a meter is stale after this, ms of product time (and at least `minWireMs` of wall time). */
const READ_VALIDITY_MS = 60_000;

const GATEWAYS = statement(
  'downlink-gateways',
  `SELECT gateway_number AS "gatewayNumber" FROM gateway ORDER BY gateway_number`,
);

/** Signs and publishes: commands and questions (QoS 1, never retained), and the simulation clock (retained). */
export class Downlink {
  private client: MqttClient | undefined;
  private inFlight = 0;
  private waiting: (() => void)[] = [];
  private stopped = false;

  constructor(
    private readonly ctx: FlowContext,
    private readonly access: BrokerAccess,
    private readonly key: SigningKey,
    private readonly log: Logger,
    private readonly onConnected: () => void,
  ) {}

  get connected(): boolean {
    return this.client?.connected ?? false;
  }

  start(): void {
    const { url, username, password, clientId } = this.access;
    this.client = mqtt.connect(url, {
      username,
      password,
      clientId,
      clean: true,
      keepalive: 20,
      reconnectPeriod: 500,
      connectTimeout: 10_000,
      resubscribe: false,
    });
    this.client.on('connect', () => {
      this.onConnected();
      void this.publishClock().catch((error: Error) =>
        this.log.warn({ err: error }, 'the clock could not be published; the next change will'),
      );
    });
    this.client.on('error', (error) => this.log.warn({ err: error }, 'downlink connection to the broker failed'));
  }

  /** Ends at once: what is not acknowledged yet is given up, and so is what waits for its turn. Their rows are attended to. */
  async stop(): Promise<void> {
    this.stopped = true;
    for (const resume of this.waiting.splice(0)) resume();
    await this.client?.endAsync(true).catch(() => undefined);
  }

  /**
   * Has the guard sign a cut whose SENT has been committed, and publishes it with both signatures; without the guard's it is ended, and
   * nothing is published.
   */
  async publishCut(order: SwitchOrder, guard: GuardClient): Promise<void> {
    const payload = this.encode(order);
    const answer: GuardAnswer = payload
      ? await guard.sign(payload)
      : { code: 'GUARD_REFUSED', text: 'the contract has no words for this order' };
    if (!payload || !('signature' in answer)) {
      if (!('signature' in answer)) await endUnsignedCut(this.ctx, order.commandId, answer);
      return;
    }
    crashPoint('dispatch/cut-signed');
    const envelope = JSON.stringify(signEnvelope(payload, this.key, answer.signature));
    await this.publish(downTopic(order.gatewayNumber, order.serial), envelope, false);
    crashPoint('dispatch/cut-published');
  }

  /** Publishes restores whose SENT has been committed. */
  async publishRestores(orders: readonly SwitchOrder[]): Promise<void> {
    for (const order of orders) {
      const payload = this.encode(order);
      const envelope = payload && JSON.stringify(signEnvelope(payload, this.key));
      crashPoint('dispatch/signed');
      if (envelope) await this.publish(downTopic(order.gatewayNumber, order.serial), envelope, false);
    }
    if (orders.length > 0) crashPoint('dispatch/published');
  }

  /** Publishes questions to meters. */
  async publishReads(orders: readonly ReadOrder[]): Promise<void> {
    const at = this.ctx.clock.now();
    const validityMs = Math.max(READ_VALIDITY_MS, this.ctx.clock.productMs(this.ctx.timings.minWireMs));
    for (const order of orders) {
      const body = encodeRead(order, at, new Date(at.getTime() + validityMs));
      await this.publish(
        downTopic(order.gatewayNumber, order.serial),
        JSON.stringify(signEnvelope(body, this.key)),
        false,
      );
    }
  }

  /** Tells every gateway the simulated time; in real mode meters have their own clocks and nothing is sent. */
  async publishClock(): Promise<void> {
    const { state } = this.ctx.clock;
    if (state.mode === 'REAL' || !this.connected) return;
    for (const { gatewayNumber } of await this.ctx.db.rows<{ gatewayNumber: string }>(GATEWAYS)) {
      await this.publish(
        clockTopic(gatewayNumber),
        JSON.stringify(signEnvelope(encodeClock(state, gatewayNumber), this.key)),
        true,
      );
    }
  }

  /** The order as it is signed, or undefined: one that the contract has no words for must not hold back the others of its group. */
  private encode(order: SwitchOrder): string | undefined {
    try {
      return encodeSwitch(order);
    } catch (error) {
      const { commandId, serial } = order;
      this.log.error(
        { err: error, commandId, serial },
        'an order cannot be written; look at the sequence of its meter',
      );
      return undefined;
    }
  }

  private async publish(topic: string, payload: string, retain: boolean): Promise<void> {
    while (this.inFlight >= MAX_IN_FLIGHT && !this.stopped) {
      await new Promise<void>((resume) => this.waiting.push(resume));
    }
    if (this.stopped) return;
    this.inFlight += 1;
    // Not awaited: the commit has happened, and if this copy is lost the wait on the row runs out and the meter is asked.
    this.client!.publish(topic, payload, { qos: 1, retain }, (error) => {
      this.inFlight -= 1;
      this.waiting.shift()?.();
      if (error) this.log.warn({ err: error, topic }, 'a publish failed; the row will be attended to');
    });
  }
}
