import { execFileSync, spawnSync } from 'node:child_process';
import { createHash, pbkdf2Sync } from 'node:crypto';
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readGatewayList } from '../../src/embedded/config/logins.js';
import { simulatedGatewayPassword } from '../../src/simulation/fleet-keys.js';
import { projectRoot } from './embedded-support.js';

const command = join(projectRoot, 'dist', 'src', 'main-broker-config.js');
const HEAD_END = 'head-end-password';
const PROBE = 'probe-password-1';
const A = '000000000001';
const B = '000000000002';

describe('npm run broker-config', () => {
  let dir: string;
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'relight-broker-config-'));
  });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  const run = (args: readonly string[], env: Record<string, string> = {}): string =>
    execFileSync(process.execPath, [command, ...args], { env, encoding: 'utf8' });

  test.each(['mosquitto', 'emqx'])('what stands in deploy/%s is what it writes', (broker) => {
    const out = join(dir, broker);
    // After a change: npm run broker-config -- --broker mosquitto --out deploy/mosquitto, and the same for emqx.
    run(['--broker', broker, '--out', out]);
    const deployed = join(projectRoot, 'deploy', broker);
    expect(readdirSync(deployed).sort()).toEqual(readdirSync(out).sort());
    for (const name of readdirSync(out))
      expect(readFileSync(join(deployed, name), 'utf8')).toBe(readFileSync(join(out, name), 'utf8'));
  });

  test('mosquitto saves each second where that is asked for, and the rest stays as it is', () => {
    const out = join(dir, 'each-second');
    run(['--broker', 'mosquitto', '--out', out, '--saves', 'each-second']);
    const settings = (folder: string) =>
      readFileSync(join(folder, 'mosquitto.conf'), 'utf8')
        .split('\n')
        .filter((line) => !line.startsWith('#'));
    const shipped = settings(join(projectRoot, 'deploy', 'mosquitto'));
    expect(shipped).toContain('autosave_on_changes true');
    expect(settings(out)).toEqual(
      shipped.map((line) => (line === 'autosave_on_changes true' ? 'autosave_on_changes false' : line)),
    );
    expect(() => run(['--broker', 'mosquitto', '--out', out, '--saves', 'never'])).toThrow(/--saves/);
  });

  test('the access lists say what the contract says', () => {
    const acl = readFileSync(join(projectRoot, 'deploy', 'mosquitto', 'acl'), 'utf8').split('\n');
    expect(acl.filter((line) => line && !line.startsWith('#'))).toEqual([
      'pattern write relight/v1/%u/up/+/ack',
      'pattern write relight/v1/%u/up/+/state',
      'pattern write relight/v1/%u/up/+/reading',
      'pattern write relight/v1/%u/up/+/event',
      'pattern write relight/v1/%u/up/%u/frames',
      'pattern write relight/v1/%u/status',
      'pattern read relight/v1/%u/down/+',
      'pattern read relight/v1/%u/clock',
      'user head-end',
      'topic write relight/v1/+/down/+',
      'topic write relight/v1/+/clock',
      'topic read relight/v1/+/up/+/+',
      'topic read relight/v1/+/status',
    ]);
    const rules = readFileSync(join(projectRoot, 'deploy', 'emqx', 'acl.conf'), 'utf8').split('\n');
    const gateway = '{username, {re, "^[0-9]{12}$"}}';
    const up = ['ack', 'state', 'reading', 'event'].map((kind) => `"relight/v1/\${username}/up/+/${kind}"`).join(', ');
    expect(rules.filter((line) => line && !line.startsWith('%'))).toEqual([
      `{allow, ${gateway}, {publish, [{retain, false}]}, [${up}]}.`,
      `{allow, ${gateway}, {publish, [{retain, false}]}, ["relight/v1/\${username}/up/\${username}/frames"]}.`,
      `{allow, ${gateway}, publish, ["relight/v1/\${username}/status"]}.`,
      `{allow, ${gateway}, subscribe, ["relight/v1/\${username}/down/+", "relight/v1/\${username}/clock"]}.`,
      '{allow, {username, "head-end"}, {publish, [{retain, false}]}, ["relight/v1/+/down/+"]}.',
      '{allow, {username, "head-end"}, publish, ["relight/v1/+/clock"]}.',
      '{allow, {username, "head-end"}, subscribe, ["relight/v1/+/up/+/+", "relight/v1/+/status"]}.',
      '{deny, all}.',
    ]);
  });

  const logins = () => {
    writeFileSync(join(dir, 'fleet.json'), JSON.stringify({ keySeed: 'seed', gateways: [{ gateway: A }] }));
    writeFileSync(join(dir, 'gateways'), `# real ones\n\n${B},its, password with a comma\n`);
    return {
      args: ['--logins-only', '--fleet', join(dir, 'fleet.json'), '--gateways', join(dir, 'gateways')],
      env: { MQTT_PASSWORD: HEAD_END, MQTT_PROBE_PASSWORD: PROBE },
      expected: [
        ['head-end', HEAD_END],
        ['000000000000', PROBE],
        ['999999999999', PROBE],
        [A, simulatedGatewayPassword('seed', A)],
        [B, 'its, password with a comma'],
      ],
    };
  };

  test("mosquitto's users, for nobody else to read", () => {
    const { args, env, expected } = logins();
    run(['--broker', 'mosquitto', '--out', join(dir, 'm'), ...args], env);
    const path = join(dir, 'm', 'passwords');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
    expect(lines.map((line) => line.split(':')[0])).toEqual(expected.map(([user]) => user));
    lines.forEach((line, index) => {
      const [, , iterations, salt, hash] = line.split('$');
      const password = expected[index]![1]!;
      const derived = pbkdf2Sync(password, Buffer.from(salt!, 'base64'), Number(iterations), 64, 'sha512');
      expect(derived.toString('base64')).toBe(hash);
    });
  });

  test("EMQX's users, as its built-in database takes them", () => {
    const { args, env, expected } = logins();
    run(['--broker', 'emqx', '--out', join(dir, 'e'), ...args], env);
    const [header, ...rows] = readFileSync(join(dir, 'e', 'users.csv'), 'utf8')
      .trimEnd()
      .split('\n');
    expect(header).toBe('user_id,password_hash,salt,is_superuser');
    const read = rows.map((row) => row.split(',') as [string, string, string, string]);
    expect(read.map(([user, , , superuser]) => [user, superuser])).toEqual(expected.map(([user]) => [user, 'false']));
    read.forEach(([, hash, salt], index) =>
      expect(createHash('sha256').update(`${salt}${expected[index]![1]}`).digest('hex')).toBe(hash),
    );
  });

  test.each([
    { what: 'an unknown broker', args: ['--broker', 'hive', '--out', '/tmp/x'], says: /--broker mosquitto\|emqx/ },
    {
      what: 'users without a password',
      args: ['--broker', 'emqx', '--out', '/tmp/x', '--logins-only'],
      says: /MQTT_PASSWORD/,
    },
  ])('$what ends in words', ({ args, says }) => {
    const { status, stderr } = spawnSync(process.execPath, [command, ...args], { env: {}, encoding: 'utf8' });
    expect([status, stderr]).toEqual([2, expect.stringMatching(says)]);
  });

  test.each([
    ['+,a long enough password', /12 decimal digits/],
    ['000000000001,short', /at least 12 characters/],
    ['000000000001', /line 1: number,password/],
    [`${A},a long enough password\n${A},another password`, /line 2: .* twice/],
  ])('a list of gateways with %j is refused', (text, says) => {
    expect(() => readGatewayList(text)).toThrow(says);
  });
});
