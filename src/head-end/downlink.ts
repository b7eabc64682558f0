import mqtt, { type MqttClient } from 'mqtt';
import { crashPoint } from '../platform/crash-points.js';
import type { Logger } from '../platform/log.js';
import { newId } from '../platform/ids.js';
import { statement } from '../platform/database.js';
import type { FlowContext } from '../flows/context.js';
import { endUnsignedCut } from '../flows/end-unsigned-cut.js';
import type { ReadOrder, SwitchOrder } from '../switching/dispatch.js';
import type { ClockWork, TimeOrder } from '../flows/correct-meter-clocks.js';
import { endUnsendable } from '../flows/end-unsendable.js';
import { brokerTrouble } from './broker-access.js';
import { canonicalJson } from './codecs/canonical-json.js';
import { encodeClock, readBody, switchBody, timeBody, type OrderBody, type Validity } from './codecs/orders.js';
import type { GuardAnswer, GuardClient } from './guard-client.js';
import { LineFrames, UnsendableOrder } from './line-frames.js';
import { groupOrders } from './order-groups.js';
import { signEnvelope, type SigningKey } from './signing.js';
import { clockTopic, downTopic } from './topics.js';
import type { BrokerAccess } from './uplink-connection.js';

/** Unacknowledged publishes after which the dispatcher waits: bounds memory when the broker is slow. */
const MAX_IN_FLIGHT = 2_000;
/** Of these, questions, clock orders and the clock may take so many: what comes after ten thousand of them waits for few. */
const MAX_UNHURRIED_IN_FLIGHT = 250;
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
  private unhurried: (() => void)[] = [];
  private stopped = false;
  private readonly frames: LineFrames;

  constructor(
    private readonly ctx: FlowContext,
    private readonly access: BrokerAccess,
    private readonly key: SigningKey,
    private readonly log: Logger,
    private readonly onConnected: () => void,
  ) {
    this.frames = new LineFrames(ctx.meterSecrets, ctx.timeZone);
  }

  get connected(): boolean {
    return this.client?.connected ?? false;
  }

  start(): void {
    const { url, username, password, clientId, tls } = this.access;
    this.client = mqtt.connect(url, {
      ...tls,
      username,
      password,
      // Two processes may bear one name; under one identifier they would push each other off the line.
      clientId: `${clientId}-down-${newId().slice(-8)}`,
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
    this.client.on('error', (error) =>
      this.log.warn({ err: error }, `downlink connection lost: ${brokerTrouble(error, url)}`),
    );
  }

  /** Ends at once: what is not acknowledged yet is given up, and so is what waits for its turn. Their rows are attended to. */
  async stop(): Promise<void> {
    this.stopped = true;
    for (const resume of [...this.waiting.splice(0), ...this.unhurried.splice(0)]) resume();
    await this.client?.endAsync(true).catch(() => undefined);
  }

  /**
   * Has the guard sign a cut whose SENT has been committed, and publishes it with both signatures; without the guard's it is ended, and
   * nothing is published.
   */
  async publishCut(order: SwitchOrder, guard: GuardClient): Promise<void> {
    const body = await this.write(order);
    // Ended already: it has no words, or its meter must not be spoken to.
    if (!body) return;
    const payload = canonicalJson(body);
    const answer: GuardAnswer = await guard.sign(payload);
    if (!('signature' in answer)) {
      await endUnsignedCut(this.ctx, order.commandId, answer);
      return;
    }
    crashPoint('dispatch/cut-signed');
    const envelope = JSON.stringify(signEnvelope(payload, this.key, answer.signature));
    await this.publish(downTopic(order.gatewayNumber, order.serial), envelope, { urgent: true });
    crashPoint('dispatch/cut-published');
  }

  /**
   * Publishes restores whose SENT has been committed. Those for DL/T 645 meters share a signature with the others of their concentrator, since there is
   * one that checks for them all.
   */
  async publishRestores(orders: readonly SwitchOrder[]): Promise<void> {
    const grouped: OrderBody[] = [];
    for (const order of orders) {
      const body = await this.write(order);
      if (body && order.codec === 'DLT645') grouped.push(body);
      else if (body) await this.publishOrder(order.gatewayNumber, order.serial, canonicalJson(body), true);
    }
    await this.publishGroups(grouped, true);
    if (orders.length > 0) crashPoint('dispatch/published');
  }

  /** Publishes questions to meters, likewise. */
  publishReads(reads: readonly ReadOrder[]): Promise<void> {
    return this.publishClockWork({ orders: [], reads });
  }

  /** Publishes orders to set clocks, and after them the questions that show whether they were set. */
  async publishClockWork({ orders, reads }: ClockWork): Promise<void> {
    const validity = this.validity();
    const bodies: { readonly codec: 'JSON' | 'DLT645'; readonly body: OrderBody }[] = [];
    const writeEach = async <Order extends TimeOrder | ReadOrder>(
      each: readonly Order[],
      write: (order: Order) => Promise<OrderBody | undefined> | OrderBody | undefined,
    ): Promise<void> => {
      for (const order of each) {
        try {
          const body = await write(order);
          // What has no spelling in the contract must not hold back the others, so it is found out here.
          if (body && canonicalJson(body)) bodies.push({ codec: order.codec, body });
        } catch (error) {
          // What it was for is looked at again, and given up after a few times.
          this.log.error({ err: error, serial: order.serial }, 'a meter cannot be asked, or its clock not be set');
        }
      }
    };
    await writeEach(orders, async (order) =>
      timeBody(order, validity, order.codec === 'DLT645' ? await this.frames.timeFrame(order) : undefined),
    );
    await writeEach(reads, (order) => {
      const frames = order.codec === 'DLT645' ? this.frames.readFrames(order, validity.issuedAt) : undefined;
      // Nothing of what is asked for is kept by the meter any more.
      return frames?.length === 0 ? undefined : readBody(order, validity, frames);
    });
    for (const { codec, body } of bodies)
      if (codec === 'JSON')
        await this.publishOrder(String(body['gateway']), String(body['meter']), canonicalJson(body), false);
    await this.publishGroups(
      bodies.filter(({ codec }) => codec === 'DLT645').map(({ body }) => body),
      false,
    );
  }

  private validity(): Validity {
    const issuedAt = this.ctx.clock.now();
    const validityMs = Math.max(READ_VALIDITY_MS, this.ctx.clock.productMs(this.ctx.timings.minWireMs));
    return { issuedAt, notAfter: new Date(issuedAt.getTime() + validityMs) };
  }

  private async publishGroups(bodies: readonly OrderBody[], urgent: boolean): Promise<void> {
    for (const { gateway, to, payload } of groupOrders(bodies)) await this.publishOrder(gateway, to, payload, urgent);
  }

  private async publishOrder(gateway: string, to: string, payload: string, urgent: boolean): Promise<void> {
    const envelope = JSON.stringify(signEnvelope(payload, this.key));
    crashPoint('dispatch/signed');
    await this.publish(downTopic(gateway, to), envelope, { urgent });
  }

  /** Tells every gateway the simulated time; in real mode meters have their own clocks and nothing is sent. */
  async publishClock(): Promise<void> {
    const { state } = this.ctx.clock;
    if (state.mode === 'REAL' || !this.connected) return;
    for (const { gatewayNumber } of await this.ctx.db.rows<{ gatewayNumber: string }>(GATEWAYS)) {
      await this.publish(
        clockTopic(gatewayNumber),
        JSON.stringify(signEnvelope(encodeClock(state, gatewayNumber), this.key)),
        { urgent: false, retain: true },
      );
    }
  }

  /**
   * The order as the contract has it, or undefined: one that cannot be written must not hold back the others of its group. Where its meter must not
   * be spoken to, it is ended here.
   */
  private async write(order: SwitchOrder): Promise<OrderBody | undefined> {
    const { commandId, serial } = order;
    try {
      const body = switchBody(order, order.codec === 'DLT645' ? await this.frames.switchFrame(order) : undefined);
      canonicalJson(body);
      return body;
    } catch (error) {
      if (error instanceof UnsendableOrder) await endUnsendable(this.ctx, commandId, error.code, error.message);
      else {
        this.log.error(
          { err: error, commandId, serial },
          'an order cannot be written; look at the number and sequence of its meter',
        );
        if (order.operation === 'CUT')
          await endUnsendable(this.ctx, commandId, 'NO_WORDS', 'the contract has no words for this order');
      }
      return undefined;
    }
  }

  private async publish(
    topic: string,
    payload: string,
    { urgent, retain = false }: { readonly urgent: boolean; readonly retain?: boolean },
  ): Promise<void> {
    const [most, line] = urgent ? [MAX_IN_FLIGHT, this.waiting] : [MAX_UNHURRIED_IN_FLIGHT, this.unhurried];
    while (this.inFlight >= most && !this.stopped) await new Promise<void>((resume) => line.push(resume));
    if (this.stopped) return;
    this.inFlight += 1;
    // Not awaited: the commit has happened, and if this copy is lost the wait on the row runs out and the meter is asked.
    this.client!.publish(topic, payload, { qos: 1, retain }, (error) => {
      this.inFlight -= 1;
      const next =
        this.waiting.shift() ?? (this.inFlight < MAX_UNHURRIED_IN_FLIGHT ? this.unhurried.shift() : undefined);
      next?.();
      if (error) this.log.warn({ err: error, topic }, 'a publish failed; the row will be attended to');
    });
  }
}
