import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { checkManifest } from '../manifest.js';
import type { FleetManifest } from '../wire/contract.js';
import { inputOf } from './inputs.js';
import { buildSha256, manifestSha256, OutputDigest, type OutputLine, type RecordHeader } from './record-lines.js';
import { Session } from './session.js';

/** Why a recording cannot be replayed, by name. */
export class RecordingError extends Error {}

/** Something that is not as it was when the recording was made; the replay is done all the same. */
export type Change = 'BUILD_CHANGED' | 'MANIFEST_CHANGED' | 'NODE_CHANGED';

/** The first output that is not as recorded. */
export interface Difference {
  /** Which output, from 1. */
  index: number;
  recorded: OutputLine | undefined;
  replayed: OutputLine | undefined;
  /** The replayed content; for a signed message what it says. */
  content: string | undefined;
}

export interface ReplayResult {
  name: string;
  identical: boolean;
  outputs: number;
  sha256: string;
  recordedSha256: string;
  changes: Change[];
  difference: Difference | undefined;
}

interface Recording {
  header: RecordHeader;
  lines: unknown[][];
}

/** Runs a recording again, without network or head-end: the same inputs at the same instants. @throws RecordingError */
export function replay(path: string, otherManifest?: FleetManifest): ReplayResult {
  const { header, lines } = readRecording(path);
  const manifest = checkManifest(otherManifest ?? header.manifest);
  const player = new Player(header, manifest, lines);
  const { sha256, outputs, difference } = player.play();
  const total = lines.at(-1) ?? [];
  const recordedSha256 = total[0] === 'total' ? String(total[2]) : '';
  return {
    name: header.name,
    identical: difference === undefined && sha256 === recordedSha256,
    outputs,
    sha256,
    recordedSha256,
    changes: changesOf(header, manifest),
    difference,
  };
}

function changesOf(header: RecordHeader, manifest: FleetManifest): Change[] {
  return [
    ...(header.buildSha256 === buildSha256() ? [] : ['BUILD_CHANGED' as const]),
    ...(header.manifestSha256 === manifestSha256(manifest) ? [] : ['MANIFEST_CHANGED' as const]),
    ...(header.node === process.versions.node ? [] : ['NODE_CHANGED' as const]),
  ];
}

/** Gives a session its recorded inputs and holds what it gives out against what was recorded. */
class Player {
  readonly #digest = new OutputDigest();
  readonly #recorded: OutputLine[];
  readonly #rooms: [question: number, gateway: string, hasRoom: boolean][];
  readonly #room = new Map<string, boolean>();
  readonly #session: Session;
  #questions = 0;
  #difference: Difference | undefined;

  constructor(
    header: RecordHeader,
    manifest: FleetManifest,
    private readonly lines: readonly unknown[][],
  ) {
    this.#recorded = lines.filter(([kind]) => kind === 'out' || kind === 'toggle') as unknown as OutputLine[];
    this.#rooms = lines.filter(([kind]) => kind === 'room').map(([, ...room]) => room as [number, string, boolean]);
    this.#session = new Session(manifest, header.settings, {
      publish: (_gateway, topic, payload) => this.#take('out', topic, payload),
      toggled: (meter, toggle) => this.#take('toggle', meter.serial, JSON.stringify(toggle)),
      hasRoom: (gateway) => this.#hasRoom(gateway),
      // What a fault did to connections is in the recording as the inputs it led to.
      reconcile: () => undefined,
    });
  }

  play(): { sha256: string; outputs: number; difference: Difference | undefined } {
    for (const line of this.lines) {
      const input = inputOf(line);
      if (!input) continue;
      try {
        this.#session.input(line[1] as number, input);
      } catch (error) {
        // A fault that the fleet refused was refused then too; a meter that another manifest lacks is another matter.
        if (input.kind !== 'fault') throw new RecordingError(`RECORDING_UNPLAYABLE: ${(error as Error).message}`);
      }
    }
    const missing = this.#recorded[this.#digest.count];
    if (missing) {
      const index = this.#digest.count + 1;
      this.#difference ??= { index, recorded: missing, replayed: undefined, content: undefined };
    }
    return { sha256: this.#digest.digest(), outputs: this.#digest.count, difference: this.#difference };
  }

  #take(kind: OutputLine[0], what: string, content: string): void {
    const replayed = this.#digest.add(kind, this.#session.nowMs(), what, content);
    const recorded = this.#recorded[this.#digest.count - 1];
    if (this.#difference || (recorded && recorded.every((value, at) => value === replayed[at]))) return;
    this.#difference = { index: this.#digest.count, recorded, replayed, content: said(content) };
  }

  #hasRoom(gateway: string): boolean {
    this.#questions += 1;
    for (let next = this.#rooms[0]; next && next[0] <= this.#questions; next = this.#rooms[0]) {
      this.#room.set(next[1], next[2]);
      this.#rooms.shift();
    }
    return this.#room.get(gateway) ?? false;
  }
}

/** What a signed message says, or the text itself. */
function said(content: string): string {
  try {
    const { payload } = JSON.parse(content) as { payload?: unknown };
    return typeof payload === 'string' ? Buffer.from(payload, 'base64url').toString('utf8') : content;
  } catch {
    return content;
  }
}

function readRecording(path: string): Recording {
  let text: string;
  try {
    text = gunzipSync(readFileSync(path)).toString('utf8');
  } catch (error) {
    throw new RecordingError(`RECORDING_UNREADABLE: ${path}: ${(error as Error).message}`);
  }
  const [first, ...lines] = text.split('\n').filter((line) => line !== '');
  const header = parse(first ?? '') as RecordHeader | undefined;
  if (header?.relightRecording !== 1) {
    throw new RecordingError(`RECORDING_UNREADABLE: ${path} is no recording; make one with --record.`);
  }
  const parsed = lines.map(parse);
  if (parsed.at(-1) === undefined || (parsed.at(-1) as unknown[])[0] !== 'total') {
    throw new RecordingError(`RECORDING_UNFINISHED: ${path} has no end; the run that made it was broken off.`);
  }
  return { header, lines: parsed as unknown[][] };
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    return undefined;
  }
}
