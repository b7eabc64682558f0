import type { FlowContext } from '../src/flows/context.js';
import { statement } from '../src/platform/database.js';
import { RANK, type Agenda } from './agenda.js';
import type { Field } from './field.js';
import type { Household } from './people.js';
import { drawn } from './random.js';
import type { Scenario } from './scenario.js';

const HOUR_MS = 3_600_000;

const OPEN_WORK = statement(
  'demo-crews-open-work',
  `SELECT w.id, w.opened_at AS "openedAt", a.account_number AS "accountNumber" FROM work_order w JOIN account a ON a.id = w.account_id
   WHERE w.state = 'OPEN' ORDER BY a.account_number, w.kind`,
);

/** Relays that stick, and the crews that go out and free them. What follows is the product's: the meter speaks, and is reconciled. */
export class Crews {
  private readonly stuck = new Map<string, string>();
  private readonly sent = new Set<string>();
  private readonly serials: ReadonlyMap<string, string>;

  constructor(
    private readonly ctx: FlowContext,
    private readonly scenario: Scenario,
    private readonly agenda: Agenda,
    private readonly field: Field,
    private readonly households: readonly Household[],
  ) {
    this.serials = new Map(households.map(({ accountNumber, serial }) => [accountNumber, serial]));
  }

  /** Draws the meters whose relay sticks, open or closed. */
  begin(): void {
    const { seed, wire } = this.scenario;
    for (const { serial } of this.households) {
      const part = drawn(seed, `relay ${serial}`);
      const at = part < wire.stuckOpen ? 'open' : part < wire.stuckOpen + wire.stuckClosed ? 'closed' : undefined;
      if (!at) continue;
      const fault = this.field.simulation.faultControl.add({
        name: 'stuckRelay',
        target: { meter: serial },
        parameters: { at },
      });
      this.stuck.set(serial, fault.id);
    }
  }

  /** Sends a crew to each work order that has none yet. */
  async look(): Promise<void> {
    const open = await this.ctx.db.rows<{ id: string; openedAt: Date; accountNumber: string }>(OPEN_WORK);
    for (const { id, openedAt, accountNumber } of open) {
      if (this.sent.has(id)) continue;
      this.sent.add(id);
      const atMs = openedAt.getTime() + this.scenario.staff.crewAfterHours * HOUR_MS;
      const dueMs = Math.max(atMs, this.ctx.clock.now().getTime());
      this.agenda.add(dueMs, RANK.office, `crew ${accountNumber}`, () => this.free(this.serials.get(accountNumber)!));
    }
  }

  /** The crew frees the relay and has the meter say how it stands. */
  private free(serial: string): void {
    const fault = this.stuck.get(serial);
    if (!fault) return;
    this.stuck.delete(serial);
    this.field.simulation.faultControl.remove(fault);
    this.field.simulation.switchgear.reboot(this.field.meters.get(serial)!, 2_000);
  }
}
