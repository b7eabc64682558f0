import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { main } from '../../simulator/cli/main.js';
import { checkManifest } from '../../simulator/manifest.js';
import type { FleetManifest } from '../../simulator/wire/contract.js';
import { TestBroker, until } from './support/broker.js';
import { manifest, METER } from './support/fixtures.js';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'relight-cli-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

interface Session {
  out: string;
  err: string;
  stop(): void;
  code: Promise<number>;
}
function cli(...args: string[]): Session {
  const abort = new AbortController();
  const session: Session = {
    out: '',
    err: '',
    stop: () => abort.abort(new Error('stopped')),
    code: Promise.resolve(0),
  };
  session.code = main(args, {
    out: (text) => (session.out += text),
    err: (text) => (session.err += text),
    isTerminal: false,
    env: {},
    signal: abort.signal,
  });
  return session;
}
async function done(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const session = cli(...args);
  const code = await session.code;
  return { code, out: session.out, err: session.err };
}

describe('help and mistakes', () => {
  test('help names every command, and every command its options and faults', async () => {
    const { code, out } = await done('--help');
    expect(code).toBe(0);
    for (const command of [
      'run',
      'fleet',
      'load',
      'watch',
      'summary',
      'meters',
      'meter',
      'gateways',
      'press',
      'code',
      'faults',
      'move',
      'time',
    ]) {
      expect(out).toContain(`  ${command} `);
      const help = await done(command, '--help');
      expect(help).toMatchObject({ code: 0, err: '' });
      expect(help.out).toMatch(new RegExp(`^${command}: `));
    }
    expect((await done('faults', '--help')).out).toContain('clockOffset');
    expect(await done()).toEqual(await done('help'));
  });

  test.each<[string[], RegExp]>([
    [['dance'], /no command dance/],
    [['run'], /--fleet is missing/],
    [['run', '--fleeet', 'x'], /Unknown option '--fleeet'/],
    [['--fleet'], /argument missing/],
    [['run', 'fleet.json'], /takes options only/],
    [['run', '--fleet', 'x', '--seed', '-1'], /--seed is a whole number|ambiguous/],
    [['run', '--fleet', 'x', '--relay-ms', '1.5'], /--relay-ms is a whole number/],
    [['run', '--fleet', 'x', '--faults', '/nowhere.json'], /Cannot read \/nowhere.json/],
    [['fleet'], /--out is missing/],
    [['fleet', '--out', 'x.json', '--register-at', 'yesterday'], /--register-at is an instant/],
    [['fleet', '--out', 'x.json', '--downlink-key', 'k'], /kid:role:x/],
    [['faults', 'list'], /Say which simulator/],
    [['faults', 'dance'], /list, add and remove/],
    [['faults', 'add', '--data-dir', '.'], /Say which fault/],
    [['faults', 'add', 'lossUp', 'rate'], /key=value/],
    [['faults', 'add', 'lossUp', '--meter', METER, '--share', '1'], /Give one target/],
    [['meters', '--control', 'here', '--control-token', 'x'], /--control is an address/],
    [['press'], /Say which meter/],
    [['meter'], /Say which meter/],
    [['code', METER], /Say which meter and which code/],
    [['move', METER], /Say what goes where/],
    [['time', 'soon'], /Say how fast/],
    [['load'], /Say which load/],
    [['load', 'telemetry', '--fleet', 'x', '--kind', 'noise'], /--kind is reading, event, state, freeze/],
    [['load', 'switch'], /--fleet is missing/],
    [['load', 'telemetry', '--kind', 'freeze', '--rate', '5', '--fleet', 'x'], /neither --rate nor --for-s/],
  ])('%j is a wrong command line: exit code 2 and what to do', async (args, words) => {
    const { code, err } = await done(...args);
    expect(err).toMatch(words);
    expect(err).toMatch(/--help/);
    expect(code).toBe(2);
  });

  test.each<[string[], RegExp]>([
    [['run', '--fleet', '/nowhere.json'], /Cannot read the fleet file/],
    [['meters', '--data-dir', '/nowhere'], /No simulator runs with/],
    [['meters', '--control', 'http://127.0.0.1:1', '--control-token', 'x'], /No simulator answers/],
    [['fleet', '--out', '/nowhere/x.json'], /ENOENT/],
  ])('%j fails: exit code 1', async (args, words) => {
    const { code, err } = await done(...args);
    expect(err).toMatch(words);
    expect(code).toBe(1);
  });
});

describe('fleet', () => {
  const generate = (name: string, ...args: string[]) =>
    done(
      'fleet',
      '--out',
      join(folder, name),
      '--concentrators',
      '2',
      '--meters-per-concentrator',
      '3',
      '--direct',
      '4',
      ...args,
    );

  test('writes a manifest that passes, with the keys a head-end needs', async () => {
    expect(await generate('a.json', '--seed', '7')).toMatchObject({ code: 0, err: '' });
    const fleet = checkManifest(JSON.parse(readFileSync(join(folder, 'a.json'), 'utf8')));
    expect(fleet.meters).toHaveLength(10);
    expect(fleet.gateways.filter(({ kind }) => kind === 'concentrator')).toHaveLength(2);
    expect(new Set(fleet.meters.map(({ annualEnergyWh }) => annualEnergyWh)).size).toBe(10);
    const keys = JSON.parse(readFileSync(join(folder, 'a.keys.json'), 'utf8')) as {
      downlinkKeys: { d?: string }[];
      gateways: unknown[];
      meters: { x: string }[];
    };
    expect(keys.gateways).toHaveLength(6);
    expect(keys.meters.every(({ x }) => /^[\w-]{43}$/.test(x))).toBe(true);
    expect(keys.downlinkKeys.map(({ d }) => /^[\w-]{43}$/.test(d ?? ''))).toEqual([true, true]);
    expect(statSync(join(folder, 'a.keys.json')).mode & 0o077).toBe(0);
    // The private half never enters the manifest.
    expect(readFileSync(join(folder, 'a.json'), 'utf8')).not.toContain(keys.downlinkKeys[0]?.d);
  });

  test('is the same for the same seed, and never overwrites unasked', async () => {
    await generate('a.json', '--seed', '7');
    await generate('b.json', '--seed', '7');
    await generate('c.json', '--seed', '8');
    const read = (name: string): string => readFileSync(join(folder, name), 'utf8');
    expect(read('a.json')).toBe(read('b.json'));
    expect(read('a.keys.json')).toBe(read('b.keys.json'));
    expect(read('a.json')).not.toBe(read('c.json'));
    expect(await generate('a.json', '--seed', '8')).toMatchObject({ code: 2, err: expect.stringContaining('--force') });
    expect(await generate('a.json', '--seed', '8', '--force')).toMatchObject({ code: 0 });
    expect(read('a.json')).toBe(read('c.json'));
  });

  test('DL/T 645 behind the concentrators, with the keys that sign for them', async () => {
    const args = ['--codec', 'dlt645', '--security-class', 'cipher', '--line-baud', '0'];
    expect(await generate('a.json', ...args)).toMatchObject({ code: 0, err: '' });
    const fleet = checkManifest(JSON.parse(readFileSync(join(folder, 'a.json'), 'utf8')));
    expect(
      fleet.meters.filter(({ codec, securityClass }) => codec === 'dlt645' && securityClass === 'cipher'),
    ).toHaveLength(6);
    expect(fleet.gateways.map(({ lineBaud }) => lineBaud)).toEqual([0, 0, undefined, undefined, undefined, undefined]);
    const keys = JSON.parse(readFileSync(join(folder, 'a.keys.json'), 'utf8')) as {
      gateways: { kid?: string; x?: string }[];
      meterMasterSecret: string;
    };
    expect(keys.gateways.map(({ x }) => x?.length)).toEqual([43, 43, undefined, undefined, undefined, undefined]);
    expect(keys.meterMasterSecret).toBe(fleet.keySeed);
    expect(await generate('b.json', '--codec', 'morse')).toMatchObject({
      code: 2,
      err: expect.stringContaining('json or dlt645'),
    });
  });

  test('takes the keys of a head-end of one’s own', async () => {
    const x = (manifest().downlinkKeys[0] as { x: string }).x;
    await generate('a.json', '--downlink-key', `mine:head-end:${x}`);
    const fleet = JSON.parse(readFileSync(join(folder, 'a.json'), 'utf8')) as FleetManifest;
    expect(fleet.downlinkKeys).toEqual([{ kid: 'mine', role: 'head-end', x }]);
    expect(readFileSync(join(folder, 'a.keys.json'), 'utf8')).not.toContain('"d"');
  });
});

describe('run', () => {
  let broker: TestBroker;
  beforeEach(async () => {
    broker = await new TestBroker().start();
    writeFileSync(join(folder, 'fleet.json'), JSON.stringify(manifest({ metersEach: 3 })));
  });
  afterEach(() => broker.kill());

  test('connects, shows progress, is steered from other command lines, and ends cleanly', async () => {
    const dataDir = join(folder, 'data');
    const here = ['--data-dir', dataDir];
    const run = cli('--fleet', join(folder, 'fleet.json'), '--broker', broker.url, '--summary-every', '1', ...here);
    await until('connected', () => run.out.includes('connected: 3 meters behind 1 gateways in '));
    expect(statSync(join(dataDir, 'control.json')).mode & 0o077).toBe(0);
    await until('a line of figures', () => /online 3\/3 · closed 3 · open 0 .* sent 3/.test(run.out));

    expect((await done('summary', ...here)).out).toMatch(/online 3\/3/);
    expect((await done('meters', ...here)).out).toMatch(
      /^100000000001 {2}online {3}closed {2}\d+\.\d kWh {2}\d+ W {2}sequence 0\n/,
    );
    expect((await done('meters', '--first', '1', ...here)).out).toMatch(/1 of 3; more with --after 100000000001/);
    expect(JSON.parse((await done('meter', METER, ...here)).out)).toMatchObject({ meter: METER, relayHistory: [] });
    expect((await done('faults', 'list', ...here)).out).toBe('no faults\n');
    const added = await done(
      'faults',
      'add',
      'lossUp',
      'rate=0.5',
      'kind=ack',
      '--share',
      '0.1',
      '--for-ms',
      '60000',
      ...here,
    );
    expect(added.out).toBe('f1 lossUp rate=0.5 kind=ack on share 0.1 for 60000 ms\n');
    expect((await done('faults', 'list', ...here)).out).toBe(added.out);
    expect((await done('faults', 'add', 'lossUp', 'rate=2', ...here)).err).toMatch(/rate is a number from 0 to 1/);
    expect(await done('faults', 'remove', 'f1', ...here)).toMatchObject({ code: 0, out: 'removed f1\n' });
    expect(await done('faults', 'remove', 'f1', ...here)).toMatchObject({
      code: 1,
      err: expect.stringContaining('no fault f1'),
    });
    expect((await done('press', METER, ...here)).out).toBe(`${METER}: not-armed\n`);

    run.stop();
    expect(await run.code).toBe(0);
    expect(run.err).toBe('');
    expect(run.out).toMatch(/ended: /);
    expect(existsSync(join(dataDir, 'control.json'))).toBe(false);
    expect(existsSync(join(dataDir, 'meters.state'))).toBe(true);
  });

  test('waits for a server that is not up yet, with its token; refuses what waiting cannot mend', async () => {
    const seen: (string | undefined)[] = [];
    const server = createServer((request, response) => {
      seen.push(request.headers.authorization);
      const status = request.url === '/fleet' ? (seen.length > 1 ? 200 : 503) : request.url === '/secret' ? 401 : 404;
      response.writeHead(status).end(JSON.stringify(manifest()));
    });
    const probe = await new Promise<number>((resolve) => {
      server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
    });
    await new Promise((resolve) => server.close(resolve));
    const from = (path: string): string => `http://127.0.0.1:${probe}${path}`;
    const run = cli(
      '--fleet',
      from('/fleet'),
      '--token',
      'T',
      '--broker',
      broker.url,
      '--no-control',
      '--no-boot-state',
    );
    await until('waiting', () => run.out.includes('nothing listens there yet'));
    await new Promise<void>((resolve) => server.listen(probe, '127.0.0.1', resolve));
    try {
      await until('connected', () => run.out.includes('connected: 1 meters'));
      expect(run.out).toContain('it answers 503');
      expect(run.out).not.toContain('control API');
      expect(seen.slice(0, 2)).toEqual(['Bearer T', 'Bearer T']);
      expect(await done('--fleet', from('/secret'))).toMatchObject({
        code: 1,
        err: expect.stringMatching(/refuses the token/),
      });
      expect(await done('--fleet', from('/no'))).toMatchObject({ code: 1, err: expect.stringMatching(/answers 404/) });
    } finally {
      run.stop();
      await run.code;
      await new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      });
    }
  });

  test('takes faults from a file, and names a wrong one', async () => {
    const faults = join(folder, 'faults.json');
    const args = ['--fleet', join(folder, 'fleet.json'), '--broker', broker.url, '--faults', faults, '--quiet'];
    writeFileSync(faults, '{}');
    expect(await done(...args)).toMatchObject({ code: 2, err: expect.stringMatching(/is no list/) });
    writeFileSync(faults, '[{"name":"gremlins"}]');
    expect(await done(...args)).toMatchObject({ code: 1, err: expect.stringMatching(/choose one of/) });
    writeFileSync(faults, '[{"name":"offline"}]');
    const run = cli(...args, '--control-token', 'mine');
    await until('the control address', () => run.out.includes('control API'));
    expect(run.out).not.toContain('mine');
    run.stop();
    expect(await run.code).toBe(0);
    expect(run.out).not.toContain('connected');
  });
});
