import type { LoadName } from '../wire/contract.js';
import type { Calendar } from './calendar.js';
import { LoadShape, type YearShare } from './load-shape.js';
import type { Meter } from './meter.js';
import { RegisterPast } from './register-past.js';
import { Wiring } from './wiring.js';

/** Nominal voltage of a single-phase supply in China (GB/T 12325), mV. */
const NOMINAL_MV = 220_000;
/** What a household's own connection loses per watt, mV (0.1 Ω at 220 V). */
const SAG_MV_PER_W = 0.45;
/** People do not keep the same hours: each meter's day is earlier or later by up to this much. */
const MAX_SHIFT_MS = 60 * 60_000;
/**
 * No two days are alike: waves of these periods are laid over the profile, each with this part of the mean load. Together
 * they stay below the lowest load of any profile (0.41 of its mean), so the register never goes back, and they move a
 * year's sum by less than 0.07 %.
 */
const WAVE_AMPLITUDE = 0.08;
const WAVE_PERIODS_MS = [1.3, 2.9, 5.3].map((days) => days * 86_400_000);
const MEAN_YEAR_MS = 365.25 * 86_400_000;
/** Keeps a whole number of Wh from being read as one less for want of the last bit of a double. */
export const ROUNDING_WH = 1e-6;

/** What a meter measures at an instant. Integers in the contract's units. */
export interface Measurement {
  supplyVoltageMv: number;
  loadVoltageMv: number;
  powerW: number;
  energyWh: number;
}

/** What comes upon a meter from outside; faults answer these. */
export interface Surroundings {
  /** Part of the usual supply voltage that arrives, 0–1. */
  supplyFactor(meter: Meter): number;
  /** Voltage that the customer's own source puts on the load side while the relay is open, mV; 0 when there is none. */
  backfeedMv(meter: Meter): number;
}

const CALM: Surroundings = { supplyFactor: () => 1, backfeedMv: () => 0 };

/** Load, register and voltage of meters: functions of time, so nothing has to be stepped and any instant can be asked for. */
export class Physics {
  readonly #shapes: Record<LoadName, LoadShape>;

  readonly wiring = new Wiring();
  readonly #past = new RegisterPast();

  constructor(
    readonly calendar: Calendar,
    private readonly surroundings: Surroundings = CALM,
  ) {
    this.#shapes = { household: new LoadShape('household', calendar), commerce: new LoadShape('commerce', calendar) };
  }

  /** Register in Wh, with its fraction, at an instant not before the meter's base (earlier instants give the base). */
  registerWh(meter: Meter, atMs: number): number {
    if (atMs <= meter.baseAtMs || !this.#flows(meter)) return meter.baseWh;
    return meter.baseWh + this.#energyWh(this.wiring.homeBehind(meter), meter.baseAtMs, atMs);
  }

  /** Register in Wh, with its fraction, at any instant the meter remembers (62 days and more); undefined before that. */
  pastWh(meter: Meter, atMs: number): number | undefined {
    if (atMs >= meter.baseAtMs) return this.registerWh(meter, atMs);
    const stretch = this.#past.at(meter, atMs);
    if (!stretch) return undefined;
    return stretch.home ? stretch.baseWh + this.#energyWh(stretch.home, stretch.fromMs, atMs) : stretch.baseWh;
  }

  /** Whether there is power in the home of a meter's customer. Under `crossWired` that is not the same as what the meter shows. */
  homeLit(meter: Meter): boolean {
    // Homes are swapped in pairs: whose home hangs behind this meter has this one behind its own.
    return this.#flows(this.wiring.homeBehind(meter));
  }

  /** Everything the meter can measure at an instant (ms since 1970). */
  measure(meter: Meter, atMs: number): Measurement {
    const powerW = this.#flows(meter) ? Math.max(0, Math.round(this.#loadW(this.wiring.homeBehind(meter), atMs))) : 0;
    const factor = this.surroundings.supplyFactor(meter);
    const supplyVoltageMv = meter.supplied ? Math.round(supplyMv(meter, atMs, powerW) * factor) : 0;
    const closed = this.wiring.switchOf(meter).relayClosed;
    return {
      supplyVoltageMv,
      loadVoltageMv: closed && meter.supplied ? supplyVoltageMv : this.surroundings.backfeedMv(meter),
      powerW,
      energyWh: Math.floor(this.registerWh(meter, atMs) + ROUNDING_WH),
    };
  }

  /** Whole Wh at a past instant, for a freeze. */
  frozenWh(meter: Meter, atMs: number): number {
    return Math.floor(this.registerWh(meter, atMs) + ROUNDING_WH);
  }

  /** Moves the register's base to an instant; must be called before anything that changes whether power flows. */
  rebase(meter: Meter, atMs: number): void {
    const baseWh = this.registerWh(meter, atMs);
    const home = this.#flows(meter) ? this.wiring.homeBehind(meter) : undefined;
    this.#past.add(meter, { fromMs: meter.baseAtMs, baseWh: meter.baseWh, home }, atMs);
    meter.baseWh = baseWh;
    meter.baseAtMs = atMs;
  }

  /** The clock went back: what came after is no past any more. */
  forgetPast(): void {
    this.#past.clear();
  }

  /** Whether energy passes the meter: contacts as they are, not as they are reported. */
  #flows(meter: Meter): boolean {
    return meter.supplied && this.wiring.switchOf(meter).relayClosed;
  }

  /** What a household takes between two instants, Wh. */
  #energyWh(home: Meter, fromMs: number, toMs: number): number {
    const from = this.#share(home, fromMs);
    const to = this.#share(home, toMs);
    const waves = wavePart(home, toMs) - wavePart(home, fromMs);
    return home.annualEnergyWh * (to.year - from.year + (to.part - from.part) + waves);
  }

  #share(meter: Meter, atMs: number): YearShare {
    return this.#shapes[meter.load].at(atMs + shiftMs(meter));
  }

  #loadW(meter: Meter, atMs: number): number {
    const perMs = this.#share(meter, atMs).ratePerMs + waveRatePerMs(meter, atMs);
    return meter.annualEnergyWh * perMs * 3_600_000;
  }
}

/** A byte of the meter's individual word as a number in [0, 1). */
const individual = (meter: Meter, byte: 0 | 1 | 2 | 3): number => ((meter.variation >>> (byte * 8)) & 0xff) / 256;

const shiftMs = (meter: Meter): number => Math.round((individual(meter, 3) * 2 - 1) * MAX_SHIFT_MS);

function phase(meter: Meter, wave: number, atMs: number): number {
  const periodMs = WAVE_PERIODS_MS[wave] as number;
  return 2 * Math.PI * ((atMs % periodMs) / periodMs + individual(meter, wave as 0 | 1 | 2));
}

/** Integral of the waves as a part of the year's energy. */
function wavePart(meter: Meter, atMs: number): number {
  let part = 0;
  for (let wave = 0; wave < WAVE_PERIODS_MS.length; wave += 1) {
    const periodMs = WAVE_PERIODS_MS[wave] as number;
    part += ((WAVE_AMPLITUDE * periodMs) / (2 * Math.PI * MEAN_YEAR_MS)) * Math.sin(phase(meter, wave, atMs));
  }
  return part;
}

function waveRatePerMs(meter: Meter, atMs: number): number {
  let rate = 0;
  for (let wave = 0; wave < WAVE_PERIODS_MS.length; wave += 1) {
    rate += (WAVE_AMPLITUDE / MEAN_YEAR_MS) * Math.cos(phase(meter, wave, atMs));
  }
  return rate;
}

/** Supply voltage: ±2 % from house to house, ±1 % over the day, and a little less under load. */
function supplyMv(meter: Meter, atMs: number, powerW: number): number {
  const house = 0.04 * (individual(meter, 0) - 0.5);
  const day = 0.01 * Math.sin((2 * Math.PI * (atMs % 86_400_000)) / 86_400_000);
  return Math.max(0, Math.round(NOMINAL_MV * (1 + house + day) - SAG_MV_PER_W * powerW));
}
