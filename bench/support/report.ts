import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectPath } from '../../src/platform/project-path.js';
import type { Surroundings } from './surroundings.js';

/** One thing measured. */
export interface Figure {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
}

/** A promise of the product in figures, and whether this run kept it. */
export interface Bar {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  readonly bar: string;
  readonly met: boolean;
}

/** A condition without which the figures mean nothing (nothing lost, nothing doubled). */
export interface Check {
  readonly what: string;
  readonly expected: string | number;
  readonly found: string | number;
  readonly holds: boolean;
}

/** What a bench hands back. */
export interface Outcome {
  /** Sizes and counts of this run, so that two records can be told apart. */
  readonly parameters: Readonly<Record<string, string | number>>;
  readonly figures: readonly Figure[];
  readonly bars: readonly Bar[];
  readonly checks: readonly Check[];
  /** Every round, every sample: whatever somebody may want to look at again. */
  readonly detail?: unknown;
}

export const atMost = (what: string, value: number, limit: number, unit: string): Bar => ({
  what,
  value,
  unit,
  bar: `≤ ${limit}`,
  met: value <= limit,
});
export const atLeast = (what: string, value: number, limit: number, unit: string): Bar => ({
  what,
  value,
  unit,
  bar: `≥ ${limit}`,
  met: value >= limit,
});
export const equal = (what: string, found: string | number, expected: string | number): Check => ({
  what,
  expected,
  found,
  holds: found === expected,
});

/** Whether every condition held. */
export const isSound = (outcome: Outcome): boolean => outcome.checks.every(({ holds }) => holds);

/** Writes the record beside the others (ignored by git) and returns its path. */
export function writeRecord(name: string, outcome: Outcome, surroundings: Surroundings): string {
  const folder = projectPath('bench', 'results');
  mkdirSync(folder, { recursive: true });
  const at = new Date().toISOString();
  const file = join(folder, `${name}-${at.replace(/[:.]/g, '-')}.json`);
  writeFileSync(file, `${JSON.stringify({ name, at, ...surroundings, ...outcome }, undefined, 2)}\n`);
  return file;
}

/** The outcome as a person reads it. */
export function printOutcome(name: string, outcome: Outcome): void {
  const line = (text = ''): void => void process.stdout.write(`${text}\n`);
  line();
  line(
    `${name}: ${Object.entries(outcome.parameters)
      .map(([key, value]) => `${key} ${value}`)
      .join(', ')}`,
  );
  for (const { what, value, unit } of outcome.figures) line(`  ${what.padEnd(58)} ${format(value)} ${unit}`);
  for (const { what, value, unit, bar, met } of outcome.bars) {
    line(`  ${what.padEnd(58)} ${format(value)} ${unit}   bar ${bar}   ${met ? 'reached' : 'NOT REACHED'}`);
  }
  for (const { what, expected, found, holds } of outcome.checks) {
    line(`  ${holds ? 'holds ' : 'BROKEN'} ${what}: ${found}${holds ? '' : `, expected ${expected}`}`);
  }
}

const format = (value: number): string =>
  value.toLocaleString('en-US', { maximumFractionDigits: 2, minimumFractionDigits: 0 }).padStart(10);
