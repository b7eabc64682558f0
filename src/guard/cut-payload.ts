import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { projectPath } from '../platform/project-path.js';
import type { InterruptionReason } from '../switching/interruption.js';
import { GuardRefusal } from './refusal.js';

/** A cut as schema/mqtt/switch.schema.json describes it. */
export interface CutPayload {
  readonly v: 1;
  readonly kind: 'switch';
  readonly commandId: string;
  readonly gateway: string;
  readonly meter: string;
  readonly installation: string;
  readonly account: string;
  readonly servicePoint: string;
  readonly operation: 'cut';
  readonly mode: 'direct' | 'arm';
  readonly expectedRelay: 'open' | 'closed' | 'any';
  readonly sequence: number;
  readonly issuedAt: string;
  readonly notAfter: string;
  readonly reason: InterruptionReason;
  /** DL/T 645 meters: what goes over their serial line, hexadecimal. */
  readonly frame?: string;
}

/** A switch command has about 500 bytes; more is none. */
export const MAX_PAYLOAD_BYTES = 4_096;

const ajv = new Ajv2020({ strict: true, strictRequired: false, allErrors: false });
const isSwitch = ajv.compile(
  JSON.parse(readFileSync(projectPath('schema', 'mqtt', 'switch.schema.json'), 'utf8')) as object,
);
const utf8 = new TextDecoder('utf-8', { fatal: true });

/** The one spelling of a payload (RFC 8785; the contract's values are flat strings and integers). */
export const canonicalPayload = (payload: object): string =>
  JSON.stringify(Object.fromEntries(Object.entries(payload).sort(([a], [b]) => (a < b ? -1 : 1))));

/**
 * Reads the exact bytes that are to be signed.
 * @throws GuardRefusal MALFORMED, NOT_A_CUT
 */
export function readCutPayload(bytes: Buffer): CutPayload {
  if (bytes.length > MAX_PAYLOAD_BYTES)
    throw new GuardRefusal('MALFORMED', `${bytes.length} bytes; a cut has at most ${MAX_PAYLOAD_BYTES}`);
  const payload = parse(bytes);
  if (!isSwitch(payload)) {
    const kind = (payload as { kind?: unknown } | null)?.kind;
    if (typeof kind === 'string' && kind !== 'switch') throw notACut(kind);
    throw new GuardRefusal('MALFORMED', `not a switch command of the contract: ${ajv.errorsText(isSwitch.errors)}`);
  }
  const cut = payload as unknown as CutPayload;
  if ((cut.operation as string) !== 'cut') throw notACut(cut.operation);
  if (canonicalPayload(cut) !== bytes.toString('utf8'))
    throw new GuardRefusal('MALFORMED', 'the payload is not canonical JSON; no meter would take it');
  for (const instant of [cut.issuedAt, cut.notAfter]) {
    if (!isInstant(instant)) throw new GuardRefusal('MALFORMED', `${instant} is no instant of the calendar`);
  }
  return cut;
}

const notACut = (what: string): GuardRefusal =>
  new GuardRefusal('NOT_A_CUT', `the guard signs cuts only, not "${what.slice(0, 40)}"`);

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(utf8.decode(bytes)) as unknown;
  } catch {
    throw new GuardRefusal('MALFORMED', 'the payload is not JSON in UTF-8');
  }
}

function isInstant(text: string): boolean {
  const date = new Date(text);
  return !Number.isNaN(date.getTime()) && date.toISOString() === text;
}
