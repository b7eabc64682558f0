import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import type { Meter } from '../meter/meter.js';
import { isUuid } from '../meter/uuid-bytes.js';

/** Where meters write what they must not forget. */
export interface PermanentMemory {
  /** Returns once the record would survive the death of this process. */
  write(meter: Meter): void;
  close(): void;
}

/** For runs that end with their process. */
export const noMemory: PermanentMemory = { write: () => undefined, close: () => undefined };

/** One line of the file: a meter's whole permanent memory, so the last line of a meter wins. */
type MemoryRecord = [
  serial: string,
  lastSequence: number,
  lastCommandId: string,
  relayClosed: 0 | 1,
  armed: 0 | 1,
  baseWh: number,
  baseAtMs: number,
  frozenThroughDay: number | null,
  isProtected?: 0 | 1,
];

/** Lines beyond one per meter after which the file is written anew. */
const COMPACT_AFTER_LINES = 100_000;

/**
 * The permanent memory of a fleet in one append-only file. Each write is one `write` call: it survives `kill -9` of the
 * simulator (not a power failure of the machine, which would need an fsync per command).
 */
export class MemoryFile implements PermanentMemory {
  #file: number;
  #lines = 0;

  private constructor(
    private readonly path: string,
    private readonly header: string,
    private readonly meters: ReadonlyMap<string, Meter>,
  ) {
    mkdirSync(dirname(path), { recursive: true });
    this.#file = this.#rewrite();
  }

  /**
   * Opens the memory of a fleet, gives every meter back what it remembers, and writes the file anew.
   * @throws when the file belongs to another fleet or is damaged before its last line.
   */
  static open(path: string, keySeed: string, meters: ReadonlyMap<string, Meter>): MemoryFile {
    const fleet = createHash('sha256').update(keySeed).digest('hex').slice(0, 16);
    const header = JSON.stringify({ relightSimulatorMemory: 1, fleet });
    if (existsSync(path)) recall(path, header, meters);
    return new MemoryFile(path, header, meters);
  }

  write(meter: Meter): void {
    writeSync(this.#file, `${line(meter)}\n`);
    this.#lines += 1;
    if (this.#lines > this.meters.size + COMPACT_AFTER_LINES) {
      closeSync(this.#file);
      this.#file = this.#rewrite();
    }
  }

  close(): void {
    closeSync(this.#file);
  }

  /** Writes a fresh file beside the old one and puts it in its place: a crash leaves one of the two, whole. */
  #rewrite(): number {
    const temporary = `${this.path}.new`;
    const file = openSync(temporary, 'w', 0o600);
    writeFileSync(file, [this.header, ...Array.from(this.meters.values(), line), ''].join('\n'));
    fsyncSync(file);
    renameSync(temporary, this.path);
    this.#lines = this.meters.size;
    return file;
  }
}

function line(meter: Meter): string {
  const frozenThroughDay = Number.isNaN(meter.frozenThroughDay) ? null : meter.frozenThroughDay;
  const record: MemoryRecord = [
    meter.serial,
    meter.lastSequence,
    meter.lastCommandId,
    meter.relayClosed ? 1 : 0,
    meter.armed ? 1 : 0,
    meter.baseWh,
    meter.baseAtMs,
    frozenThroughDay,
    meter.protected ? 1 : 0,
  ];
  return JSON.stringify(record);
}

function recall(path: string, header: string, meters: ReadonlyMap<string, Meter>): void {
  const lines = readFileSync(path, 'utf8').split('\n');
  if (lines[0] !== header) {
    throw new Error(`${path} is the memory of another fleet (or no memory at all); name another file or delete it.`);
  }
  // What follows the last line feed is empty, or a line cut short by the death of the process; its command was not acked.
  for (const [index, text] of lines.slice(1, -1).entries()) {
    const record = parseRecord(text);
    if (!record) {
      throw new Error(`${path} is damaged in line ${index + 2}; delete it to start with the meters of the manifest.`);
    }
    const meter = meters.get(record[0]);
    if (meter) restore(meter, record);
  }
}

/** Lines of 8 were written before protection could be switched. */
function parseRecord(text: string): MemoryRecord | undefined {
  try {
    const record = JSON.parse(text) as MemoryRecord;
    if (!Array.isArray(record) || record.length < 8 || record.length > 9 || !Number.isSafeInteger(record[1]))
      return undefined;
    return record[2] === '' || isUuid(record[2]) ? record : undefined;
  } catch {
    return undefined;
  }
}

function restore(meter: Meter, record: MemoryRecord): void {
  const [, lastSequence, lastCommandId, relayClosed, armed, baseWh, baseAtMs, frozenThroughDay, kept] = record;
  // The manifest may know of a later command than this file (the file was lost and written anew): never go back.
  if (lastSequence >= meter.lastSequence) {
    meter.lastSequence = lastSequence;
    meter.lastCommandId = lastCommandId;
  }
  meter.relayClosed = relayClosed === 1;
  meter.reportedClosed = meter.relayClosed;
  meter.armed = armed === 1;
  meter.baseWh = baseWh;
  meter.baseAtMs = baseAtMs;
  meter.frozenThroughDay = frozenThroughDay ?? Number.NaN;
  if (kept !== undefined) meter.protected = kept === 1;
}
