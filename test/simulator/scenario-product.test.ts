import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packagePath } from '../../simulator/package-root.js';
import { readProductScenario, runProductScenario, type ProductAccess } from '../../simulator/scenario/product.js';
import { scenarioFile, shippedScenarios } from '../../simulator/scenario/shelf.js';
import { checkText } from './support/scenarios.js';

/** A Relight as `npm start` starts it: own database, broker, guard and meters in processes of their own. */
class StartedRelight {
  readonly dir = mkdtempSync(join(tmpdir(), 'relight-product-'));
  readonly #child: ChildProcess;
  #said = '';

  constructor() {
    const settings = { PORT: '0', MQTT_PORT: '0', SIMULATED_METERS: '10', SIMULATED_ARREARS_SHARE: '0.5' };
    this.#child = spawn(process.execPath, [packagePath('dist', 'src', 'main.js')], {
      cwd: this.dir,
      env: { ...process.env, ...settings, DATA_DIR: join(this.dir, 'data') },
      // Its log, in which the end of its own database is a misfortune, is nobody's business here.
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    this.#child.stdout?.setEncoding('utf8').on('data', (chunk: string) => (this.#said += chunk));
  }

  /** Once it serves: its address and a token for each role, as it prints them. */
  async access(): Promise<ProductAccess> {
    await new Promise<void>((resolve, reject) => {
      const look = (): void => void (/Serving\./.test(this.#said) && resolve());
      this.#child.stdout?.on('data', look);
      this.#child.once('exit', () => reject(new Error(`Relight ended: ${this.#said}`)));
    });
    const plain = this.#said.replace(/\x1b\[[0-9;]*m/g, '');
    const tokens = Object.fromEntries(
      [...plain.matchAll(/^ {2}([A-Z_]+) +(ey\S+)$/gm)].map(([, role, token]) => [role as string, token as string]),
    );
    return { url: /GraphQL +(http:\S+)\/graphql/.exec(plain)![1]!, tokens };
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGTERM');
    await ended;
    rmSync(this.dir, { recursive: true, force: true });
  }
}

describe('product scenarios on a Relight of their own', () => {
  let relight: StartedRelight;
  let access: ProductAccess;
  beforeAll(async () => {
    relight = new StartedRelight();
    access = await relight.access();
  }, 120_000);
  afterAll(() => relight.stop(), 60_000);

  test.each(shippedScenarios('relight'))('$name passes', async ({ file }) => {
    const report = await runProductScenario(readProductScenario(file), access);
    expect(report.checks.filter(({ passed }) => !passed).map(checkText)).toEqual([]);
    expect(report.passed).toBe(true);
  });

  test('a story that expects something else fails there, and goes no further', async () => {
    const file = join(relight.dir, 'bank-late-week.yaml');
    const text = readFileSync(scenarioFile('bank-late-week', 'relight')!, 'utf8');
    // Without the hold: what the story is about.
    writeFileSync(file, text.replace('kind: BANK_LATE\n        evidence', 'kind: HARDSHIP\n        evidence'));
    const report = await runProductScenario(readProductScenario(file), access);
    expect(report.passed).toBe(false);
    expect(report.checks.filter(({ passed }) => !passed).map(({ path }) => path)).toEqual(['steps/2']);
    expect(report.checks.at(-1)?.path).toBe('steps/2');
  });
});

describe('a product scenario that is wrong', () => {
  const dir = mkdtempSync(join(tmpdir(), 'relight-product-'));
  afterAll(() => rmSync(dir, { recursive: true }));

  test.each([
    ['an unknown key', '  - { note: x, advanced: 1d }', 'SCENARIO_UNKNOWN_KEY at .*:5:16'],
    ['nothing to do', '  - { note: x, as: BANK }', 'SCENARIO_ONE_ACT at .*:5:5'],
    ['nobody to do it', "  - { note: x, graphql: '{ clock { now } }' }", 'SCENARIO_MISSING_KEY at .*:5:5'],
  ])('%s', (_, step, told) => {
    const file = join(dir, 'wrong.yaml');
    writeFileSync(file, `name: wrong\ntarget: relight\nshows: x\nsteps:\n${step}\n`);
    expect(() => readProductScenario(file)).toThrow(new RegExp(told));
  });
});
