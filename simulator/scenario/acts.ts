import { parseFault } from '../faults/fault-spec.js';
import type { Operation, OrderMode } from '../head-end/order.js';
import type { HeadEnd } from '../head-end/head-end.js';
import type { Plan, PlannedAct } from './plan.js';
import { lengthMs } from './scenario-time.js';
import { restoreCode, restoreCodeKey } from '../wire/secrets.js';
import type { Acts, OrderSpec } from './spec.js';
import type { World } from './world.js';

const SHORTEST_PRESS_MS = 3_000;

/** Does what a timeline says. Each act tells what it did, for the report. */
export class Stage {
  /** Ids of faults in force, by the name the file gave them. */
  readonly #faults = new Map<string, string[]>();

  constructor(
    private readonly plan: Plan,
    private readonly world: World,
  ) {}

  /** Does one act; not for expectations. Returns what was done, in words. */
  perform(act: PlannedAct): string {
    const { path } = act;
    switch (act.name) {
      case 'fault':
        return this.#fault(act.body as Acts['fault'], path);
      case 'endFault':
        return this.#endFault(act.body as Acts['endFault']);
      case 'press':
        return this.#press(act.body as Acts['press'], path);
      case 'enterCode':
        return this.#enterCode(act.body as Acts['enterCode'], path);
      case 'swapMeters':
        return this.#swapMeters(act.body as Acts['swapMeters'], path);
      case 'dropConnections':
        return this.#dropConnections(act.body as Acts['dropConnections'], path);
      case 'restartBroker':
        return this.#restartBroker(act.body as Acts['restartBroker']);
      case 'setClock':
        return this.#setClock(act.body as Acts['setClock']);
      case 'cut':
        return this.#order('cut', 'direct', act);
      case 'restore':
        return this.#order('restore', 'direct', act);
      case 'arm':
        return this.#order('restore', 'arm', act);
      case 'protect':
      case 'unprotect':
        return this.#order(act.name, 'direct', act);
      case 'read':
        return this.#read(act.body as Acts['read'], path);
      case 'attack':
        return this.#attack(act.body as Acts['attack'], path);
      case 'expect':
        return '';
    }
  }

  get #headEnd(): HeadEnd {
    const { headEnd } = this.world;
    if (!headEnd) throw new Error('Orders are given by somebody else’s head-end here.');
    return headEnd;
  }

  #fault(fault: Acts['fault'], path: string): string {
    const specs = this.plan.faults.get(path) ?? [];
    const ids = specs.map((spec) => {
      const answer = this.world.act({ kind: 'fault', fault: parseFault(spec) });
      return (answer as { id: string }).id;
    });
    if (fault.as) this.#faults.set(fault.as, ids);
    const [first] = specs;
    const whom = specs.length === 1 && first ? JSON.stringify(first.target) : `${specs.length} meters`;
    return `fault ${fault.name} on ${whom}${fault.for ? ` for ${fault.for}` : ''}`;
  }

  #endFault(name: string): string {
    for (const id of this.#faults.get(name) ?? []) this.world.act({ kind: 'endFault', id });
    return `fault ${name} ends`;
  }

  #press({ of, hold }: Acts['press'], path: string): string {
    const holdMs = hold ? lengthMs(hold) : SHORTEST_PRESS_MS;
    const press = (meter: string): string => String(this.world.act({ kind: 'press', meter, holdMs }));
    return `button: ${tally(this.plan.targets.resolve(of, path).map(press))}`;
  }

  #enterCode({ of, code = 'right' }: Acts['enterCode'], path: string): string {
    const outcomes: string[] = [];
    for (const serial of this.plan.targets.resolve(of, path)) {
      const meter = this.world.session.simulation.meters.get(serial);
      if (!meter) continue;
      const sequence = meter.lastSequence + (code === 'used' ? 0 : 1);
      const key = restoreCodeKey(this.plan.manifest.keySeed, serial);
      const right = restoreCode(key, serial, meter.installation, sequence);
      // One digit off: as somebody who mistypes it.
      const typed = code === 'wrong' ? right.slice(0, -1) + String((Number(right.at(-1)) + 1) % 10) : right;
      if (code === 'right') this.world.witness.codeFor(serial, sequence);
      outcomes.push(String(this.world.act({ kind: 'code', meter: serial, code: typed })));
    }
    return `restore code (${code}): ${tally(outcomes)}`;
  }

  #swapMeters({ of }: Acts['swapMeters'], path: string): string {
    const serials = this.plan.targets.resolve(of, path);
    const meters = this.world.session.simulation.meters;
    const before = serials.map((serial) => meters.get(serial)?.installation ?? '');
    for (const [index, meter] of serials.entries()) {
      const installation = before[(index + 1) % before.length] as string;
      this.world.act({ kind: 'installation', meter, installation });
    }
    return `${serials.length} meters change places`;
  }

  #dropConnections({ of }: Acts['dropConnections'], path: string): string {
    const gateways = this.plan.targets.gatewaysOf(this.plan.targets.resolve(of, path));
    this.world.broker?.breakLinks(gateways);
    return `${gateways.length} connections break`;
  }

  #restartBroker({ for: away, emptied = false }: Acts['restartBroker']): string {
    this.world.broker?.restart(lengthMs(away), emptied);
    return `the broker dies for ${away}${emptied ? ' and forgets everything' : ''}`;
  }

  #setClock({ to, advance, back }: Acts['setClock']): string {
    const nowMs = this.#headEnd.virtualMs();
    const targetMs = to
      ? (this.plan.times.instantMs(to) ?? nowMs)
      : nowMs + lengthMs(advance ?? '0s') - lengthMs(back ?? '0s');
    this.#headEnd.setClock(targetMs);
    return `the clock is set to ${this.plan.times.text(targetMs)}`;
  }

  #order(operation: Operation, mode: OrderMode, act: PlannedAct): string {
    const { of, as, reason, validFor } = act.body as OrderSpec;
    const serials = this.plan.targets.resolve(of, act.path);
    const validForMs = validFor ? lengthMs(validFor) : undefined;
    for (const meter of serials) {
      this.#headEnd.order({ meter, operation, mode, reason, label: as ?? act.name, validForMs });
    }
    return `${serials.length} × ${act.name}${as ? ` (${as})` : ''}`;
  }

  #read({ of, what }: Acts['read'], path: string): string {
    const serials = this.plan.targets.resolve(of, path);
    for (const meter of serials) this.#headEnd.read(meter, what);
    return `${serials.length} meters asked`;
  }

  #attack({ kind, of, times = 1, over }: Acts['attack'], path: string): string {
    const serials = this.plan.targets.resolve(of, path);
    const overMs = over ? lengthMs(over) : 0;
    const total = serials.length * times;
    for (let index = 0; index < total; index += 1) {
      const meter = serials[index % serials.length] as string;
      // One after the other, as an attacker with one connection would send them.
      this.world.time.scheduler.after((overMs * index) / total, () => void this.#headEnd.attack(kind, meter));
    }
    return `attack ${kind}: ${total} messages to ${serials.length} meters`;
  }
}

/** `3 closing, 1 not-armed`. */
function tally(outcomes: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const outcome of outcomes) counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  return [...counts].map(([outcome, count]) => `${count} ${outcome}`).join(', ') || 'nobody';
}
