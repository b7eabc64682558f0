import { isOver, type Order } from '../head-end/order.js';
import type { Meter } from '../meter/meter.js';
import { isSilent } from '../run/context.js';
import type { Plan } from './plan.js';
import { durationText, lengthMs } from './scenario-time.js';
import {
  expectedBy,
  type Count,
  type ExpectationName,
  type Expectations,
  type ExpectationSpec,
  type OrderFigure,
  type Target,
} from './spec.js';
import type { World } from './world.js';

/** One figure held against what was expected. */
export interface Finding {
  what: string;
  expected: string;
  got: string;
  passed: boolean;
}

/** Looks at a world and says whether something expected is so. */
export class Judge {
  constructor(
    private readonly plan: Plan,
    private readonly world: World,
  ) {}

  /** Every figure of one expectation. `path` is what shares are drawn by. */
  judge(entry: ExpectationSpec, path: string): Finding[] {
    const name = expectedBy(entry);
    if (!name) return [];
    const of = (entry[name] as { of?: Target }).of;
    const whom = of ? ` of ${describe(of)}` : '';
    const meters = this.#meters(of, path);
    const context = { whom, meters };
    const table: { [Name in ExpectationName]: (body: Expectations[Name]) => Finding[] } = {
      relays: (body) => this.#relays(body, context),
      online: (body) => [held(`meters online${whom}`, body.meters, this.#online(meters), meters.length)],
      orders: (body) => this.#orders(body),
      latency: (body) => this.#latency(body),
      refusals: (body) => this.#refusals(body),
      counters: (body) => this.#counters(body),
      toggles: (body) => this.#toggles(body, context),
      events: (body) => this.#events(body, context),
      messages: (body) =>
        counts(
          body,
          (kind) => this.world.witness.messages[kind as 'ack'],
          (kind) => `${kind} messages`,
        ),
      freezes: (body) => this.#freezes(body, context),
    };
    return (table[name] as (body: unknown) => Finding[])(entry[name]);
  }

  #meters(of: Target | undefined, path: string): Meter[] {
    const { meters } = this.world.session.simulation;
    return this.plan.targets.resolve(of, path).flatMap((serial) => meters.get(serial) ?? []);
  }

  #relays(body: Expectations['relays'], { whom, meters }: Whom): Finding[] {
    const is: Record<string, (meter: Meter) => boolean> = {
      open: (meter) => !meter.relayClosed,
      closed: (meter) => meter.relayClosed,
      armed: (meter) => meter.armed,
      protected: (meter) => meter.protected,
      shownOpen: (meter) => !meter.reportedClosed,
      shownClosed: (meter) => meter.reportedClosed,
      lit: (meter) => this.world.session.simulation.context.physics.homeLit(meter),
    };
    const words: Record<string, string> = {
      open: 'relays open',
      closed: 'relays closed',
      armed: 'meters armed',
      protected: 'meters protected',
      shownOpen: 'relays reported open',
      shownClosed: 'relays reported closed',
      lit: 'homes with light',
    };
    const { of: _of, ...figures } = body;
    const figure = (key: string): number => meters.filter(is[key] as (meter: Meter) => boolean).length;
    return counts(figures, figure, (key) => `${words[key]}${whom}`, meters.length);
  }

  #online(meters: readonly Meter[]): number {
    const { session } = this.world;
    const { context } = session.simulation;
    return meters.filter((meter) => session.online.has(meter.gateway) && !isSilent(context, meter)).length;
  }

  #chosen(as: string | undefined): Order[] {
    const orders = this.world.headEnd?.orders ?? [];
    return as === undefined ? orders : orders.filter(({ label }) => label === as);
  }

  #orders({ as, ...figures }: Expectations['orders']): Finding[] {
    const orders = this.#chosen(as);
    const is: Record<OrderFigure, (order: Order) => boolean> = {
      given: () => true,
      verified: ({ state }) => state === 'verified',
      accepted: ({ acceptedAtMs }) => acceptedAtMs !== undefined,
      armed: ({ state }) => state === 'armed',
      refused: ({ state }) => state === 'refused',
      unverified: ({ state }) => state === 'unverified',
      superseded: ({ state }) => state === 'superseded',
      open: (order) => !isOver(order) && order.state !== 'armed',
    };
    const figure = (key: string): number => orders.filter(is[key as OrderFigure]).length;
    return counts(figures, figure, (key) => `orders ${as ?? ''} ${key}`.replace('  ', ' '), orders.length);
  }

  #latency({ as, until = 'verified', ...limits }: Expectations['latency']): Finding[] {
    const taken = latencies(this.#chosen(as), until);
    return Object.entries(limits).map(([key, limit]) => {
      const part = key === 'max' ? 1 : Number(key.slice(1)) / 100;
      const gotMs = percentile(taken, part);
      const limitMs = lengthMs(limit);
      return {
        what: `latency ${as ? `${as} ` : ''}${until} ${key}`,
        expected: `≤ ${durationText(limitMs)}`,
        got: gotMs === undefined ? `no order was ${until}` : durationText(gotMs),
        passed: gotMs !== undefined && gotMs <= limitMs,
      };
    });
  }

  #refusals(body: Expectations['refusals']): Finding[] {
    const refused: Record<string, number | undefined> = this.world.session.simulation.context.counters.refused;
    const total = Object.values(refused).reduce<number>((sum, count) => sum + (count ?? 0), 0);
    return counts(
      body,
      (code) => (code === 'total' ? total : (refused[code] ?? 0)),
      (code) => `refused ${code}`,
    );
  }

  #counters(body: Expectations['counters']): Finding[] {
    const counters = this.world.session.simulation.context.counters as unknown as Record<string, number>;
    return counts(
      body,
      (key) => counters[key] ?? 0,
      (key) => `counted ${key}`,
    );
  }

  #toggles({ total, perMeter }: Expectations['toggles'], { whom, meters }: Whom): Finding[] {
    const { toggles } = this.world.witness;
    return this.#each(meters, toggles, { total, perMeter }, `relay movements${whom}`);
  }

  #freezes({ total, perMeter }: Expectations['freezes'], { whom, meters }: Whom): Finding[] {
    return this.#each(meters, this.world.witness.freezes, { total, perMeter }, `midnight registers${whom}`);
  }

  #events({ of: _of, ...events }: Expectations['events'], { whom, meters }: Whom): Finding[] {
    const figure = (event: string): number => {
      const byMeter = this.world.witness.events.get(event);
      return meters.reduce((sum, { serial }) => sum + (byMeter?.get(serial) ?? 0), 0);
    };
    return counts(events as Record<string, Count>, figure, (event) => `events ${event}${whom}`, meters.length);
  }

  #each(
    meters: readonly Meter[],
    of: ReadonlyMap<string, number>,
    { total, perMeter }: { total?: Count; perMeter?: Count },
    what: string,
  ): Finding[] {
    const each = meters.map(({ serial }) => of.get(serial) ?? 0);
    const sum = each.reduce((so, far) => so + far, 0);
    const findings = total === undefined ? [] : [held(what, total, sum, meters.length)];
    if (perMeter !== undefined) {
      const least = Math.min(...each);
      const most = Math.max(...each);
      const worst = fits(perMeter, least, meters.length) ? most : least;
      const finding = held(`${what}, each`, perMeter, worst, meters.length);
      findings.push({ ...finding, got: least === most ? String(least) : `${least} to ${most}` });
    }
    return findings;
  }
}

interface Whom {
  whom: string;
  meters: readonly Meter[];
}

/** Sorted times from being given to being verified or accepted, ms. */
export function latencies(orders: readonly Order[], until: 'verified' | 'accepted'): number[] {
  const taken = orders.flatMap(({ orderedAtMs, verifiedAtMs, acceptedAtMs }) => {
    const atMs = until === 'verified' ? verifiedAtMs : acceptedAtMs;
    return atMs === undefined ? [] : [atMs - orderedAtMs];
  });
  return taken.sort((a, b) => a - b);
}

/** The value below which `part` of the sorted values lie (nearest rank); undefined when there are none. */
export const percentile = (sorted: readonly number[], part: number): number | undefined =>
  sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)];

function counts(
  wanted: Readonly<Record<string, Count | undefined>>,
  figure: (key: string) => number,
  what: (key: string) => string,
  all = 0,
): Finding[] {
  return Object.entries(wanted).flatMap(([key, count]) =>
    count === undefined ? [] : [held(what(key), count, figure(key), all)],
  );
}

function held(what: string, count: Count, got: number, all: number): Finding {
  return { what, expected: countText(count, all), got: String(got), passed: fits(count, got, all) };
}

function fits(count: Count, got: number, all: number): boolean {
  if (count === 'all') return got === all;
  if (count === 'none') return got === 0;
  if (typeof count === 'number') return got === count;
  return got >= (count.min ?? 0) && got <= (count.max ?? Number.POSITIVE_INFINITY);
}

function countText(count: Count, all: number): string {
  if (count === 'all') return `all ${all}`;
  if (count === 'none') return '0';
  if (typeof count === 'number') return String(count);
  const { min, max } = count;
  return min === undefined ? `≤ ${max}` : max === undefined ? `≥ ${min}` : `${min} to ${max}`;
}

function describe(of: Target): string {
  const { except, ...chosen } = of;
  const [key, value] = Object.entries(chosen)[0] ?? ['all', true];
  const whom =
    key === 'all'
      ? 'all'
      : key === 'group'
        ? String(value)
        : `${key} ${Array.isArray(value) ? value.length : String(value)}`;
  return except ? `${whom} but ${except}` : whom;
}
