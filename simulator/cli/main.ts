import {
  codeCommand,
  gatewaysCommand,
  meterCommand,
  metersCommand,
  moveCommand,
  pressCommand,
  summaryCommand,
  timeCommand,
} from './control-commands.js';
import { faultsCommand } from './fault-commands.js';
import { fleetCommand } from './generate.js';
import { MAIN_HELP } from './help.js';
import { UsageError, type CliIo } from './io.js';
import { loadCommand } from './load-command.js';
import { replayCommand } from './replay.js';
import { runCommand } from './run.js';
import { scenarioCommand } from './scenario.js';
import { watchCommand } from './watch-command.js';

const COMMANDS: Record<string, (args: string[], io: CliIo) => number | Promise<number>> = {
  run: runCommand,
  fleet: fleetCommand,
  watch: watchCommand,
  summary: summaryCommand,
  meters: metersCommand,
  meter: meterCommand,
  gateways: gatewaysCommand,
  press: pressCommand,
  code: codeCommand,
  faults: faultsCommand,
  move: moveCommand,
  time: timeCommand,
  load: loadCommand,
  scenario: scenarioCommand,
  replay: replayCommand,
};

/** Runs one command line and returns its exit code: 0 done, 1 failed, 2 wrong command line. */
export async function main(args: string[], io: CliIo): Promise<number> {
  const [first] = args;
  if (first === undefined || first === '--help' || first === '-h' || first === 'help') {
    io.out(MAIN_HELP);
    return 0;
  }
  const named = !first.startsWith('-');
  const name = named ? first : 'run';
  try {
    const command = COMMANDS[name];
    if (!command) throw new UsageError(`There is no command ${name}; there are ${Object.keys(COMMANDS).join(', ')}.`);
    return await command(named ? args.slice(1) : args, io);
  } catch (error) {
    // Ended by the person while waiting for something: that is what they wanted.
    if (io.signal.aborted) return 0;
    if (error instanceof UsageError) {
      io.err(`${error.message}\nSee "${name in COMMANDS ? `${name} ` : ''}--help".\n`);
      return 2;
    }
    io.err(`${(error as Error).message}\n`);
    return 1;
  }
}
