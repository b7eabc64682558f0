import { existsSync, writeFileSync } from 'node:fs';
import { generateFleet } from '../generate-fleet.js';
import { checkManifest, DEFAULT_TIMEZONE } from '../manifest.js';
import { instantMs, type DownlinkKey } from '../wire/contract.js';
import { FLEET_HELP } from './help.js';
import { UsageError, type CliIo } from './io.js';
import { readArgs, text, wholeNumber, type ParsedArgs } from './options.js';

const OPTIONS = {
  out: { type: 'string' },
  concentrators: { type: 'string' },
  'meters-per-concentrator': { type: 'string' },
  direct: { type: 'string' },
  seed: { type: 'string' },
  timezone: { type: 'string' },
  'register-at': { type: 'string' },
  codec: { type: 'string' },
  'security-class': { type: 'string' },
  'line-baud': { type: 'string' },
  'downlink-key': { type: 'string', multiple: true },
  force: { type: 'boolean' },
} as const;

/** `fleet`: writes a manifest and the keys file beside it. */
export function fleetCommand(args: string[], io: CliIo): number {
  const parsed = readArgs(args, OPTIONS);
  if (parsed.values.help) {
    io.out(FLEET_HELP);
    return 0;
  }
  const out = text(parsed, 'out');
  if (!out) throw new UsageError('--out is missing: the file to write the manifest to.');
  const registerAt = text(parsed, 'register-at') ?? '2025-01-01T00:00:00.000Z';
  if (instantMs(registerAt) === undefined) {
    throw new UsageError(`--register-at is an instant like 2025-01-01T00:00:00.000Z, not ${registerAt}.`);
  }
  const { manifest, provisioning } = generateFleet({
    concentrators: wholeNumber(parsed, 'concentrators', 0, 100_000, 1),
    metersPerConcentrator: wholeNumber(parsed, 'meters-per-concentrator', 1, 2_000, 200),
    direct: wholeNumber(parsed, 'direct', 0, 200_000, 0),
    seed: wholeNumber(parsed, 'seed', 0, 0xffff_ffff, 1),
    timezone: text(parsed, 'timezone') ?? DEFAULT_TIMEZONE,
    registerAt,
    downlinkKeys: downlinkKeys(parsed),
    codec: oneOf(parsed, 'codec', ['json', 'dlt645']),
    securityClass: oneOf(parsed, 'security-class', ['password', 'cipher']),
    lineBaud: wholeNumber(parsed, 'line-baud', 0, 115_200, 2_400),
  });
  checkManifest(manifest);
  const keysFile = `${out.replace(/\.json$/, '')}.keys.json`;
  for (const file of [out, keysFile]) {
    if (existsSync(file) && parsed.values.force !== true) {
      throw new UsageError(`${file} exists; give --force to overwrite it.`);
    }
  }
  // The manifest's keySeed and the keys file open every meter of the fleet.
  writeFileSync(out, `${JSON.stringify(manifest)}\n`, { mode: 0o600 });
  writeFileSync(keysFile, `${JSON.stringify(provisioning)}\n`, { mode: 0o600 });
  io.out(`${out}: ${manifest.meters.length} meters behind ${manifest.gateways.length} gateways\n`);
  io.out(`${keysFile}: public keys of the meters, passwords of the gateways\n`);
  return 0;
}

/** One of a few words; the first when the option is absent. */
function oneOf<const Word extends string>(parsed: ParsedArgs, name: string, known: readonly Word[]): Word {
  const given = text(parsed, name) ?? known[0];
  const word = known.find((candidate) => candidate === given);
  if (!word) throw new UsageError(`--${name} is ${known.join(' or ')}, not ${given}.`);
  return word;
}

function downlinkKeys(parsed: ParsedArgs): DownlinkKey[] {
  const given = (parsed.values['downlink-key'] ?? []) as string[];
  return given.map((entry) => {
    const match = /^(.{1,64}):(head-end|guard):([A-Za-z0-9_-]{43})$/.exec(entry);
    if (!match) throw new UsageError(`--downlink-key is kid:role:x with role head-end or guard, not ${entry}.`);
    return { kid: match[1] as string, role: match[2] as DownlinkKey['role'], x: match[3] as string };
  });
}
