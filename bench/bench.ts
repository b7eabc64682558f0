import { billing } from './billing.js';
import { concentrators } from './concentrators.js';
import { dryRun } from './dry-run.js';
import { fleet } from './fleet.js';
import { massRestore } from './mass-restore.js';
import { oneKey } from './one-key.js';
import { payments } from './payments.js';
import { restore } from './restore.js';
import { scale } from './scale.js';
import { start } from './start.js';
import { telemetry } from './telemetry.js';
import { virtualDay } from './virtual-day.js';
import { Cleanup } from './support/cleanup.js';
import { readOptions, type BenchOptions } from './support/options.js';
import { endSteps } from './support/progress.js';
import { isSound, printOutcome, writeRecord, type Outcome } from './support/report.js';
import { describe, lookAround } from './support/surroundings.js';

const BENCHES: Readonly<Record<string, (options: BenchOptions, cleanup: Cleanup) => Promise<Outcome>>> = {
  restore,
  'mass-restore': massRestore,
  payments,
  'one-key': oneKey,
  fleet,
  concentrators,
  scale,
  'virtual-day': virtualDay,
  billing,
  'dry-run': dryRun,
  telemetry,
  start,
};

const USAGE = `npm run bench -- <name>|all [--quick] [--cpu-prof]
  names: ${Object.keys(BENCHES).join(', ')}
  --quick     small sizes: shows that it works, not how fast
  mass-restore also takes --broker embedded|mosquitto, --codec json|dlt645, --meters <n>, --rounds <n>, --no-warm-up
  --cpu-prof  writes processor profiles of the product to bench/results
  exit code: 0 all bars reached, 1 a condition broke or a bench failed, 2 a bar was not reached
`;

/** What must be taken down when the user breaks off. */
let running: Cleanup | undefined;
let brokenOff = false;

async function run(name: string, options: BenchOptions): Promise<'reached' | 'missed' | 'broken'> {
  const surroundings = lookAround();
  process.stdout.write(`\n== ${name}\n${describe(surroundings)}\n`);
  const cleanup = new Cleanup();
  running = cleanup;
  try {
    const outcome = await BENCHES[name]!(options, cleanup);
    endSteps();
    printOutcome(name, outcome);
    process.stdout.write(`  record ${writeRecord(name, outcome, surroundings)}\n`);
    if (!isSound(outcome)) return 'broken';
    return outcome.bars.every(({ met }) => met) ? 'reached' : 'missed';
  } catch (error) {
    endSteps();
    if (!brokenOff) process.stderr.write(`\n${name} FAILED: ${(error as Error).stack}\n`);
    return 'broken';
  } finally {
    await cleanup.run();
  }
}

const MIN_NODE = 22;

async function main(): Promise<void> {
  if (Number(process.versions.node.split('.')[0]) < MIN_NODE) {
    throw new Error(
      `This is Node ${process.versions.node}. Start benches with npm run bench, which brings its own Node.`,
    );
  }
  const { names, options } = readOptions(process.argv.slice(2));
  const wanted = names.includes('all') ? Object.keys(BENCHES) : names;
  if (wanted.length === 0 || wanted.some((name) => !(name in BENCHES))) {
    process.stderr.write(USAGE);
    process.exitCode = 1;
    return;
  }
  const verdicts: string[] = [];
  for (const name of wanted) verdicts.push(await run(name, options));
  process.stdout.write(`\n${wanted.map((name, i) => `${name}: ${verdicts[i]}`).join('\n')}\n`);
  process.exitCode = verdicts.includes('broken') ? 1 : verdicts.includes('missed') ? 2 : 0;
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    brokenOff = true;
    process.stderr.write('\nbroken off; taking everything down\n');
    void running?.run().finally(() => process.exit(130));
  });
}
await main();
