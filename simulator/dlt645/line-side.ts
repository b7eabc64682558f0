import type { Meter } from '../meter/meter.js';
import type { Context, Spokesman } from '../run/context.js';
import type { Switchgear } from '../run/switchgear.js';
import type { Uplink } from '../run/uplink.js';
import type { EventName, FleetManifest } from '../wire/contract.js';
import { Concentrator, type Shared } from './concentrator.js';
import { LineMeters } from './line-meter.js';
import { Member } from './member.js';
import { MAX_FROZEN_DAYS } from './registers.js';

/** Default of `lineBaud` in fleet.schema.json. */
const DEFAULT_BAUD = 2_400;

/** A concentrator, and how far it has come collecting freezes. */
interface Post {
  concentrator: Concentrator;
  /** Local day (since 1970-01-01) whose freezes were collected last; NaN before the first look. */
  day: number;
  /** Meters of the pass under way still to be read. */
  todo: Meter[];
}

/** All DL/T 645 meters of a fleet and the concentrators that speak for them. */
export class LineSide implements Spokesman {
  readonly lineMeters: LineMeters;
  readonly #posts = new Map<string, Post>();

  constructor(
    private readonly context: Context,
    uplink: Uplink,
    switchgear: Switchgear,
    manifest: FleetManifest,
    seed: number,
  ) {
    const behind = new Map<string, Meter[]>();
    for (const meter of context.meters.values()) {
      if (!meter.dlt645) continue;
      const list = behind.get(meter.gateway);
      if (list) list.push(meter);
      else behind.set(meter.gateway, [meter]);
    }
    this.lineMeters = new LineMeters(context, switchgear);
    const shared: Shared = { context, uplink, lineMeters: this.lineMeters };
    for (const { gateway, lineBaud } of manifest.gateways) {
      const meters = behind.get(gateway);
      if (!meters) continue;
      const member = new Member(gateway, meters, seed);
      const concentrator = new Concentrator(shared, member, lineBaud ?? DEFAULT_BAUD);
      this.#posts.set(gateway, { concentrator, day: Number.NaN, todo: [] });
    }
  }

  /**
   * A message for somebody behind this gateway. Returns whether it is for a concentrator to hear: addressed to itself, to one of its DL/T
   * 645 meters, or (on a line without any meter of the other kind by that number) to a meter it does not have.
   */
  receive(gateway: string, target: string, bytes: Buffer, acknowledge: () => void): boolean {
    const post = this.#posts.get(gateway);
    if (!post) return false;
    const { meters, faults, counters, scheduler } = this.context;
    const meter = meters.get(target);
    if (meter && meter.gateway === gateway && !meter.dlt645) return false;
    counters.received += 1;
    const passage = faults.down(meter?.gateway === gateway ? meter : post.concentrator.member);
    if (passage.lost) {
      counters.unheard += 1;
      acknowledge();
      return true;
    }
    const deliver = (): void => {
      for (let copy = 0; copy <= passage.extraCopies; copy += 1) post.concentrator.hear(target, bytes);
      acknowledge();
    };
    if (passage.delayMs > 0) scheduler.after(passage.delayMs, deliver);
    else deliver();
    return true;
  }

  /** Whether freezes of some concentrator are being collected. */
  get busy(): boolean {
    for (const { todo } of this.#posts.values()) if (todo.length > 0) return true;
    return false;
  }

  announce(meter: Meter, cause: 'boot' | 'periodic'): void {
    this.#concentratorOf(meter)?.announce(meter, cause);
  }

  changed(meter: Meter): void {
    this.lineMeters.movedByItself(meter);
    this.#concentratorOf(meter)?.lookAt(meter);
  }

  tell(meter: Meter, event: EventName, detail?: string): void {
    if (!this.context.faults.lineSilent(meter)) this.#concentratorOf(meter)?.tell(meter, event, detail);
  }

  reconcile(): void {
    for (const [gateway, { concentrator }] of this.#posts) {
      concentrator.power(!this.context.faults.gatewayUnsupplied(gateway));
    }
  }

  /** Collects what midnights have left, as the lines have room and while `mayGoOn`. */
  work(mayGoOn: () => boolean): void {
    const { calendar } = this.context.physics;
    for (const post of this.#posts.values()) {
      const today = calendar.dayOf(post.concentrator.nowMs());
      if (today !== post.day && post.todo.length === 0) {
        post.day = today;
        post.todo = post.concentrator.meters.filter((meter) => meter.frozenThroughDay < today).reverse();
      }
      while (post.todo.length > 0 && post.concentrator.idle && mayGoOn()) this.#collect(post, post.todo.pop() as Meter);
    }
  }

  #collect(post: Post, meter: Meter): void {
    const { day } = post;
    const days = Math.min(MAX_FROZEN_DAYS, day - meter.frozenThroughDay);
    // A clock set back and followed by a second pass may find nothing left to ask for.
    if (!(days >= 1)) return;
    post.concentrator.collectFreeze(meter, days, (answered) => {
      // A silent meter is asked for more at the next midnight.
      if (!answered || meter.frozenThroughDay >= day) return;
      meter.frozenThroughDay = day;
      this.context.memory.write(meter);
    });
  }

  #concentratorOf(meter: Meter): Concentrator | undefined {
    return this.#posts.get(meter.gateway)?.concentrator;
  }
}
