import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { playMonth } from './month.js';
import { checkScenario, loadScenario, ScenarioError, scenarioPath, type Scenario } from './scenario.js';
import { ownPostgres, takeDown, type Undo } from './stage.js';
import { Teller } from './tell.js';

const USAGE = `npm run demo -- month [--accounts 200] [--seed 2026] [--scenario file.yaml] [--json file] [--exam]
  Plays a month of one transformer district: read, bill, remind, announce, cut, pay, restore.
  --accounts  households of the district, 10 to 2000
  --seed      same seed, same month, byte for byte
  --scenario  another scenario (docs/demo.md)
  --json      writes the report of every account to a file
  --exam      no more than 60 s, or it fails
  exit code: 0 all is well, 1 something is wrong, 2 it took too long
`;
/** The bar of the exam: a month of 1,000 accounts, s. */
const EXAM_SECONDS = 60;
const MIN_NODE = 22;

/** What must be taken down when the user breaks off. */
const undo: Undo = [];
let brokenOff = false;

/** @throws TypeError (parseArgs) or ScenarioError, both in words for the user */
function readArguments(): { scenario: Scenario; json: string | undefined; exam: boolean } | undefined {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      accounts: { type: 'string' },
      seed: { type: 'string' },
      scenario: { type: 'string' },
      json: { type: 'string' },
      exam: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help || positionals.length !== 1 || positionals[0] !== 'month') return undefined;
  const base = loadScenario(values.scenario ?? scenarioPath('month'));
  const scenario = checkScenario(
    {
      ...base,
      ...(values.accounts === undefined ? {} : { accounts: Number(values.accounts) }),
      ...(values.seed === undefined ? {} : { seed: Number(values.seed) }),
    },
    'these arguments',
  );
  return { scenario, json: values.json, exam: values.exam };
}

async function main(): Promise<number> {
  if (Number(process.versions.node.split('.')[0]) < MIN_NODE)
    throw new Error(`this is Node ${process.versions.node}; start it with npm run demo, which brings its own`);
  const asked = readArguments();
  if (!asked) {
    process.stderr.write(USAGE);
    return 1;
  }
  const teller = new Teller(asked.scenario);
  teller.begin();
  const played = await playMonth(await ownPostgres(undo), asked.scenario, undo, teller);
  teller.end(played);
  if (asked.json) writeFileSync(asked.json, played.text);
  if (played.faults.length > 0) return 1;
  if (!asked.exam) return 0;
  const inTime = played.seconds.total <= EXAM_SECONDS;
  process.stdout.write(
    `  exam: ${played.seconds.total.toFixed(1)} s, ${EXAM_SECONDS} allowed: ${inTime ? 'passed' : 'NOT passed'}\n`,
  );
  return inTime ? 0 : 2;
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    brokenOff = true;
    process.stderr.write('\nbroken off; taking everything down\n');
    void takeDown(undo).finally(() => process.exit(130));
  });
}
try {
  const code = await main();
  await takeDown(undo);
  process.exitCode = code;
} catch (error) {
  if (!brokenOff) {
    const plain = error instanceof ScenarioError || error instanceof TypeError;
    process.stderr.write(`\nThe demo broke off: ${plain ? error.message : (error as Error).stack}\n`);
    await takeDown(undo);
    process.exitCode = 1;
  }
}
