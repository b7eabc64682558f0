import type { FaultTarget } from '../faults/fault-spec.js';
import { share } from '../meter/random.js';
import type { FleetManifest, ManifestMeter } from '../wire/contract.js';
import type { Target } from './spec.js';

/** A fault on a list of meters is one fault each; more belongs to share, gateway or all. */
export const MAX_LISTED_FAULTS = 200;

/** A target cannot be resolved; the text says why and what to do. */
export class TargetError extends Error {}

/** Resolves targets to meters of one fleet, the same for the same seed. */
export class Targets {
  readonly #groups = new Map<string, readonly string[]>();
  readonly #serials: readonly string[];

  constructor(
    private readonly manifest: FleetManifest,
    private readonly seed: number,
    private readonly groups: Readonly<Record<string, Target>>,
  ) {
    this.#serials = manifest.meters.map(({ meter }) => meter);
  }

  /** Serials in the fleet's order. `label` is what a share is drawn by, beside the seed. @throws TargetError */
  resolve(target: Target | undefined, label: string): readonly string[] {
    const { except, ...chosen } = target ?? {};
    const serials = Object.keys(chosen).length === 0 ? this.#serials : this.#choose(chosen, label);
    if (except === undefined) return serials;
    const without = new Set(this.#group(except));
    return serials.filter((serial) => !without.has(serial));
  }

  /** The gateways of these meters, each once. */
  gatewaysOf(serials: readonly string[]): string[] {
    const wanted = new Set(serials);
    return [...new Set(this.manifest.meters.filter(({ meter }) => wanted.has(meter)).map(({ gateway }) => gateway))];
  }

  /** As the fault catalogue knows targets: most are the same, lists become one fault a meter. @throws TargetError */
  forFaults(target: Target | undefined, label: string): FaultTarget[] {
    const keys = Object.keys(target ?? {});
    const [only] = keys;
    if (!target || only === undefined || (keys.length === 1 && only === 'all')) return [{ all: true }];
    if (keys.length === 1) {
      if (target.meter !== undefined) return [{ meter: this.#known(target.meter) }];
      if (target.gateway !== undefined) return [{ gateway: this.#knownGateway(target.gateway) }];
      if (target.share !== undefined) return [{ share: target.share }];
      if (target.gatewayShare !== undefined) return [{ gatewayShare: target.gatewayShare }];
    }
    const serials = this.resolve(target, label);
    if (serials.length > MAX_LISTED_FAULTS) {
      throw new TargetError(
        `a fault strikes at most ${MAX_LISTED_FAULTS} listed meters, these are ${serials.length}; use share, gateway or all.`,
      );
    }
    return serials.map((meter) => ({ meter }));
  }

  #choose(target: Omit<Target, 'except'>, label: string): readonly string[] {
    const keys = Object.keys(target);
    if (keys.length > 1)
      throw new TargetError(`one of ${keys.join(', ')} only; name the rest under groups and use except.`);
    if (target.meter !== undefined) return [this.#known(target.meter)];
    if (target.meters) return target.meters.map((meter) => this.#known(meter));
    if (target.gateway !== undefined) {
      const gateway = this.#knownGateway(target.gateway);
      return this.#those((entry) => entry.gateway === gateway);
    }
    if (target.first !== undefined) return this.#serials.slice(0, target.first);
    if (target.group !== undefined) return this.#group(target.group);
    if (target.load !== undefined) return this.#those(({ load }) => load === target.load);
    if (target.protected !== undefined) {
      return this.#those((entry) => (entry.protected ?? false) === target.protected);
    }
    const { share: part, gatewayShare } = target;
    if (part !== undefined) return this.#those(({ meter }) => share(`${label}:${meter}`, this.seed) < part);
    if (gatewayShare !== undefined) {
      return this.#those(({ gateway }) => share(`${label}:${gateway}`, this.seed) < gatewayShare);
    }
    return this.#serials;
  }

  #group(name: string): readonly string[] {
    const known = this.#groups.get(name);
    if (known) return known;
    const target = this.groups[name];
    if (!target) {
      const names = Object.keys(this.groups);
      throw new TargetError(
        `there is no group ${JSON.stringify(name)}; ${names.length > 0 ? `there are ${names.join(', ')}.` : 'name it under groups.'}`,
      );
    }
    // A group within itself finds itself empty rather than no end.
    this.#groups.set(name, []);
    const serials = this.resolve(target, `group:${name}`);
    this.#groups.set(name, serials);
    return serials;
  }

  #those(fits: (entry: ManifestMeter) => boolean): string[] {
    return this.manifest.meters.filter(fits).map(({ meter }) => meter);
  }

  #known(meter: string): string {
    if (!this.#serials.includes(meter)) {
      const [first] = this.#serials;
      throw new TargetError(
        `there is no meter ${meter} in this fleet; its meters run from ${first} to ${this.#serials.at(-1)}.`,
      );
    }
    return meter;
  }

  #knownGateway(gateway: string): string {
    const gateways = this.manifest.gateways.map((one) => one.gateway);
    if (!gateways.includes(gateway)) {
      throw new TargetError(`there is no gateway ${gateway} in this fleet; the first is ${gateways[0]}.`);
    }
    return gateway;
  }
}
