import { createHash } from 'node:crypto';
import { instantText, type FleetManifest, type ManifestMeter, type SwitchCommand } from '../wire/contract.js';
import { Calendar } from '../meter/calendar.js';
import { switchFrame } from './line-codec.js';
import type { Order } from './order.js';

/** What a head-end knows of each meter to write a command: who it is, the greatest sequence, and what was sent before. */
export class CommandBook {
  readonly #meters: ReadonlyMap<string, ManifestMeter>;
  readonly #neighbours = new Map<string, string>();
  readonly #sequences = new Map<string, number>();
  readonly #sent = new Map<string, string[]>();
  readonly #calendar: Calendar;
  readonly #master: string;
  #ids = 0;

  constructor(
    manifest: FleetManifest,
    private readonly seed: number,
  ) {
    this.#calendar = new Calendar(manifest.timezone ?? 'Asia/Shanghai');
    this.#master = manifest.keySeed;
    this.#meters = new Map(manifest.meters.map((entry) => [entry.meter, entry]));
    const { meters } = manifest;
    for (const [index, { meter }] of meters.entries()) {
      this.#neighbours.set(meter, (meters[(index + 1) % meters.length] as ManifestMeter).meter);
    }
  }

  /** @throws when there is no such meter. */
  entry(meter: string): ManifestMeter {
    const entry = this.#meters.get(meter);
    if (!entry) throw new Error(`There is no meter ${meter} in this fleet.`);
    return entry;
  }

  /** The meter that follows in the manifest. */
  neighbour(meter: string): ManifestMeter {
    return this.entry(this.#neighbours.get(meter) ?? meter);
  }

  nextSequence(meter: string): number {
    return Math.max(this.entry(meter).lastSequence, this.#sequences.get(meter) ?? 0) + 1;
  }

  /** A sequence was used, here or, by the meter's own word, elsewhere. */
  hasSeen(meter: string, sequence: number): void {
    if (sequence > (this.#sequences.get(meter) ?? 0)) this.#sequences.set(meter, sequence);
  }

  /** Envelopes sent to a meter, oldest first. */
  sent(meter: string): readonly string[] {
    return this.#sent.get(meter) ?? [];
  }

  sends(meter: string, envelope: string): void {
    const before = this.#sent.get(meter);
    if (before) before.push(envelope);
    else this.#sent.set(meter, [envelope]);
  }

  /** The body of `schema/mqtt/switch.schema.json`, valid from `nowMs` (ms since 1970) on. */
  command(
    order: Pick<Order, 'meter' | 'commandId' | 'operation' | 'mode' | 'reason' | 'validForMs'>,
    sequence: number,
    nowMs: number,
  ): SwitchCommand {
    const entry = this.entry(order.meter);
    return {
      v: 1,
      kind: 'switch',
      commandId: order.commandId,
      gateway: entry.gateway,
      meter: entry.meter,
      installation: entry.installation,
      account: `A-${entry.meter}`,
      servicePoint: `SP-${entry.meter}`,
      operation: order.operation,
      mode: order.mode,
      expectedRelay: 'any',
      sequence,
      issuedAt: instantText(nowMs),
      notAfter: instantText(nowMs + order.validForMs),
      reason: order.reason,
      ...(entry.codec === 'dlt645' && {
        frame: switchFrame(this.#master, order, nowMs + order.validForMs, this.#calendar),
      }),
    };
  }

  /** A UUID (version 8: made from a hash) that belongs to the run's seed and its place in the run. */
  nextId(): string {
    this.#ids += 1;
    const hex = createHash('sha256').update(`order:${this.seed}:${this.#ids}`).digest('hex');
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
  }
}
