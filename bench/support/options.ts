import { parseArgs } from 'node:util';
import { projectPath } from '../../src/platform/project-path.js';

/** How a bench is to be run. */
export interface BenchOptions {
  /** Small sizes, to see that a bench works; its figures say nothing. */
  readonly quick: boolean;
  /** Node arguments that make a process write a processor profile when it ends; none without --cpu-prof. */
  profiling(process: string): string[];
}

/**
 * Reads the command line.
 * @throws Error naming what it does not know
 */
export function readOptions(args: readonly string[]): { names: string[]; options: BenchOptions } {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { quick: { type: 'boolean', default: false }, 'cpu-prof': { type: 'boolean', default: false } },
  });
  const profiling = (process: string): string[] =>
    values['cpu-prof']
      ? [
          '--cpu-prof',
          `--cpu-prof-dir=${projectPath('bench', 'results')}`,
          `--cpu-prof-name=${process}-${Date.now()}.cpuprofile`,
        ]
      : [];
  return { names: positionals, options: { quick: values.quick, profiling } };
}
