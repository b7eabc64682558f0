import { dispatchCuts } from '../../../src/flows/dispatch-switch.js';
import { encodeSwitch } from '../../../src/head-end/codecs/orders.js';
import { GuardClient, type GuardAnswer } from '../../../src/head-end/guard-client.js';
import { signEnvelope } from '../../../src/head-end/signing.js';
import { downTopic } from '../../../src/head-end/topics.js';
import type { JwsSignature } from '../../../src/platform/signing-key.js';
import type { RunningGuard } from '../../../src/guard/start-guard.js';
import type { SwitchOrder } from '../../../src/switching/dispatch.js';
import { makeDebtors, orderCut, type Debtor } from '../../fault/support/debtors.js';
import { startTestGuard, createGuardRole, type Budget, type TestGuardRole } from '../../support/test-guard.js';
import { startTestRelight, type TestRelight } from '../../support/test-relight.js';
import { WireModel } from '../../support/wire-model.js';

/** A cut on record as SENT, and the bytes that are to be signed. */
export interface SentCut {
  readonly order: SwitchOrder;
  readonly payload: string;
}

/** A database of debtors, a real guard behind a real socket, and simulated meters that judge what comes of it. No head-end runs. */
export class GuardTable {
  private next = 0;
  private attempt = 0;

  private constructor(
    readonly relight: TestRelight,
    readonly debtors: readonly Debtor[],
    readonly role: TestGuardRole,
    readonly client: GuardClient,
    readonly wire: WireModel,
    public guard: RunningGuard,
  ) {}

  static async open(meters: number, budget: Budget = {}, districts = 1): Promise<GuardTable> {
    const relight = await startTestRelight({ wire: false, plan: { metersPerDistrict: meters, districts } });
    const debtors = await makeDebtors(relight);
    const role = await createGuardRole(relight.ctx, relight.database.url);
    const guard = await startTestGuard(relight.ctx, role.url, relight.guardDir, { budget });
    const client = new GuardClient({ url: guard.url }, relight.ctx.log);
    const wire = await WireModel.open(relight.ctx, relight.downlinkKeys);
    return new GuardTable(relight, debtors, role, client, wire, guard);
  }

  /** The guard is stopped and started again in the same folder. */
  async restart(
    ...about: Parameters<typeof startTestGuard> extends [unknown, unknown, unknown, (infer Change)?] ? [Change?] : never
  ) {
    await this.guard.stop();
    this.guard = await startTestGuard(this.relight.ctx, this.role.url, this.relight.guardDir, about[0]);
  }

  async stop(): Promise<void> {
    await this.guard.stop();
    await this.role.drop();
    await this.relight.stop();
  }

  /** A debtor that no call before has returned. */
  debtor(): Debtor {
    const debtor = this.debtors[this.next];
    if (!debtor) throw new Error(`the table has ${this.debtors.length} debtors only`);
    this.next += 1;
    return debtor;
  }

  /** A lawful cut, asked for, approved and marked SENT; nothing is published. */
  async sentCut(debtor: Debtor = this.debtor()): Promise<SentCut> {
    const commandId = await orderCut(this.relight, debtor, (this.attempt += 1));
    const sent: SwitchOrder[] = [];
    await dispatchCuts(this.relight.ctx, (order) => Promise.resolve(void sent.push(order)));
    const order = sent.find((one) => one.commandId === commandId);
    if (!order) throw new Error(`cut ${commandId} was not sent`);
    return { order, payload: encodeSwitch(order) };
  }

  /** What the guard says to these bytes. */
  sign(payload: string): Promise<GuardAnswer> {
    return this.client.sign(payload);
  }

  /** Its refusal, as `CODE`, or SIGNED. */
  async verdict(payload: string): Promise<string> {
    const answer = await this.sign(payload);
    return 'signature' in answer ? 'SIGNED' : answer.text.split(':')[0]!;
  }

  /** Puts an order on the wire under the head-end's key and this second signature; returns whether its meter has accepted anything new. */
  deliver({ order, payload }: SentCut, second?: JwsSignature): boolean {
    const before = this.wire.meter(order.serial).lastSequence;
    const bytes = Buffer.from(JSON.stringify(signEnvelope(payload, this.relight.key, second)));
    this.wire.deliverDown({ serial: order.serial, topic: downTopic(order.gatewayNumber, order.serial), bytes });
    this.wire.pass(1_000);
    return this.wire.meter(order.serial).lastSequence !== before;
  }

  /** How many meters are off. */
  dark(): number {
    return [...this.wire.simulation.meters.values()].filter(({ relayClosed }) => !relayClosed).length;
  }
}

/** The payload with some members changed, still canonical. */
export const changed = (payload: string, change: Readonly<Record<string, unknown>>): string => {
  const body = { ...(JSON.parse(payload) as Record<string, unknown>), ...change };
  return JSON.stringify(Object.fromEntries(Object.entries(body).sort(([a], [b]) => (a < b ? -1 : 1))));
};
