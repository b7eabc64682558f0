/** The q-quantile (0 to 1) of samples, by nearest rank: always a value that was measured. */
export function quantile(samples: readonly number[], q: number): number {
  if (samples.length === 0) throw new Error('no samples were taken');
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(q * sorted.length) - 1))]!;
}

export const median = (samples: readonly number[]): number => quantile(samples, 0.5);

/** Rounded to `digits` decimals, for printing and for the record. */
export const rounded = (value: number, digits = 2): number => Number(value.toFixed(digits));
