import type { FlowContext } from '../src/flows/context.js';
import { attendCommands } from '../src/flows/attend-commands.js';
import { dispatchCuts, dispatchRestores, type CutAdmission } from '../src/flows/dispatch-switch.js';
import { endUnsignedCut } from '../src/flows/end-unsigned-cut.js';
import type { Guard } from '../src/guard/guard.js';
import { GuardRefusal } from '../src/guard/refusal.js';
import { encodeSwitch } from '../src/head-end/codecs/orders.js';
import { signEnvelope, type SigningKey } from '../src/head-end/signing.js';
import { LIMITS } from '../src/platform/limits.js';
import type { QueuedCut, SwitchOrder } from '../src/switching/dispatch.js';
import { URGENT_REASONS } from '../src/switching/interruption.js';
import type { Field } from './field.js';
import type { Waits } from './waits.js';

/** A cut for which the guard's budget has no room is looked at again after this at the latest, ms; as the head-end does. */
const MAX_BUDGET_WAIT_MS = 60_000;

/** The head-end without a broker: the product's own dispatch, encoding and signing, and the guard's second signature over the same bytes. */
export class Wire {
  constructor(
    private readonly ctx: FlowContext,
    private readonly field: Field,
    private readonly key: SigningKey,
    private readonly guard: Guard,
    private readonly waits: Waits,
    /** Called for each cut that has gone out. */
    private readonly onCut: (accountNumber: string) => void,
  ) {}

  /** Sends restores, then cuts, then asks about what has been silent for too long: what the head-end's loops do. */
  async work(nowMs: number): Promise<void> {
    await this.waits.release(nowMs);
    await this.restores();
    await dispatchCuts(
      this.ctx,
      (order) => this.publishCut(order),
      (cut) => this.admit(cut),
    );
    const { reads } = await attendCommands(this.ctx);
    this.field.ask(reads);
  }

  /** Sends restores alone; they wait for nothing. */
  async restores(): Promise<void> {
    for (;;) {
      const orders = await dispatchRestores(this.ctx);
      for (const order of [...orders].sort((a, b) => (a.serial < b.serial ? -1 : 1)))
        this.field.down(order.gatewayNumber, order.serial, signEnvelope(encodeSwitch(order), this.key));
      if (orders.length < LIMITS.dispatchGroup.value) return;
    }
  }

  private async admit({ district, requestedBy, reason }: QueuedCut): Promise<CutAdmission> {
    const waitMs = await this.guard.roomFor({
      district,
      requester: requestedBy,
      urgent: URGENT_REASONS.includes(reason),
    });
    return waitMs === 0 ? 'open' : { waitMs: Math.min(waitMs ?? Infinity, MAX_BUDGET_WAIT_MS) };
  }

  private async publishCut(order: SwitchOrder): Promise<void> {
    const payload = encodeSwitch(order);
    try {
      const second = await this.guard.sign(Buffer.from(payload));
      this.field.down(order.gatewayNumber, order.serial, signEnvelope(payload, this.key, second));
      this.onCut(order.accountNumber);
    } catch (error) {
      if (!(error instanceof GuardRefusal)) throw error;
      const text = `${error.code}: ${error.message}`;
      await endUnsignedCut(this.ctx, order.commandId, { code: 'GUARD_REFUSED', text });
    }
  }
}
