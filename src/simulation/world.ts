import { seededRandom } from './random.js';

/** The first instant of a simulated world: a Tuesday, ten in the morning in Jinan, in a year whose holidays are published. */
export const SIMULATION_START = new Date('2026-03-10T02:00:00.000Z');

/** What a simulated world is made of. */
export interface WorldPlan {
  readonly seed: number;
  readonly districts: number;
  /** At most 2,000: one concentrator a district. */
  readonly metersPerDistrict: number;
  /** Share of accounts that have not paid since the first bill. */
  readonly arrearsShare: number;
  /** Billed months before the start. */
  readonly months: number;
  /** Share of meters that speak DL/T 645 behind their concentrator; absent: none. */
  readonly dlt645Share?: number;
  /** Speed of their serial line; 0: no time passes on it; absent: 2,400. */
  readonly lineBaud?: number;
  /** True: everybody was asked and is reached, causes are known, nothing is on hold. For tests about other things. */
  readonly allInGoodStanding?: boolean;
  /** True: the arrears have been followed up, so that some of them may lawfully be cut when the world starts. */
  readonly dunned?: boolean;
}

/** A simulated household, before it is put on record. */
export interface SimulatedPremise {
  readonly serial: string;
  readonly accountNumber: string;
  readonly servicePointNumber: string;
  readonly name: string;
  readonly address: string;
  readonly mobile: string;
  readonly annualEnergyWh: number;
  readonly inArrears: boolean;
  readonly loneElderly: boolean;
  readonly armRestore: boolean;
  readonly codec: 'JSON' | 'DLT645';
  readonly securityClass: 'PASSWORD' | 'CIPHER';
}

export interface SimulatedDistrict {
  readonly code: string;
  readonly name: string;
  readonly manager: string;
  readonly gatewayNumber: string;
  readonly readingDay: number;
  readonly settlementDay: number;
  readonly premises: readonly SimulatedPremise[];
}

const SURNAMES = [...'王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗'];
const GIVEN = [...'伟芳娜敏静丽强磊军洋勇艳杰娟涛明超霞平刚桂英文华建国玉兰'];
const STREETS = ['经十路', '泺源大街', '历山路', '解放路', '文化东路', '花园路', '北园大街', '英雄山路'];

const digits = (value: number, width: number): string => String(value).padStart(width, '0');

/** 2^32 / golden ratio: spreads consecutive numbers evenly (Knuth, TAOCP 6.4). */
const SPREAD = 2_654_435_769;
/** Of DL/T 645 meters, how many have ciphertext. */
const CIPHER_SHARE = 0.2;

/** How a meter is spoken to. By its number and not by the dice, so that a world with such meters has the same people as one without. */
function drawLine(number: number, dlt645Share: number): Pick<SimulatedPremise, 'codec' | 'securityClass'> {
  const place = (Math.imul(number, SPREAD) >>> 0) / 2 ** 32;
  return {
    codec: place < dlt645Share ? 'DLT645' : 'JSON',
    securityClass: place < dlt645Share * CIPHER_SHARE ? 'CIPHER' : 'PASSWORD',
  };
}

/**
 * Draws up a world from its seed: districts (台区) with one concentrator each, households with plausible annual use,
 * some in arrears, some protected. Invented people; the place is Jinan, whose rules the domain notes cite.
 */
export function drawWorld(plan: WorldPlan): SimulatedDistrict[] {
  const random = seededRandom(plan.seed);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)]!;
  return Array.from({ length: plan.districts }, (_, d) => {
    const district = d + 1;
    const street = STREETS[d % STREETS.length]!;
    return {
      code: `JN-${digits(district, 4)}`,
      name: `${street}${district}号台区`,
      manager: `manager-${digits(district, 4)}`,
      gatewayNumber: `3701${digits(district, 8)}`,
      readingDay: 1,
      settlementDay: 1,
      premises: Array.from({ length: plan.metersPerDistrict }, (_unused, m): SimulatedPremise => {
        const number = d * plan.metersPerDistrict + m + 1;
        const inArrears = random() < plan.arrearsShare;
        return {
          serial: `3702${digits(number, 8)}`,
          accountNumber: `37${digits(number, 8)}`,
          servicePointNumber: `38${digits(number, 8)}`,
          name: `${pick(SURNAMES)}${pick(GIVEN)}${random() < 0.6 ? pick(GIVEN) : ''}`,
          address: `济南市${street}${district}号${1 + Math.floor(m / 12)}栋${1 + (m % 12)}室`,
          mobile: `1380000${digits(number % 10_000, 4)}`,
          annualEnergyWh: Math.round((1_200 + random() * 3_800) * 1_000),
          inArrears,
          loneElderly: random() < 0.02,
          armRestore: random() < 0.05,
          ...drawLine(number, plan.dlt645Share ?? 0),
        };
      }),
    };
  });
}
