/**
 * The MQTT contract v1 as this simulator speaks it, written from `schema/` alone: the shapes of the messages, the topics,
 * and the bounds. Nothing here is shared with the head-end, so one mistake cannot hide on both sides.
 */

/** Largest MQTT payload either side may send. Source: schema/mqtt/README.md, Topics. */
export const MAX_PAYLOAD_BYTES = 65_536;
/** Most readings in one `reading` message. Source: reading.schema.json. */
export const MAX_READINGS_PER_MESSAGE = 100;
/** Most meters behind one concentrator. Source: schema/mqtt/README.md, Topics. */
export const MAX_METERS_PER_CONCENTRATOR = 2_000;
/** A cut issued further than this in the meter's future is refused (CLOCK). Source: schema/mqtt/README.md, step 6. */
export const MAX_FUTURE_CUT_MS = 10 * 60_000;

/** `schema/mqtt/switch.schema.json`. */
export interface SwitchCommand {
  v: 1;
  kind: 'switch';
  commandId: string;
  gateway: string;
  meter: string;
  installation: string;
  account: string;
  servicePoint: string;
  operation: 'cut' | 'restore' | 'protect' | 'unprotect';
  mode: 'direct' | 'arm';
  expectedRelay: RelayWord | 'any';
  sequence: number;
  issuedAt: string;
  notAfter: string;
  reason: string;
  /** DL/T 645 meters: the frame for the serial line, hexadecimal. */
  frame?: string;
}

/** `schema/mqtt/read.schema.json`. */
export interface ReadRequest {
  v: 1;
  kind: 'read';
  requestId: string;
  gateway: string;
  meter: string;
  what: ('state' | 'reading' | 'freeze')[];
  issuedAt: string;
  notAfter: string;
  /** With `freeze`: local days (YYYY-MM-DD) whose beginning is asked for. */
  midnights?: string[];
  /** DL/T 645 meters: the frames for the serial line, hexadecimal. */
  frames?: string[];
}

/** `schema/mqtt/time.schema.json`. */
export interface TimeOrder {
  v: 1;
  kind: 'time';
  requestId: string;
  gateway: string;
  meter: string;
  sequence: number;
  /** What the clock is set to. */
  at: string;
  issuedAt: string;
  notAfter: string;
  frame?: string;
}

export type Order = SwitchCommand | ReadRequest | TimeOrder;

/** `schema/mqtt/orders.schema.json`: several orders for one concentrator, never a cut. */
export interface OrdersMessage {
  v: 1;
  kind: 'orders';
  gateway: string;
  orders: Order[];
}

export type FramesCause = 'switch' | 'read' | 'time' | 'poll' | 'freeze' | 'periodic' | 'boot';

/** One answer of `schema/mqtt/frames.schema.json`. */
export interface FramesAnswer {
  meter: string;
  cause: FramesCause;
  commandId?: string;
  requestId?: string;
  sequence?: number;
  outcome: 'answered' | 'silent' | 'refused';
  refusal?: Refusal | FramesRefusal;
  duplicate?: boolean;
  /** Bytes as they came from the line, hexadecimal. */
  frames: string[];
  lastSequence: number;
  at: string;
}

/** `schema/mqtt/clock.schema.json`. */
export interface ClockMessage {
  v: 1;
  kind: 'clock';
  gateway: string;
  version: number;
  virtualAt: string;
  realAt: string;
  scaleMillis: number;
}

export type RelayWord = 'open' | 'closed';
export type Refusal =
  | 'WRONG_METER'
  | 'WRONG_INSTALLATION'
  | 'SEQUENCE'
  | 'EXPIRED'
  | 'CLOCK'
  | 'UNEXPECTED_RELAY'
  | 'PROTECTED'
  | 'UNSUPPORTED'
  | 'SECOND_SIGNATURE';
/** What only a concentrator refuses for. */
export type FramesRefusal = 'FRAME_MISMATCH' | 'UNKNOWN_METER' | 'OVERLOADED' | 'SUPERSEDED';
export type EventName =
  | 'LAST_GASP'
  | 'POWER_ON'
  | 'REBOOT'
  | 'BUTTON'
  | 'INVALID_COMMAND'
  | 'SILENT'
  | 'ANSWERS_AGAIN'
  | 'RELAY_FAILED'
  | 'ARM_EXPIRED'
  | 'VOLTAGE_LOW'
  | 'VOLTAGE_NORMAL'
  | 'CODE_ACCEPTED'
  | 'CODE_REFUSED';
export type StateCause = 'read' | 'change' | 'boot' | 'periodic';
export type ReadingCause = 'freeze' | 'requested';
/** What a meter sends upwards; also the last level of its topic. */
export type UpKind = 'ack' | 'state' | 'reading' | 'event' | 'frames';

/** One line of the manifest's `downlinkKeys`. */
export interface DownlinkKey {
  kid: string;
  role: 'head-end' | 'guard';
  /** Ed25519 public key, base64url (JWK `x`). */
  x: string;
}

export interface ManifestGateway {
  gateway: string;
  kind: 'concentrator' | 'meter';
  district?: string;
  /** Speed of the serial line, 8E1; 0 = no time passes on it. Default 2400. */
  lineBaud?: number;
}

export type LoadName = 'household' | 'commerce';

export interface ManifestMeter {
  meter: string;
  gateway: string;
  installation: string;
  load: LoadName;
  annualEnergyWh: number;
  registerWh: number;
  registerAt: string;
  relay: RelayWord;
  lastSequence: number;
  protected?: boolean;
  /** How it speaks: messages of its own, or frames on the line of its concentrator. Default json. */
  codec?: 'json' | 'dlt645';
  /** DL/T 645: PA 02H with a password (default), or PA 98H with ciphertext. */
  securityClass?: 'password' | 'cipher';
}

/** `schema/fleet.schema.json`. */
export interface FleetManifest {
  version: 1;
  keySeed: string;
  timezone?: string;
  downlinkKeys: DownlinkKey[];
  gateways: ManifestGateway[];
  meters: ManifestMeter[];
}

const root = 'relight/v1';

/** `relight/v1/{gateway}/status`: retained presence and last will. */
export const statusTopic = (gateway: string): string => `${root}/${gateway}/status`;
/** `relight/v1/{gateway}/clock`: the simulation clock. */
export const clockTopic = (gateway: string): string => `${root}/${gateway}/clock`;
/** Subscription to everything addressed to the meters behind a gateway. */
export const downFilter = (gateway: string): string => `${root}/${gateway}/down/+`;
/** `relight/v1/{gateway}/down/{meter}`: what a head-end sends to a meter, or to a concentrator itself. */
export const downTopic = (gateway: string, to: string): string => `${root}/${gateway}/down/${to}`;
/** `relight/v1/{gateway}/up/{meter}/{kind}`. */
export const upTopic = (gateway: string, meter: string, kind: UpKind): string =>
  `${root}/${gateway}/up/${meter}/${kind}`;

/** The meter a `down` topic of this gateway addresses, or undefined for any other topic. */
export function meterOfDownTopic(gateway: string, topic: string): string | undefined {
  const prefix = `${root}/${gateway}/down/`;
  return topic.startsWith(prefix) ? topic.slice(prefix.length) : undefined;
}

/**
 * Milliseconds since 1970 of a contract instant, or undefined when the text names no real instant: the schemas check the
 * shape only, and JavaScript would read 30 February as 2 March.
 */
export function instantMs(text: string): number | undefined {
  const ms = Date.parse(text);
  return Number.isNaN(ms) || new Date(ms).toISOString() !== text ? undefined : ms;
}

/** Contract instant of a time in milliseconds since 1970. */
export const instantText = (ms: number): string => new Date(ms).toISOString();
