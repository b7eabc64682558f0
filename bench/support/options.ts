import { parseArgs } from 'node:util';
import { projectPath } from '../../src/platform/project-path.js';

/** How a bench is to be run. */
export interface BenchOptions {
  /** Small sizes, to see that a bench works; its figures say nothing. */
  readonly quick: boolean;
  /** mass-restore: the broker inside the product, or a mosquitto beside it. */
  readonly broker: 'embedded' | 'mosquitto';
  /** mass-restore: what its meters speak. */
  readonly codec: 'json' | 'dlt645';
  /** mass-restore: how many meters; its own size if absent. */
  readonly meters?: number;
  /** mass-restore: counted rounds; its own number if absent. */
  readonly rounds?: number;
  /** mass-restore: whether the first round is not counted. */
  readonly warmUp: boolean;
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
    options: {
      quick: { type: 'boolean', default: false },
      'cpu-prof': { type: 'boolean', default: false },
      broker: { type: 'string', default: 'embedded' },
      codec: { type: 'string', default: 'json' },
      meters: { type: 'string' },
      rounds: { type: 'string' },
      'no-warm-up': { type: 'boolean', default: false },
    },
  });
  const profiling = (process: string): string[] =>
    values['cpu-prof']
      ? [
          '--cpu-prof',
          `--cpu-prof-dir=${projectPath('bench', 'results')}`,
          `--cpu-prof-name=${process}-${Date.now()}.cpuprofile`,
        ]
      : [];
  return {
    names: positionals,
    options: {
      quick: values.quick,
      broker: oneOf('--broker', values.broker, ['embedded', 'mosquitto']),
      codec: oneOf('--codec', values.codec, ['json', 'dlt645']),
      meters: countOf('--meters', values.meters),
      rounds: countOf('--rounds', values.rounds),
      warmUp: !values['no-warm-up'],
      profiling,
    },
  };
}

function oneOf<Name extends string>(option: string, given: string, names: readonly Name[]): Name {
  const name = names.find((one) => one === given);
  if (!name) throw new Error(`${option} is one of ${names.join(', ')}`);
  return name;
}

function countOf(option: string, given: string | undefined): number | undefined {
  if (given === undefined) return undefined;
  if (!/^[1-9][0-9]{0,6}$/.test(given)) throw new Error(`${option} is a count`);
  return Number(given);
}
