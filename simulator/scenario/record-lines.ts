import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packagePath } from '../package-root.js';
import { canonicalJson, type ContractValue } from '../wire/canonical-json.js';
import type { FleetManifest } from '../wire/contract.js';
import type { SessionSettings } from './session.js';

/** First line of a recording: all that decides a run besides its inputs, and what it was made with. */
export interface RecordHeader {
  relightRecording: 1;
  /** What was run, in words. */
  name: string;
  settings: SessionSettings;
  manifestSha256: string;
  /** SHA-256 of the simulator's own program text. */
  buildSha256: string;
  node: string;
  manifest: FleetManifest;
}

/** What a run gave out: a message with its topic, or a movement of contacts. 12 hex digits of its SHA-256 stand for the rest. */
export type OutputLine = readonly [kind: 'out' | 'toggle', nowMs: number, what: string, sha: string];

/** From the n-th question on, a gateway has room for what can wait, or has not. */
export type RoomLine = readonly ['room', question: number, gateway: string, hasRoom: boolean];

/** Last line: how many outputs there were, and the SHA-256 over all of them. */
export type TotalLine = readonly ['total', outputs: number, sha256: string];

const SHA_DIGITS = 12;

/** The running digest over everything a session gives out. */
export class OutputDigest {
  readonly #hash = createHash('sha256');
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** Takes one output in; returns its line. */
  add(kind: OutputLine[0], nowMs: number, what: string, content: string): OutputLine {
    this.#count += 1;
    const sha = createHash('sha256').update(content).digest('hex');
    this.#hash.update(`${kind}\n${nowMs}\n${what}\n${sha}\n`);
    return [kind, nowMs, what, sha.slice(0, SHA_DIGITS)];
  }

  /** Hexadecimal SHA-256 so far. */
  digest(): string {
    return this.#hash.copy().digest('hex');
  }
}

/** SHA-256 over a manifest's canonical JSON. */
export const manifestSha256 = (manifest: FleetManifest): string =>
  createHash('sha256')
    .update(canonicalJson(manifest as unknown as ContractValue))
    .digest('hex');

let build: string | undefined;

/** SHA-256 over the simulator's program text as it is run here (built or not), and the data it reads. */
export function buildSha256(): string {
  if (build !== undefined) return build;
  const hash = createHash('sha256');
  const root = join(import.meta.dirname, '..');
  const files = readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(ts|js)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  for (const file of files) hash.update(readFileSync(file));
  hash.update(readFileSync(packagePath('simulator', 'data', 'load-shapes.json')));
  build = hash.digest('hex');
  return build;
}
