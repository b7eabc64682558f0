import { draw, hash32, type RandomStream } from '../meter/random.js';
import type { Scheduler } from '../run/scheduler.js';
import type { ContractValue } from '../wire/canonical-json.js';
import { clockTopic, downTopic, instantText, type FleetManifest } from '../wire/contract.js';
import { MeterKeys } from '../wire/keys.js';
import { forge, type AttackName } from './attacks.js';
import { CommandBook } from './command-book.js';
import { isOver, proofOf, rankOf, type Operation, type Order, type OrderMode, type Standing } from './order.js';
import { standingOf, statusFrame, type LineAnswer } from './line-codec.js';
import { developmentSigners, sealBy, type Signers } from './signers.js';
import { UplinkReader } from './uplink-reader.js';

/** A meter that has taken an order and not yet done it is asked more and more rarely, up to this many times askAfterMs. */
const MAX_ASK_FACTOR = 8;

/** How a reference head-end works. */
export interface HeadEndSettings {
  /** Most orders it sends per second. */
  perSecond: number;
  /** Without a word for this long the meter is asked how it stands, ms. */
  askAfterMs: number;
  /** Default time an order stays valid, ms. */
  validForMs: number;
}

export const HEAD_END_DEFAULTS: HeadEndSettings = { perSecond: 50, askAfterMs: 30_000, validForMs: 600_000 };

/** What it needs of the world around it. */
export interface HeadEndWorld {
  manifest: FleetManifest;
  seed: number;
  scheduler: Scheduler;
  /** Wall clock, ms since 1970; the base of the simulation's clock. */
  wallMs(): number;
  publish(topic: string, payload: string, retain: boolean): void;
}

/** An order as a scenario asks for it. */
export interface OrderRequest {
  meter: string;
  operation: Operation;
  mode?: OrderMode;
  reason?: string;
  label: string;
  validForMs?: number;
}

/**
 * The reference head-end: written from the contract alone, in one process, for scenarios. It orders, waits, asks before it repeats, and
 * believes a meter's word only. It is no product: no rows, no money, no law.
 */
export class HeadEnd {
  readonly orders: Order[] = [];
  /** Envelopes that claimed to be a meter's and were not. */
  lies = 0;
  /** Commands that no head-end gave, by their id. */
  readonly forged = new Set<string>();
  /** How many attacks went out, by name. */
  readonly attacks = new Map<AttackName, number>();
  readonly #signers: Signers;
  readonly #reader: UplinkReader;
  readonly #book: CommandBook;
  readonly #queues: [Order[], Order[], Order[]] = [[], [], []];
  /** Gateways that are known to be away: what was sent waits for them at the broker, and more of it would only wait too. */
  readonly #offline = new Set<string>();
  /** Meter of every command, by its id. */
  readonly #given = new Map<string, string>();
  readonly #open = new Map<string, Order>();
  readonly #stream: RandomStream;
  #sending = false;
  #clock = { version: 0, virtualAtMs: 0, realAtMs: 0, scale: 1 };

  constructor(
    private readonly world: HeadEndWorld,
    private readonly settings: HeadEndSettings,
  ) {
    const { manifest, seed } = world;
    this.#signers = developmentSigners(manifest);
    this.#reader = new UplinkReader(new MeterKeys(manifest.keySeed), manifest.keySeed);
    this.#book = new CommandBook(manifest, seed);
    this.#stream = { random: hash32('head-end', seed) };
  }

  /** Virtual time, ms since 1970, as it has told the meters. */
  virtualMs(): number {
    const { version, virtualAtMs, realAtMs, scale } = this.#clock;
    const realMs = this.world.wallMs();
    return version === 0 ? realMs : Math.round(virtualAtMs + (realMs - realAtMs) * scale);
  }

  /** Sets the clock of the simulation and tells every gateway. */
  setClock(virtualMs: number, scale = 1): void {
    this.#clock = { version: this.#clock.version + 1, virtualAtMs: virtualMs, realAtMs: this.world.wallMs(), scale };
    for (const { gateway } of this.world.manifest.gateways) this.#tellTime(gateway);
  }

  /** Wants something of a meter. An order still open for it is overtaken. */
  order(request: OrderRequest): Order {
    const entry = this.#book.entry(request.meter);
    const before = this.#open.get(request.meter);
    if (before && !isOver(before)) before.state = 'superseded';
    const order: Order = {
      commandId: this.#book.nextId(),
      meter: request.meter,
      gateway: entry.gateway,
      operation: request.operation,
      mode: request.mode ?? 'direct',
      reason: request.reason ?? (request.operation.endsWith('protect') ? 'PROTECTION' : 'ARREARS'),
      label: request.label,
      validForMs: request.validForMs ?? this.settings.validForMs,
      orderedAtMs: this.world.scheduler.nowMs(),
      state: 'queued',
      sequence: 0,
      sentAtMs: 0,
      notAfterMs: Number.POSITIVE_INFINITY,
      attempts: 0,
    };
    this.orders.push(order);
    this.#given.set(order.commandId, order.meter);
    this.#open.set(order.meter, order);
    this.#queues[rankOf(order)].push(order);
    this.#pump();
    return order;
  }

  /** Whether a command was given by this head-end to that meter. */
  gave(meter: string, commandId: string): boolean {
    return this.#given.get(commandId) === meter;
  }

  /** Asks a meter how it stands, and for its register. */
  read(meter: string, what: readonly ('state' | 'reading')[] = ['state']): void {
    const { gateway, codec } = this.#book.entry(meter);
    const nowMs = this.virtualMs();
    const request = {
      v: 1,
      kind: 'read',
      requestId: this.#book.nextId(),
      gateway,
      meter,
      what: [...what],
      issuedAt: instantText(nowMs),
      notAfter: instantText(nowMs + 60_000),
      ...(codec === 'dlt645' && { frames: [statusFrame(meter)] }),
    };
    this.#publish(gateway, meter, sealBy(request, this.#signers.headEnd));
  }

  /** Sends something a meter must not obey. Returns whether there was anything to send. */
  attack(name: AttackName, meter: string): boolean {
    const entry = this.#book.entry(meter);
    const cut = { operation: 'cut', mode: 'direct', reason: 'ARREARS', validForMs: this.settings.validForMs } as const;
    const order = { ...cut, meter, commandId: this.#book.nextId() };
    const lawful = this.#book.command(order, this.#book.nextSequence(meter), this.virtualMs());
    const neighbour = this.#book.neighbour(meter);
    const history = this.#book.sent(meter);
    const material = { signers: this.#signers, lawful, nowMs: this.virtualMs(), neighbour, history };
    const bytes = forge(name, { ...material, chance: draw(this.#stream) });
    if (!bytes) return false;
    this.forged.add(lawful.commandId);
    this.attacks.set(name, (this.attacks.get(name) ?? 0) + 1);
    this.#publish(entry.gateway, meter, bytes.toString('utf8'));
    return true;
  }

  /** A message that came up from the fleet. */
  hear(topic: string, payload: Buffer): void {
    const heard = this.#reader.read(topic, payload);
    if (heard === 'lie') this.lies += 1;
    else if (heard?.kind === 'status') {
      if (heard.online) this.#offline.delete(heard.gateway);
      else this.#offline.add(heard.gateway);
      // After a broker was emptied the retained clock is gone with everything else.
      if (heard.online && this.#clock.version > 0) this.#tellTime(heard.gateway);
    } else if (heard?.kind === 'ack') {
      this.#answered(heard.meter, heard.message.commandId, heard.message.refusal);
      this.#stands(heard.meter, heard.message);
    } else if (heard?.kind === 'frames') {
      for (const answer of heard.answers) this.#lineAnswered(answer);
    } else if (heard) this.#stands(heard.meter, heard.message);
  }

  /** What came from a serial line: an order's fate, and with status word 3 how the meter stands. */
  #lineAnswered(answer: LineAnswer): void {
    const { meter, cause, commandId, outcome, refusal } = answer;
    if (cause === 'switch' && commandId && outcome !== 'silent') this.#answered(meter, commandId, refusal);
    const standing = standingOf(answer);
    if (standing) this.#stands(meter, standing);
  }

  #answered(meter: string, commandId: string, refusal: string | undefined): void {
    const order = this.#open.get(meter);
    if (!order || order.commandId !== commandId || isOver(order)) return;
    if (refusal !== undefined) {
      order.state = 'refused';
      order.refusal = refusal;
    } else {
      order.acceptedAtMs ??= this.world.scheduler.nowMs();
      if (order.state === 'sent') order.state = 'accepted';
    }
  }

  #stands(meter: string, standing: Standing): void {
    this.#book.hasSeen(meter, standing.lastSequence);
    const order = this.#open.get(meter);
    if (!order || order.state === 'queued' || isOver(order)) return;
    const nowMs = this.world.scheduler.nowMs();
    const proof = proofOf(order, standing);
    if (proof === 'unheard') return;
    order.acceptedAtMs ??= nowMs;
    if (proof === 'proven') {
      order.state = 'verified';
      order.verifiedAtMs = nowMs;
    } else if (proof === 'armed') order.state = 'armed';
  }

  /** Sends what is queued, restores first, at its pace. */
  #pump(): void {
    if (this.#sending) return;
    const order = this.#nextQueued();
    if (!order) return;
    this.#sending = true;
    this.#sendFirst(order);
    this.world.scheduler.after(1000 / this.settings.perSecond, () => {
      this.#sending = false;
      this.#pump();
    });
  }

  #nextQueued(): Order | undefined {
    for (const queue of this.#queues) {
      for (let order = queue.shift(); order; order = queue.shift()) if (order.state === 'queued') return order;
    }
    return undefined;
  }

  #sendFirst(order: Order): void {
    order.sequence = this.#book.nextSequence(order.meter);
    this.#book.hasSeen(order.meter, order.sequence);
    const command = this.#book.command(order, order.sequence, this.virtualMs());
    order.sentAtMs = this.world.scheduler.nowMs();
    order.notAfterMs = order.sentAtMs + order.validForMs;
    const { headEnd, guard } = this.#signers;
    const signers = order.operation === 'cut' ? [headEnd, guard] : [headEnd];
    order.envelope = sealBy(command as unknown as ContractValue, ...signers);
    this.#book.sends(order.meter, order.envelope);
    order.state = 'sent';
    this.#send(order);
  }

  #send(order: Order): void {
    order.attempts += 1;
    this.#publish(order.gateway, order.meter, order.envelope as string);
    this.#attend(order, this.settings.askAfterMs);
  }

  /** Silence is not an answer: the meter is asked, and only what it has not heard is sent again, the same bytes. */
  #attend(order: Order, afterMs: number): void {
    this.world.scheduler.after(afterMs, () => {
      if (isOver(order)) return;
      const nowMs = this.world.scheduler.nowMs();
      if (nowMs > order.notAfterMs) {
        // An armed meter waits for its customer, however long that takes.
        if (order.state !== 'armed') order.state = 'unverified';
        return;
      }
      if (this.#offline.has(order.gateway)) {
        this.#attend(order, this.settings.askAfterMs);
        return;
      }
      this.read(order.meter);
      if (order.acceptedAtMs === undefined) this.#send(order);
      else this.#attend(order, Math.min(afterMs * 2, this.settings.askAfterMs * MAX_ASK_FACTOR));
    });
  }

  #tellTime(gateway: string): void {
    const { version, virtualAtMs, realAtMs, scale } = this.#clock;
    const message = {
      v: 1,
      kind: 'clock',
      gateway,
      version,
      virtualAt: instantText(virtualAtMs),
      realAt: instantText(realAtMs),
      scaleMillis: Math.round(scale * 1000),
    };
    this.world.publish(clockTopic(gateway), sealBy(message, this.#signers.headEnd), true);
  }

  #publish(gateway: string, meter: string, envelope: string): void {
    this.world.publish(downTopic(gateway, meter), envelope, false);
  }
}
