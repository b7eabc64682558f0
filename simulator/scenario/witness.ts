import type { HeadEnd } from '../head-end/head-end.js';
import type { Meter } from '../meter/meter.js';
import type { RelayToggle } from '../meter/relay-log.js';
import type { UpKind } from '../wire/contract.js';
import type { Session } from './session.js';

/** What must hold in every run, whatever happens. */
export const LAWS = {
  oneTogglePerCommand: 'a command moves its relay at most once',
  lawfulOnly: 'no relay moves by a command that the head-end did not give to that meter',
  inOrder: 'a relay never moves by an order older than one obeyed before',
  registerStands: 'a register stands still while its relay is open',
  protectedStay: 'no protected meter is cut',
  honestMeters: 'the head-end believes every signature that meters make',
} as const;
export type LawName = keyof typeof LAWS;

const UP = /^relight\/v1\/\d{12}\/up\/(\d{12})\/([a-z]+)$/;
/** Breaches told in full for each law; further ones are counted. */
const MAX_TOLD = 5;

/** Sees everything that meters do and say, and holds it against the laws. */
export class Witness {
  /** Events by name, then by meter. */
  readonly events = new Map<string, Map<string, number>>();
  readonly messages: Record<UpKind, number> = { ack: 0, state: 0, reading: 0, event: 0, frames: 0 };
  /** Midnight registers sent, by meter. */
  readonly freezes = new Map<string, number>();
  readonly breaches = new Map<LawName, { count: number; told: string[] }>();
  /** Movements by meter, since the run began. */
  readonly toggles = new Map<string, number>();
  /** Session instants of movements, for rates: when the n-th contact moved, ms. */
  readonly toggledAtMs: number[] = [];
  readonly #lastSequence = new Map<string, number>();
  /** Sequence that a meter's last good restore code stood for. */
  readonly #codeSequences = new Map<string, number>();
  readonly #moved = new Set<string>();
  /** Register at the moment a relay opened, Wh. */
  readonly #openWh = new Map<string, number>();

  constructor(
    private readonly session: Session,
    private readonly headEnd: HeadEnd | undefined,
  ) {}

  published(topic: string, payload: string): void {
    const match = UP.exec(topic);
    if (!match) return;
    const [, meter, kind] = match as unknown as [string, string, string];
    if (kind in this.messages) this.messages[kind as UpKind] += 1;
    if (kind === 'event') {
      const { event } = JSON.parse(payload) as { event: string };
      const byMeter = this.events.get(event) ?? new Map<string, number>();
      byMeter.set(meter, (byMeter.get(meter) ?? 0) + 1);
      this.events.set(event, byMeter);
    } else if (kind === 'reading') {
      const { cause, readings } = JSON.parse(payload) as { cause: string; readings: unknown[] };
      if (cause === 'freeze') this.freezes.set(meter, (this.freezes.get(meter) ?? 0) + readings.length);
    }
  }

  /** A right restore code is about to be typed in. */
  codeFor(serial: string, sequence: number): void {
    this.#codeSequences.set(serial, sequence);
  }

  toggled(meter: Meter, toggle: RelayToggle, nowMs: number): void {
    const { serial } = meter;
    this.toggles.set(serial, (this.toggles.get(serial) ?? 0) + 1);
    this.toggledAtMs.push(nowMs);
    const who = `${serial} ${toggle.to} by ${toggle.cause} ${toggle.commandId} (sequence ${toggle.sequence})`;
    const key = `${serial} ${toggle.commandId} ${toggle.sequence}`;
    if (this.#moved.has(key)) this.#breach('oneTogglePerCommand', who);
    this.#moved.add(key);
    if (toggle.sequence < (this.#lastSequence.get(serial) ?? 0)) this.#breach('inOrder', who);
    this.#lastSequence.set(serial, toggle.sequence);
    // A restore code raises the sequence and comes with no command.
    const byCode = this.#codeSequences.get(serial) === toggle.sequence;
    if (this.headEnd && !byCode && !this.headEnd.gave(serial, toggle.commandId)) this.#breach('lawfulOnly', who);
    if (toggle.to === 'open' && meter.protected) this.#breach('protectedStay', who);
    if (toggle.to === 'open') this.#openWh.set(serial, this.#energyWh(meter));
    else this.#stoodStill(meter);
  }

  /** Looks at what can be judged at any time; called at the end too. */
  look(): void {
    for (const serial of this.#openWh.keys()) {
      const meter = this.session.simulation.meters.get(serial);
      if (meter) this.#stoodStill(meter);
    }
    if (this.headEnd && this.headEnd.lies > 0) {
      this.breaches.delete('honestMeters');
      this.#breach('honestMeters', `${this.headEnd.lies} messages were not believed`);
    }
  }

  #stoodStill(meter: Meter): void {
    const openWh = this.#openWh.get(meter.serial);
    if (openWh === undefined) return;
    const nowWh = this.#energyWh(meter);
    if (nowWh !== openWh) this.#breach('registerStands', `${meter.serial} went from ${openWh} Wh to ${nowWh} Wh`);
    if (meter.relayClosed) this.#openWh.delete(meter.serial);
  }

  #energyWh(meter: Meter): number {
    return this.session.simulation.context.physics.frozenWh(meter, this.session.clock.nowMs());
  }

  #breach(law: LawName, text: string): void {
    const before = this.breaches.get(law) ?? { count: 0, told: [] };
    before.count += 1;
    if (before.told.length < MAX_TOLD) before.told.push(text);
    this.breaches.set(law, before);
  }
}
