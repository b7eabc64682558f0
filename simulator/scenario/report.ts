import type { FleetSummary } from '../run/views.js';
import { durationText } from './scenario-time.js';

export interface ActReport {
  /** From the start of the timeline, ms. */
  atMs: number;
  /** Local time of the simulation. */
  at: string;
  what: string;
  note?: string;
}

/** One figure that was expected. */
export interface CheckReport {
  what: string;
  expected: string;
  got: string;
  passed: boolean;
  atMs: number;
  at: string;
  /** Place in the file. */
  path: string;
  note?: string;
  within?: string;
  /** How long it took to become so, ms; with `within` only. */
  tookMs?: number;
}

export interface LawReport {
  law: string;
  text: string;
  passed: boolean;
  breaches: number;
  /** The first breaches in full. */
  told: string[];
}

export interface OrderReport {
  label: string;
  given: number;
  states: Record<string, number>;
  /** Virtual ms from being given to being verified. */
  verifiedMs: { p50?: number; p95?: number; p99?: number; max?: number };
}

/** What every kind of scenario ends with. */
export interface SuiteReport {
  scenario: string;
  shows: string;
  passed: boolean;
  checks: CheckReport[];
  laws: LawReport[];
  wallMs: number;
}

/** Everything a run of a scenario found; the JSON file is this. */
export interface RunReport extends SuiteReport {
  file: string;
  seed: number;
  network: 'virtual' | 'broker';
  orders: 'own' | 'other';
  meters: number;
  gateways: number;
  startsAt: string;
  virtualMs: number;
  /** Virtual seconds per real second. */
  speed: number;
  acts: ActReport[];
  orderReports: OrderReport[];
  summary: FleetSummary;
  /** Over every message and relay movement; the same for the same file, seed and build. */
  digest: { outputs: number; sha256: string };
}

/** The report as a person reads it. */
export function reportText(report: RunReport): string {
  const { virtualMs, wallMs } = report;
  const lines = [
    `${report.scenario} · seed ${report.seed} · ${report.meters} meters behind ${report.gateways} gateways · from ${report.startsAt}`,
    '',
    ...report.acts.map(({ at, what, note }) => `  ${at}  ${what}${note ? ` – ${note}` : ''}`),
    '',
    ...table(
      ['', 'when', 'expected', '', 'found'],
      report.checks.map((check) => [
        check.passed ? 'ok' : 'FAIL',
        check.at,
        check.what,
        check.expected,
        `${check.got}${check.tookMs ? ` after ${durationText(check.tookMs)}` : ''}`,
      ]),
    ),
    '',
    ...report.laws.map(
      ({ passed, text, breaches }) =>
        `  ${passed ? 'ok  ' : 'FAIL'}  ${text}${passed ? '' : `: broken ${breaches} times`}`,
    ),
    ...report.laws.flatMap(({ told }) => told.map((one) => `        ${one}`)),
    '',
    ...report.orderReports.map(({ label, given, states, verifiedMs }) => {
      const at = (ms: number | undefined): string => (ms === undefined ? '–' : durationText(ms));
      const stood = Object.entries(states).map(([state, count]) => `${count} ${state}`);
      const took = `p50 ${at(verifiedMs.p50)}, p95 ${at(verifiedMs.p95)}, p99 ${at(verifiedMs.p99)}, max ${at(verifiedMs.max)}`;
      return `  orders ${label}: ${given} given, ${stood.join(', ')}; verified after ${took}`;
    }),
    `  ${durationText(virtualMs)} in ${durationText(wallMs)} (${report.speed} ×) · ${report.digest.outputs} outputs, sha256 ${report.digest.sha256.slice(0, 16)}`,
    verdict(report),
  ];
  return `${lines.join('\n')}\n`;
}

/** A product scenario's report as a person reads it. */
export function suiteText(report: SuiteReport): string {
  const rows = report.checks.map((check) => [
    check.passed ? 'ok' : 'FAIL',
    check.what,
    check.expected,
    `${check.got}${check.tookMs ? ` after ${durationText(check.tookMs)}` : ''}`,
  ]);
  const head = `${report.scenario} · on a running Relight`;
  const lines = [head, '', ...table(['', 'expected', '', 'found'], rows), '', verdict(report)];
  return `${lines.join('\n')}\n`;
}

/** One line: passed, or what failed. */
export function verdict(report: Pick<SuiteReport, 'checks' | 'laws'>): string {
  const all = [...report.checks, ...report.laws];
  const failed = all.filter(({ passed }) => !passed).length;
  return failed === 0 ? `PASSED ${all.length} of ${all.length}` : `FAILED ${failed} of ${all.length}`;
}

/** Columns as wide as what stands in them. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = head.map((title, column) =>
    Math.max(...[head, ...rows].map((row) => [...(row[column] ?? title)].length)),
  );
  return [head, ...rows].map((row) =>
    `  ${row.map((cell, column) => cell + ' '.repeat((widths[column] as number) - [...cell].length)).join('  ')}`.trimEnd(),
  );
}

/** The report as JUnit XML, for machines that show tests: a case for each figure and each law. */
export function junitXml(reports: readonly SuiteReport[]): string {
  const suites = reports.map((report) => {
    const cases = [
      ...report.checks.map(({ what, at, expected, got, passed, path }) => ({
        name: `${at} ${what} ${expected}`,
        failure: passed ? undefined : `expected ${expected}, found ${got} (${path})`,
      })),
      ...report.laws.map(({ text, passed, breaches, told }) => ({
        name: text,
        failure: passed ? undefined : `broken ${breaches} times: ${told.join('; ')}`,
      })),
    ];
    const failures = cases.filter(({ failure }) => failure !== undefined).length;
    const body = cases.map(({ name, failure }) => {
      const open = `    <testcase classname="${xml(report.scenario)}" name="${xml(name)}"`;
      return failure === undefined ? `${open}/>` : `${open}><failure message="${xml(failure)}"/></testcase>`;
    });
    const seconds = (report.wallMs / 1000).toFixed(3);
    const head = `  <testsuite name="${xml(report.scenario)}" tests="${cases.length}" failures="${failures}" time="${seconds}">`;
    return [head, ...body, '  </testsuite>'].join('\n');
  });
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n${suites.join('\n')}\n</testsuites>\n`;
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const xml = (text: string): string => text.replace(/[&<>"]/g, (letter) => ENTITIES[letter] as string);
