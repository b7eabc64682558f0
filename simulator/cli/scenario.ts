import { readFileSync, writeFileSync } from 'node:fs';
import { loadManifest } from '../manifest-source.js';
import { readScenario } from '../scenario/document.js';
import { planScenario, type Plan, type PlanOverrides } from '../scenario/plan.js';
import { junitXml, reportText, table, verdict, type RunReport } from '../scenario/report.js';
import { runScenario, type RunOptions } from '../scenario/runner.js';
import { durationText } from '../scenario/scenario-time.js';
import { scenarioFile, shippedScenarios } from '../scenario/shelf.js';
import { parseBrokerUrl } from '../wire/broker-url.js';
import { UsageError, type CliIo } from './io.js';
import { runProduct } from './product-scenario.js';
import { readArgs, text, wholeNumber, type ParsedArgs } from './options.js';
import { SCENARIO_HELP } from './scenario-help.js';

const OPTIONS = {
  all: { type: 'boolean' },
  seed: { type: 'string' },
  speed: { type: 'string' },
  broker: { type: 'string' },
  ca: { type: 'string' },
  fleet: { type: 'string' },
  token: { type: 'string' },
  'head-end': { type: 'string' },
  'skip-orders': { type: 'boolean' },
  relight: { type: 'string' },
  tokens: { type: 'string' },
  record: { type: 'string' },
  json: { type: 'string' },
  junit: { type: 'string' },
  quiet: { type: 'boolean' },
} as const;

const PROGRESS_EVERY_MS = 200;
const BAR = 30;

/** `scenario list|check|run`. */
export async function scenarioCommand(args: string[], io: CliIo): Promise<number> {
  const parsed = readArgs(args, OPTIONS);
  const [verb, ...names] = parsed.positionals;
  if (parsed.values.help || verb === undefined) {
    io.out(SCENARIO_HELP);
    return 0;
  }
  if (verb === 'list') return list(io);
  if (verb === 'check') return check(filesOf(names, parsed), io);
  if (verb === 'run' && parsed.values.relight !== undefined) return runProduct(names, parsed, io);
  if (verb === 'run') return run(filesOf(names, parsed), parsed, io);
  throw new UsageError(`scenario takes list, check or run, not ${JSON.stringify(verb)}.`);
}

function filesOf(names: readonly string[], parsed: ParsedArgs): string[] {
  if (parsed.values.all === true) return shippedScenarios().map(({ file }) => file);
  if (names.length === 0)
    throw new UsageError('Name a scenario or a file, or give --all; "scenario list" tells the names.');
  return names.map((name) => {
    const file = scenarioFile(name);
    if (!file) throw new UsageError(`There is no scenario ${name} and no such file; "scenario list" tells the names.`);
    return file;
  });
}

function list(io: CliIo): number {
  const rows = shippedScenarios().map(({ name, file }) => {
    const { spec } = readScenario(file);
    return [name, spec.time.duration, spec.shows.replace(/\s+/g, ' ').trim()];
  });
  io.out(`${table(['name', 'plays', 'shows'], rows).join('\n')}\n`);
  return 0;
}

function check(files: readonly string[], io: CliIo): number {
  let wrong = 0;
  for (const file of files) {
    try {
      const plan = planScenario(readScenario(file));
      io.out(
        `${file}: good – ${plan.manifest.meters.length} meters, ${plan.acts.length} acts, ${durationText(plan.durationMs)}\n`,
      );
    } catch (error) {
      wrong += 1;
      io.err(`${(error as Error).message}\n`);
    }
  }
  return wrong === 0 ? 0 : 1;
}

async function run(files: readonly string[], parsed: ParsedArgs, io: CliIo): Promise<number> {
  if (parsed.values.record !== undefined && files.length > 1)
    throw new UsageError('--record takes one scenario at a time.');
  const overrides = await overridesOf(parsed, io);
  const options = runOptions(parsed, io);
  const reports: RunReport[] = [];
  let broken = 0;
  for (const file of files) {
    try {
      const plan = planScenario(readScenario(file), overrides);
      const report = await runScenario(plan, { ...options, progress: progress(plan, parsed, io) });
      reports.push(report);
      if (io.isTerminal) io.out('\r\x1b[K');
      if (parsed.values.quiet === true)
        io.out(`${report.scenario}: ${verdict(report)} (${durationText(report.wallMs)})\n`);
      else io.out(`${reportText(report)}\n`);
    } catch (error) {
      if (io.signal.aborted) throw error;
      broken += 1;
      io.err(`${(error as Error).message}\n`);
    }
  }
  const json = text(parsed, 'json');
  if (json) writeFileSync(json, `${JSON.stringify(reports, undefined, 2)}\n`);
  const junit = text(parsed, 'junit');
  if (junit) writeFileSync(junit, junitXml(reports));
  const failed = reports.filter(({ passed }) => !passed).length + broken;
  if (files.length > 1) io.out(`${files.length - failed} of ${files.length} scenarios passed\n`);
  return failed === 0 ? 0 : 1;
}

async function overridesOf(parsed: ParsedArgs, io: CliIo): Promise<PlanOverrides> {
  const speedText = text(parsed, 'speed');
  const speed = speedText === 'max' ? Number.POSITIVE_INFINITY : Number(speedText ?? 1);
  if (!(speed > 0)) throw new UsageError(`--speed is a number above 0, or max, not ${speedText}.`);
  const from = text(parsed, 'fleet');
  const token = text(parsed, 'token') ?? io.env.RELIGHT_FLEET_TOKEN;
  return {
    ...(parsed.values.seed !== undefined && { seed: wholeNumber(parsed, 'seed', 0, 0xffff_ffff, 1) }),
    ...(speedText !== undefined && { speed }),
    ...(from && { manifest: await loadManifest({ from, token, signal: io.signal }) }),
  };
}

function runOptions(parsed: ParsedArgs, io: CliIo): RunOptions {
  const url = text(parsed, 'broker');
  const who = text(parsed, 'head-end') ?? 'own';
  if (who !== 'own' && who !== 'other') throw new UsageError(`--head-end is own or other, not ${who}.`);
  if (who === 'other' && !url)
    throw new UsageError('--head-end other needs --broker: a head-end that is met over a broker.');
  const ca = text(parsed, 'ca');
  return {
    ...(url && { broker: { ...parseBrokerUrl(url), ca: ca && readFileSync(ca, 'utf8') } }),
    ...(who === 'other' && { foreignOrders: parsed.values['skip-orders'] === true ? 'skip' : 'forbid' }),
    recordPath: text(parsed, 'record'),
    log: (line) => io.err(`${line}\n`),
    signal: io.signal,
  };
}

function progress(plan: Plan, parsed: ParsedArgs, io: CliIo): ((part: number) => void) | undefined {
  if (!io.isTerminal || parsed.values.quiet === true) return undefined;
  let shownMs = 0;
  return (part) => {
    if (performance.now() - shownMs < PROGRESS_EVERY_MS) return;
    shownMs = performance.now();
    const done = Math.round(Math.min(1, Math.max(0, part)) * BAR);
    io.out(`\r\x1b[K${plan.spec.name} [${'#'.repeat(done)}${'·'.repeat(BAR - done)}] ${Math.round(part * 100)} %`);
  };
}
