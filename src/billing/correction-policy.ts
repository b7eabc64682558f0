/** What a correction bill says. Values in, value out. */
import type { BillLineToIssue } from './bill-insert.js';

const keyOf = ({ kind, tariffCode, tier, touPeriod, splitEstimated, unitPriceMicro }: BillLineToIssue): string =>
  [kind, tariffCode, tier, touPeriod ?? '', splitEstimated ?? false, unitPriceMicro].join(' ');

/**
 * The lines by which what should be charged differs from what is charged: one for each price whose energy or amount changes, the
 * difference in it. Added to the old lines they give the new ones.
 */
export function lineDifferences(
  charged: readonly BillLineToIssue[],
  right: readonly BillLineToIssue[],
): BillLineToIssue[] {
  const lines = new Map<string, BillLineToIssue>();
  const add = (line: BillLineToIssue, sign: 1n | -1n): void => {
    const known = lines.get(keyOf(line));
    lines.set(keyOf(line), {
      ...line,
      energyWh: (known?.energyWh ?? 0n) + sign * line.energyWh,
      amountMinor: (known?.amountMinor ?? 0n) + sign * line.amountMinor,
    });
  };
  for (const line of charged) add(line, -1n);
  for (const line of right) add(line, 1n);
  return [...lines.values()].filter(({ energyWh, amountMinor }) => energyWh !== 0n || amountMinor !== 0n);
}
