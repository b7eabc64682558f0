import type { BareSwitching } from '../floor-process.js';
import type { MassRestore } from '../product-process.js';
import { atLeast, type Check, type Figure, type Outcome } from './report.js';
import { median, rounded } from './statistics.js';

const BAR_SHARE = 0.35;

/** One round of a mass restore: the product and its floors, one after the other. */
export interface Round {
  readonly product: MassRestore;
  /** One message and one ack for each meter. */
  readonly floor: BareSwitching;
  /** The same groups and answers as the product has with DL/T 645 meters. */
  readonly lineFloor?: BareSwitching;
}

/** The figures and the bar of a mass restore; `size` is told as it is. */
export function massRestoreOutcome(size: object, meters: number, rounds: readonly Round[], checks: Check[]): Outcome {
  const perSecond = (elapsedMs: number): number => (meters * 1_000) / elapsedMs;
  const share = median(rounds.map(({ product, floor }) => floor.elapsedMs / product.elapsedMs));
  const figure = (what: string, unit: string, pick: (round: (typeof rounds)[number]) => number): Figure => ({
    what,
    value: rounded(median(rounds.map(pick))),
    unit,
  });
  const grouped = rounds.flatMap(({ product, lineFloor }) => (lineFloor ? [{ product, lineFloor }] : []));
  const groupedFigures: Figure[] =
    grouped.length === 0
      ? []
      : [
          {
            what: 'floor in groups: bare mqtt.js, the same groups and frames',
            value: rounded(median(grouped.map(({ lineFloor }) => perSecond(lineFloor.elapsedMs)))),
            unit: '/s',
          },
          {
            what: 'share of the floor in groups, median of the rounds',
            value: rounded(median(grouped.map(({ product, lineFloor }) => lineFloor.elapsedMs / product.elapsedMs)), 3),
            unit: 'of it',
          },
        ];
  return {
    parameters: { ...size, meters },
    figures: [
      figure('product: commit of the orders to the last VERIFIED', 's', ({ product }) => product.elapsedMs / 1_000),
      figure('product: restores', '/s', ({ product }) => perSecond(product.elapsedMs)),
      figure('floor: bare mqtt.js command and ack, no database', '/s', ({ floor }) => perSecond(floor.elapsedMs)),
      figure('product: processor time of product process', 's', ({ product }) => product.cpu.product / 1_000),
      figure('product: processor time of PostgreSQL', 's', ({ product }) => product.cpu.postgres / 1_000),
      figure('product: processor time of simulator', 's', ({ product }) => product.cpu.simulator / 1_000),
      figure('floor: processor time of broker and client', 's', ({ floor }) => floor.cpu.floor / 1_000),
      figure('floor: processor time of simulator', 's', ({ floor }) => floor.cpu.simulator / 1_000),
      ...groupedFigures,
    ],
    bars: [atLeast('share of the floor, median of the rounds', rounded(share, 3), BAR_SHARE, 'of floor')],
    checks: failedOrOne(checks),
    detail: rounds.map(({ product: { commandIds: _ids, ...product }, ...floors }) => ({ product, ...floors })),
  };
}

/** The same condition holds in every round: it is told once, or as often as it broke. */
function failedOrOne(checks: readonly Check[]): Check[] {
  const byName = Map.groupBy(checks, ({ what }) => what);
  return [...byName.values()].flatMap((same) => {
    const broken = same.filter(({ holds }) => !holds);
    return broken.length > 0 ? broken : [same[0]!];
  });
}
