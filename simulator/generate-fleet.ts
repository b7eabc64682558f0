import { createHash } from 'node:crypto';
import { draw, hash32, type RandomStream } from './meter/random.js';
import { MAX_METERS_PER_CONCENTRATOR, type DownlinkKey, type FleetManifest } from './wire/contract.js';
import type { ManifestGateway, ManifestMeter } from './wire/contract.js';
import { developmentSeed, gatewayKey, gatewayPassword, meterKey, privateKeyOfSeed, publicX } from './wire/keys.js';

/** More than this in one manifest is a mistake in the command line. */
const MAX_METERS = 200_000;

export interface GenerateOptions {
  concentrators: number;
  metersPerConcentrator: number;
  /** 4G meters on their own connection. */
  direct: number;
  seed: number;
  timezone: string;
  /** Contract instant at which the registers are read for the first time. */
  registerAt: string;
  /** The head-end's (and guard's) public keys. Empty: development keys are made from the seed. */
  downlinkKeys: DownlinkKey[];
  /** Meters of which kind stand behind the concentrators; 4G meters always speak for themselves. Default json. */
  codec?: 'json' | 'dlt645';
  /** DL/T 645: in the clear with a password (default), or in ciphertext. */
  securityClass?: 'password' | 'cipher';
  /** DL/T 645: speed of the serial lines; 0 = no time passes on them. Default 2400. */
  lineBaud?: number;
}

/** What a head-end must know to admit the fleet. Private keys are there only for keys made here. */
export interface Provisioning {
  downlinkKeys: (DownlinkKey & { d?: string })[];
  /** `kid` and `x` of concentrators with DL/T 645 meters, which sign for them. */
  gateways: { gateway: string; username: string; password: string; kid?: string; x?: string }[];
  meters: { meter: string; gateway: string; kid: string; x: string }[];
  /** Restore codes, passwords and ciphertext keys of all meters follow from it (fleet.schema.json). */
  meterMasterSecret: string;
}

/** One part in ten of the meters is a shop or workshop. */
const COMMERCE_PART = 0.1;

/**
 * A fleet out of nothing, the same for the same options: numbers, loads, registers and keys all follow from the seed.
 * @throws when there would be no meter or too many.
 */
export function generateFleet(options: GenerateOptions): { manifest: FleetManifest; provisioning: Provisioning } {
  const { concentrators, metersPerConcentrator, direct, seed } = options;
  const total = concentrators * metersPerConcentrator + direct;
  if (total < 1 || total > MAX_METERS) {
    throw new Error(`This makes ${total} meters; ask for 1 to ${MAX_METERS}.`);
  }
  if (metersPerConcentrator > MAX_METERS_PER_CONCENTRATOR) {
    throw new Error(`A concentrator carries at most ${MAX_METERS_PER_CONCENTRATOR} meters; add concentrators.`);
  }
  const keySeed = createHash('sha256').update(`relight-generated-fleet:${seed}`).digest('base64url');
  const gateways: ManifestGateway[] = [];
  const meters: ManifestMeter[] = [];
  for (let index = 1; index <= concentrators; index += 1) {
    const gateway = `90${pad(index)}`;
    const line = options.codec === 'dlt645' && options.lineBaud !== undefined ? { lineBaud: options.lineBaud } : {};
    gateways.push({ gateway, kind: 'concentrator', district: `D${String(index).padStart(4, '0')}`, ...line });
    for (let position = 1; position <= metersPerConcentrator; position += 1) {
      meters.push(makeEntry(`10${pad((index - 1) * metersPerConcentrator + position)}`, gateway, options));
    }
  }
  for (let index = 1; index <= direct; index += 1) {
    const serial = `20${pad(index)}`;
    gateways.push({ gateway: serial, kind: 'meter' });
    meters.push(makeEntry(serial, serial, options));
  }
  const keys =
    options.downlinkKeys.length > 0
      ? options.downlinkKeys
      : [developmentKey(keySeed, 'head-end'), developmentKey(keySeed, 'guard')];
  const downlinkKeys = keys.map(({ kid, role, x }) => ({ kid, role, x }));
  const manifest: FleetManifest = { version: 1, keySeed, timezone: options.timezone, downlinkKeys, gateways, meters };
  return { manifest, provisioning: provision(manifest, keys) };
}

const pad = (index: number): string => String(index).padStart(10, '0');

function makeEntry(serial: string, gateway: string, options: GenerateOptions): ManifestMeter {
  const stream: RandomStream = { random: hash32(`generated:${serial}`, options.seed) };
  const commerce = draw(stream) < COMMERCE_PART;
  // Chinese households use some 1,000 to 4,500 kWh a year; shops and workshops up to ten times that.
  const annualKwh = commerce ? 5_000 + draw(stream) * 35_000 : 1_000 + draw(stream) ** 2 * 3_500;
  return {
    meter: serial,
    gateway,
    installation: uuidOf(`${options.seed}:installation:${serial}`),
    load: commerce ? 'commerce' : 'household',
    annualEnergyWh: Math.round(annualKwh * 1_000),
    registerWh: Math.round(draw(stream) * 30_000_000),
    registerAt: options.registerAt,
    relay: 'closed',
    lastSequence: 0,
    ...(options.codec === 'dlt645' && serial !== gateway
      ? { codec: options.codec, securityClass: options.securityClass ?? 'password' }
      : {}),
  };
}

/** A UUID (version 8: made from a hash) that belongs to a text. */
function uuidOf(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

function developmentKey(keySeed: string, role: DownlinkKey['role']): DownlinkKey & { d: string } {
  const seed = developmentSeed(keySeed, role);
  return {
    kid: `development-${role}`,
    role,
    x: publicX(privateKeyOfSeed(seed)),
    d: seed.toString('base64url'),
  };
}

function provision(manifest: FleetManifest, downlinkKeys: Provisioning['downlinkKeys']): Provisioning {
  const { keySeed } = manifest;
  const signing = new Set(manifest.meters.flatMap(({ codec, gateway }) => (codec === 'dlt645' ? [gateway] : [])));
  return {
    downlinkKeys,
    gateways: manifest.gateways.map(({ gateway }) => ({
      gateway,
      username: gateway,
      password: gatewayPassword(keySeed, gateway),
      ...(signing.has(gateway) ? { kid: gateway, x: publicX(gatewayKey(keySeed, gateway)) } : {}),
    })),
    meters: manifest.meters.map(({ meter, gateway }) => ({
      meter,
      gateway,
      kid: meter,
      x: publicX(meterKey(keySeed, meter)),
    })),
    meterMasterSecret: keySeed,
  };
}
