import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packagePath } from '../../simulator/package-root.js';
import type { RunReport } from '../../simulator/scenario/report.js';
import { shippedScenarios } from '../../simulator/scenario/shelf.js';
import { failures } from './support/scenarios.js';

const shipped = shippedScenarios();

describe('the scenarios that come with the simulator', () => {
  const reports = new Map<string, RunReport>();
  let exitCode: number | null = null;

  // As somebody at a terminal runs them: the built command line, all in one go.
  beforeAll(async () => {
    const folder = mkdtempSync(join(tmpdir(), 'relight-scenarios-'));
    const json = join(folder, 'reports.json');
    const args = [packagePath('dist', 'simulator', 'cli.js'), 'scenario', 'run', '--all', '--quiet', '--json', json];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
    exitCode = await new Promise((resolve) => child.once('exit', resolve));
    const read = JSON.parse(readFileSync(json, 'utf8')) as RunReport[];
    for (const report of read) reports.set(report.scenario, report);
    rmSync(folder, { recursive: true });
  }, 180_000);

  test('are at least twelve', () => {
    expect(shipped.length).toBeGreaterThanOrEqual(12);
  });

  test.each(shipped)('$name passes', ({ name }) => {
    const report = reports.get(name);
    if (!report) throw new Error(`${name} was not run`);
    expect(failures(report)).toEqual([]);
    // A story that expects nothing of its own would pass whatever happened.
    expect(report.checks.length).toBeGreaterThanOrEqual(3);
  });

  test('and the command says so', () => {
    expect(exitCode).toBe(0);
  });
});
