import { closeSync, openSync, writeSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import type { FleetManifest } from '../wire/contract.js';
import { inputLine, type Input } from './inputs.js';
import { buildSha256, manifestSha256, OutputDigest, type RecordHeader } from './record-lines.js';
import type { SessionSettings } from './session.js';

/** Lines are compressed in pieces of this size: what was written stays readable if the process dies. */
const PIECE_CHARS = 1_000_000;

/** Keeps what a session takes and gives out; with a path also in a file of compressed JSON lines. */
export class Recorder {
  readonly #digest = new OutputDigest();
  readonly #file: number | undefined;
  #lines: string[] = [];
  #chars = 0;

  constructor(name: string, manifest: FleetManifest, settings: SessionSettings, path?: string) {
    this.#file = path === undefined ? undefined : openSync(path, 'w', 0o600);
    const header: RecordHeader = {
      relightRecording: 1,
      name,
      settings,
      manifestSha256: manifestSha256(manifest),
      buildSha256: buildSha256(),
      node: process.versions.node,
      manifest,
    };
    this.#write(header);
  }

  input(nowMs: number, input: Input): void {
    if (this.#file !== undefined) this.#write(inputLine(nowMs, input));
  }

  room(question: number, gateway: string, hasRoom: boolean): void {
    this.#write(['room', question, gateway, hasRoom]);
  }

  output(kind: 'out' | 'toggle', nowMs: number, what: string, content: string): void {
    this.#write(this.#digest.add(kind, nowMs, what, content));
  }

  /** Ends the recording; returns how many outputs there were and their digest. */
  close(): { outputs: number; sha256: string } {
    const total = { outputs: this.#digest.count, sha256: this.#digest.digest() };
    this.#write(['total', total.outputs, total.sha256]);
    this.#flush();
    if (this.#file !== undefined) closeSync(this.#file);
    return total;
  }

  #write(line: unknown): void {
    if (this.#file === undefined) return;
    const text = JSON.stringify(line);
    this.#lines.push(text);
    this.#chars += text.length;
    if (this.#chars > PIECE_CHARS) this.#flush();
  }

  #flush(): void {
    if (this.#file === undefined || this.#lines.length === 0) return;
    writeSync(this.#file, gzipSync(`${this.#lines.join('\n')}\n`));
    this.#lines = [];
    this.#chars = 0;
  }
}
