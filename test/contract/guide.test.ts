import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectPath } from '../../src/platform/project-path.js';
import { readProjectFile } from '../support/source-files.js';

const GUIDE = 'docs/connect-your-own-meter.md';
/** What the guide asks its reader to install. */
const TOOLS = ['mosquitto_pub', 'mosquitto_sub', 'openssl', 'curl'];
/** What every system has beside its shell. */
const COMMON = ['base64', 'cat', 'cut', 'expr', 'grep', 'head', 'ls', 'mkdir', 'mv', 'sed', 'sleep', 'tail', 'tee'];
const ALSO = ['touch', 'tr', 'wc'];
const missing = TOOLS.filter((tool) => whereIs(tool) === undefined);

function whereIs(tool: string): string | undefined {
  return (process.env['PATH'] ?? '')
    .split(':')
    .map((folder) => join(folder, tool))
    .find((path) => existsSync(path));
}

/** The commands of the guide, block by block, as a reader pastes them into one shell. */
const commands = [...readProjectFile(GUIDE).matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, block]) => block!);

/** So short that a reader who types by hand is always too slow: every order is asked about, and sent again. */
const HASTY = { ackTimeoutMs: 300, proofTimeoutMs: 200, readTimeoutMs: 200, maxReadWaitMs: 400 };

interface Product {
  readonly url: string;
  readonly mqttPort: string;
  token(role: string): string;
  stop(): Promise<void>;
}

/** `npm start` with a small world: the product as its users have it, with its own database, broker, guard and meters. */
async function startProduct(dir: string, timings: object): Promise<Product> {
  const child = spawn(process.execPath, [projectPath('dist', 'src', 'main.js'), '--no-story'], {
    cwd: projectPath(),
    env: {
      ...process.env,
      DATA_DIR: join(dir, 'data'),
      PORT: '0',
      MQTT_PORT: '0',
      SIMULATED_METERS: '4',
      SIMULATED_MONTHS: '1',
      SWITCH_TIMINGS: JSON.stringify(timings),
      LOG_LEVEL: 'fatal',
    },
  });
  let told = '';
  const ready = new Promise<void>((done, fail) => {
    const listen = (chunk: Buffer) => {
      told += chunk.toString();
      if (told.includes('Serving.')) done();
    };
    child.stdout.on('data', listen);
    child.stderr.on('data', listen);
    child.once('exit', (code) => fail(new Error(`the product ended with ${code}:\n${told}`)));
  });
  await ready;
  const found = (pattern: RegExp): string => {
    const match = pattern.exec(told);
    if (!match) throw new Error(`${pattern} is not in:\n${told}`);
    return match[1]!;
  };
  return {
    url: found(/GraphQL +(\S+)\/graphql/),
    mqttPort: found(/MQTT +mqtt:\/\/[^:]+:(\d+)/),
    token: (role) => found(new RegExp(`^ +${role} +(\\S+)$`, 'm')),
    stop: () => end(child),
  };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  await gone;
}

/** Runs the guide in one POSIX shell that has these tools and no others, and stops at the first command that fails. */
async function follow(product: Product, dir: string): Promise<{ code: number | null; told: string }> {
  mkdirSync(dir);
  const bin = join(dir, '..', 'bin');
  mkdirSync(bin);
  for (const tool of [...TOOLS, ...COMMON, ...ALSO]) symlinkSync(whereIs(tool)!, join(bin, tool));
  const shell = spawn('/bin/sh', ['-eu'], {
    cwd: dir,
    detached: true,
    env: {
      PATH: bin,
      RELIGHT: product.url,
      MQTT_HOST: '127.0.0.1',
      MQTT_PORT: product.mqttPort,
      TOKEN: product.token('OPERATIONS'),
    },
  });
  let told = '';
  const listen = (chunk: Buffer) => (told += chunk.toString());
  shell.stdout.on('data', listen);
  shell.stderr.on('data', listen);
  const gone = once(shell, 'close') as Promise<[number | null]>;
  const tooLong = setTimeout(() => process.kill(-shell.pid!, 'SIGKILL'), 180_000);
  shell.stdin.end(commands.join('\n'));
  const [code] = await gone;
  clearTimeout(tooLong);
  return { code, told };
}

describe(`${GUIDE}, followed to the letter`, () => {
  const dir = mkdtempSync(join(tmpdir(), 'relight-guide-'));
  let product: Product | undefined;
  afterEach(() => product?.stop());
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  const name = (pace: string) =>
    missing.length === 0 ? pace : `${pace} (not run: ${missing.join(', ')} not installed)`;
  const paces: readonly [string, object][] = [
    ['by a quick reader', {}],
    ['by a slow one, whose every order is asked about and sent again', HASTY],
  ];

  (missing.length === 0 ? test : test.skip).each(paces.map(([pace, timings]) => [name(pace), timings] as const))(
    '%s',
    async (pace, timings) => {
      const own = join(dir, pace.includes('slow') ? 'slow' : 'quick');
      mkdirSync(own);
      product = await startProduct(own, timings);
      const { code, told } = await follow(product, join(own, 'meter'));
      expect({ code, told }).toEqual({ code: 0, told: expect.stringMatching(/no signature fits\n$/) });
      const states = [...told.matchAll(/"operation":"(\w+)","sequence":\d+,"state":"VERIFIED"/g)].map(([, op]) => op);
      expect(states).toEqual(['RESTORE', 'CUT', 'RESTORE']);
      expect(told.match(/^accepted, relay (open|closed)$/gm)).toEqual([
        'accepted, relay closed',
        'accepted, relay open',
        'accepted, relay closed',
      ]);
      expect(told).toContain('\nSEQUENCE\n');

      // The bundled simulator must not fight the reader for the login of his gateway.
      const answer = await fetch(`${product.url}/simulation/fleet`, {
        headers: { authorization: `Bearer ${product.token('TESTER')}` },
      });
      const fleet = (await answer.json()) as { gateways: { gateway: string }[]; meters: { meter: string }[] };
      expect(fleet.gateways).toHaveLength(1);
      expect(fleet.meters).toHaveLength(3);
      expect(fleet.meters.map(({ meter }) => meter)).not.toContain('370900000001');
    },
    240_000,
  );
});
