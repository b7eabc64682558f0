import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { main } from '../../simulator/cli/main.js';
import { replay } from '../../simulator/scenario/replay.js';
import { runScenario } from '../../simulator/scenario/runner.js';
import { parseBrokerUrl } from '../../simulator/wire/broker-url.js';
import { TestBroker } from './support/broker.js';
import { failures, planOf, run, small } from './support/scenarios.js';

const STORY = small(
  `network: { latency: { min: 20ms, max: 2s }, loss: 0.1 }
timeline:
  - at: 5s
    fault: { name: lossUp, parameters: { rate: 0.2 } }
  - at: 5s
    fault: { name: delay, of: { share: 0.5 }, parameters: { maxMs: 3000, rate: 0.5 } }
  - at: 1m
    cut: {}
  - at: 2m
    fault: { name: offline, of: { gateway: '900000000001' }, for: 1m }
  - at: 3m
    fault: { name: reboot, of: { share: 0.5 } }
  - at: 5m
    arm: {}
  - at: 6m
    press: { of: { first: 3 } }
  - at: 7m
    swapMeters: { of: { first: 2 } }
  - at: 8m
    setClock: { advance: 2d }
  - at: 20m
    restore: {}`,
  '{ concentrators: 2, metersPerConcentrator: 8, direct: 4 }',
);

describe('a recording', () => {
  const folder = mkdtempSync(join(tmpdir(), 'relight-record-'));
  const path = join(folder, 'run.rec');
  afterAll(() => rmSync(folder, { recursive: true }));

  /** The recording with some of its lines changed. */
  const changed = (change: (lines: string[]) => string[]): string => {
    const other = join(folder, 'changed.rec');
    writeFileSync(other, gzipSync(change(gunzipSync(readFileSync(path)).toString().split('\n')).join('\n')));
    return other;
  };

  test('of a virtual run is replayed to the same bytes', async () => {
    const report = await run(STORY, { recordPath: path });
    const result = replay(path);
    expect(result).toMatchObject({ identical: true, changes: [], difference: undefined, ...report.digest });
    expect(result.outputs).toBeGreaterThan(100);
  });

  test('shows the first difference when an input is another', () => {
    const other = changed((lines) => {
      const press = lines.findIndex((line) => line.startsWith('["press"'));
      return lines.filter((_, index) => index !== press);
    });
    const { identical, difference } = replay(other);
    expect(identical).toBe(false);
    expect(difference?.recorded?.slice(0, 3)).toEqual(['toggle', 360_020, '100000000001']);
    expect(difference?.replayed).not.toEqual(difference?.recorded);
  });

  test('tells a changed build and a changed manifest by name', () => {
    const other = changed(([header = '', ...lines]) => {
      const parsed = JSON.parse(header) as { buildSha256: string; manifest: { meters: { annualEnergyWh: number }[] } };
      parsed.buildSha256 = '0'.repeat(64);
      parsed.manifest.meters[0]!.annualEnergyWh += 1_000_000;
      return [JSON.stringify(parsed), ...lines];
    });
    expect(replay(other)).toMatchObject({ identical: false, changes: ['BUILD_CHANGED', 'MANIFEST_CHANGED'] });
  });

  test('that was broken off, or is none, is told by name', () => {
    expect(() => replay(changed((lines) => lines.slice(0, -2)))).toThrow('RECORDING_UNFINISHED');
    expect(() => replay(changed(() => ['{}', '']))).toThrow('RECORDING_UNREADABLE');
    expect(() => replay(join(folder, 'nothing.rec'))).toThrow('RECORDING_UNREADABLE');
  });

  test('the command says identical, and its exit code too', async () => {
    const said: string[] = [];
    const io = {
      out: (text: string) => void said.push(text),
      err: (text: string) => void said.push(text),
      isTerminal: false,
      env: {},
      signal: new AbortController().signal,
    };
    expect(await main(['replay', path], io)).toBe(0);
    expect(said.join('')).toMatch(/^IDENTICAL small: \d+ outputs, sha256 [0-9a-f]{64}\n$/);
    const other = changed((lines) => lines.filter((line) => !line.startsWith('["installation"')));
    expect(await main(['replay', other], io)).toBe(1);
    expect(said.at(-1)).toContain('first difference: output ');
  });
});

describe('over a real broker', () => {
  const folder = mkdtempSync(join(tmpdir(), 'relight-record-'));
  const path = join(folder, 'run.rec');
  let testBroker: TestBroker;
  beforeAll(async () => {
    testBroker = await new TestBroker().start();
  });
  afterAll(async () => {
    await testBroker.kill();
    rmSync(folder, { recursive: true });
  });

  const text = small(
    `headEnd: { perSecond: 200, askAfter: 10s }
timeline:
  - at: 10s
    fault: { name: delay, of: { share: 0.5 }, parameters: { maxMs: 3000, rate: 0.5 } }
  - at: 20s
    cut: { as: cut }
  - at: 1m
    fault: { name: offline, of: { gateway: '900000000001' }, for: 10s }
  - at: 2m
    restore: { as: restore }
  - at: 2m
    expect:
      - orders: { as: restore, verified: all }
        within: 1m
expect:
  - orders: { as: cut, verified: all }
  - relays: { closed: all }`,
    '{ concentrators: 2, metersPerConcentrator: 10, direct: 5 }',
  ).replace('duration: 30m', 'duration: 4m');

  test('the same story passes, and its recording is replayed to the same bytes', async () => {
    const plan = planOf(text, { speed: 60 });
    const report = await runScenario(plan, { broker: parseBrokerUrl(testBroker.url), recordPath: path });
    expect(failures(report)).toEqual([]);
    expect(report.network).toBe('broker');
    expect(replay(path)).toMatchObject({ identical: true, changes: [], ...report.digest });
  });

  test('with somebody else’s head-end the file’s orders are refused by name, or left out', async () => {
    const broker = parseBrokerUrl(testBroker.url);
    const short = text.replace('duration: 4m', 'duration: 2m30s');
    const plan = planOf(
      short
        .replace(/ {4}expect:\n.*\n.*within: 1m/, '    read: {}')
        .replace(/expect:\n[^]*$/, 'expect: [{ online: { meters: all } }]'),
      { speed: 60 },
    );
    await expect(runScenario(plan, { broker, foreignOrders: 'forbid' })).rejects.toThrow(
      /SCENARIO_ORDERS_NOT_OURS at small\.yaml/,
    );
    const report = await runScenario(plan, { broker, foreignOrders: 'skip' });
    expect(failures(report)).toEqual([]);
    expect(report.acts.filter(({ what }) => what.startsWith('left out'))).toHaveLength(3);
    expect(report.summary.accepted).toBe(0);
  });
});
