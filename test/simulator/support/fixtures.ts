import { createPrivateKey, createPublicKey, hkdfSync, sign, verify, type KeyObject } from 'node:crypto';
import type { FleetManifest, ManifestMeter, ReadRequest, SwitchCommand } from '../../../simulator/wire/contract.js';

// A head-end of the tests' own, written from schema/mqtt/README.md: nothing of the simulator's encoder is used here.
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');
const keyOf = (seed: Buffer): KeyObject =>
  createPrivateKey({ key: Buffer.concat([PKCS8, seed]), format: 'der', type: 'pkcs8' });

export interface Signer {
  kid: string;
  key: KeyObject;
}

export const headEnd: Signer = { kid: 'head-end-1', key: keyOf(Buffer.alloc(32, 1)) };
export const guard: Signer = { kid: 'guard-1', key: keyOf(Buffer.alloc(32, 2)) };
export const stranger: Signer = { kid: 'head-end-1', key: keyOf(Buffer.alloc(32, 3)) };

export const KEY_SEED = 'test-key-seed';
export const GATEWAY = '900000000001';
export const METER = '100000000001';
export const INSTALLATION = 'aaaaaaaa-0000-4000-8000-000000000001';
/** Instant at which most tests begin. */
export const START = '2025-06-10T04:00:00.000Z';
export const START_MS = Date.parse(START);

const b64 = (text: string | Buffer): string => Buffer.from(text).toString('base64url');

/** Canonical JSON of a message: keys sorted at every depth, absent ones left out. */
export const canonical = (message: unknown): string =>
  JSON.stringify(message, (_key, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );

export const headerOf = (signer: Signer): string => b64(`{"alg":"EdDSA","kid":"${signer.kid}"}`);

/** Signs exactly this text, which need not be canonical. */
export function sealText(text: string, signers: Signer[], header = headerOf): Buffer {
  const payload = b64(text);
  const signatures = signers.map((signer) => ({
    protected: header(signer),
    signature: b64(sign(null, Buffer.from(`${header(signer)}.${payload}`), signer.key)),
  }));
  return Buffer.from(JSON.stringify({ payload, signatures }));
}

/** Signs a message: by the signers named, else as the contract asks (a cut by head-end and guard, anything else by the head-end). */
export const seal = (message: object, ...signers: Signer[]): Buffer =>
  sealText(canonical(message), signers.length > 0 ? signers : lawfulSigners(message));

const lawfulSigners = (message: { operation?: string }): Signer[] =>
  message.operation === 'cut' ? [headEnd, guard] : [headEnd];

let commands = 0;
/** A UUID that no other call returns. */
export const nextId = (): string => `00000000-0000-4000-8000-${String((commands += 1)).padStart(12, '0')}`;

const at = (ms: number): string => new Date(ms).toISOString();

/** A cut that the first test meter accepts at START. */
export function cut(overrides: Partial<SwitchCommand> = {}): SwitchCommand {
  return {
    v: 1,
    kind: 'switch',
    commandId: nextId(),
    gateway: GATEWAY,
    meter: METER,
    installation: INSTALLATION,
    account: 'A-1',
    servicePoint: 'SP-1',
    operation: 'cut',
    mode: 'direct',
    expectedRelay: 'any',
    sequence: 1,
    issuedAt: at(START_MS),
    notAfter: at(START_MS + 600_000),
    reason: 'ARREARS',
    ...overrides,
  };
}

export const restore = (overrides: Partial<SwitchCommand> = {}): SwitchCommand =>
  cut({ operation: 'restore', ...overrides });

export function read(overrides: Partial<ReadRequest> = {}): ReadRequest {
  return {
    v: 1,
    kind: 'read',
    requestId: nextId(),
    gateway: GATEWAY,
    meter: METER,
    what: ['state'],
    issuedAt: at(START_MS),
    notAfter: at(START_MS + 600_000),
    ...overrides,
  };
}

/** A clock message; version 1 sets the clock to START, at the speed given. */
export function clock(overrides: Record<string, unknown> = {}): object {
  return {
    v: 1,
    kind: 'clock',
    gateway: GATEWAY,
    version: 1,
    virtualAt: START,
    realAt: at(0),
    scaleMillis: 0,
    ...overrides,
  };
}

/** The installation id of the n-th test meter (1-based). */
export const installationOf = (index: number): string =>
  `aaaaaaaa-0000-4000-8000-${index.toString(16).padStart(12, '0')}`;

export interface ManifestShape {
  concentrators?: number;
  metersEach?: number;
  direct?: number;
  timezone?: string;
  meter?: Partial<ManifestMeter>;
}

/** Concentrators 9000…1 up, meters 1000…1 up (numbered through), 4G meters 2000…1 up. */
export function manifest(shape: ManifestShape = {}): FleetManifest {
  const { concentrators = 1, metersEach = 1, direct = 0 } = shape;
  const fleet: FleetManifest = {
    version: 1,
    keySeed: KEY_SEED,
    timezone: shape.timezone ?? 'Asia/Shanghai',
    downlinkKeys: [
      { kid: headEnd.kid, role: 'head-end', x: publicX(headEnd) },
      { kid: guard.kid, role: 'guard', x: publicX(guard) },
    ],
    gateways: [],
    meters: [],
  };
  const add = (meter: string, gateway: string): void => {
    fleet.meters.push({
      meter,
      gateway,
      installation: installationOf(fleet.meters.length + 1),
      load: 'household',
      annualEnergyWh: 3_000_000,
      registerWh: 1_000_000,
      registerAt: '2025-06-01T00:00:00.000Z',
      relay: 'closed',
      lastSequence: 0,
      ...shape.meter,
    });
  };
  for (let index = 1; index <= concentrators; index += 1) {
    const gateway = String(900_000_000_000 + index);
    fleet.gateways.push({ gateway, kind: 'concentrator' });
    for (let position = 1; position <= metersEach; position += 1) {
      add(String(100_000_000_000 + (index - 1) * metersEach + position), gateway);
    }
  }
  for (let index = 1; index <= direct; index += 1) {
    const serial = String(200_000_000_000 + index);
    fleet.gateways.push({ gateway: serial, kind: 'meter' });
    add(serial, serial);
  }
  return fleet;
}

export const publicX = (signer: Signer): string => createPublicKey(signer.key).export({ format: 'jwk' }).x as string;

/** Opens a message signed by a simulated meter (or concentrator); throws unless it is signed by exactly that one and canonical. */
export function openUp(text: string, serial: string, kind = 'meter'): Record<string, unknown> {
  const envelope = JSON.parse(text) as { payload: string; signatures: { protected: string; signature: string }[] };
  const [only, ...more] = envelope.signatures;
  if (!only || more.length > 0) throw new Error('a meter signs exactly once');
  if (Buffer.from(only.protected, 'base64url').toString() !== `{"alg":"EdDSA","kid":"${serial}"}`) {
    throw new Error('not the header of that meter');
  }
  const salt = Buffer.from('relight-simulated-fleet-v1');
  const seed = Buffer.from(hkdfSync('sha256', KEY_SEED, salt, `${kind}-key:${serial}`, 32));
  const signed = Buffer.from(`${only.protected}.${envelope.payload}`);
  if (!verify(null, signed, createPublicKey(keyOf(seed)), Buffer.from(only.signature, 'base64url'))) {
    throw new Error(`the signature is not that of ${serial}`);
  }
  const payload = Buffer.from(envelope.payload, 'base64url').toString();
  const message = JSON.parse(payload) as Record<string, unknown>;
  if (canonical(message) !== payload) throw new Error('the payload is not canonical JSON');
  return message;
}
