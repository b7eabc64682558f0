import { createHash } from 'node:crypto';
import {
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  writeSync,
} from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { GuardStartError } from './start-error.js';

/** What the guard decided, as its audit keeps it. Ids and figures only. */
export interface Decision {
  /** By the clock the guard goes by (product time), and by its machine. */
  readonly at: string;
  readonly machineAt: string;
  readonly verdict: 'OPENED' | 'SIGNED' | 'REFUSED';
  readonly code?: string;
  readonly commandId?: string;
  readonly payloadSha256?: string;
  readonly meter?: string;
  readonly servicePoint?: string;
  readonly district?: string;
  readonly requester?: string;
  readonly approver?: string;
  readonly reason?: string;
  readonly urgent?: boolean;
  readonly sequence?: number;
  readonly notAfter?: string;
  /** Refusals since the last entry that were only counted. */
  readonly unrecorded?: number;
}

const GENESIS = '0'.repeat(64);
const LINE = /^\{"hash":"([0-9a-f]{64})","entry":(\{.*\})\}$/s;
const NEWLINE = 0x0a;

const chained = (previous: string, entry: Buffer | string): string =>
  createHash('sha256').update(previous).update(entry).digest('hex');

/**
 * The guard's own memory: an append-only file in which each line carries the hash of all before it. A second small file remembers how
 * far it had come, so that a tail cut off is noticed too. The budget is counted from it, so neither a restart nor the database gives
 * anything back.
 */
export class DecisionLog {
  private broken: string | undefined;

  private constructor(
    private readonly path: string,
    private readonly file: FileHandle,
    private sizeBytes: number,
    private entries: number,
    private head: string,
  ) {}

  /**
   * Opens the file, made on the first start, checks every line and hands each decision to `each`, oldest first. A last line without its end
   * is cut off: its signature was never given out.
   * @throws GuardStartError when the file was changed, saying where and what to do
   */
  static async open(path: string, each: (decision: Decision) => void): Promise<DecisionLog> {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const anchor = readAnchor(path);
    if (anchor && !existsSync(path)) throw tampered(path, 'it is missing');
    const file = await open(path, constants.O_RDWR | constants.O_CREAT | constants.O_APPEND, 0o600);
    try {
      const { sizeBytes, entries, hashes, head } = await verify(path, file, each, anchor?.entries ?? 0);
      if (!anchor && entries > 1) throw tampered(path, `${anchorPath(path)} is missing`);
      if (anchor && (entries < anchor.entries || hashes !== anchor.hash))
        throw tampered(path, `it has lost entries: there were ${anchor.entries}, whole are ${entries}`);
      await file.truncate(sizeBytes);
      return new DecisionLog(path, file, sizeBytes, entries, head);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Number of entries. */
  get count(): number {
    return this.entries;
  }

  /**
   * Adds a decision; when this returns it is on disk. Calls must not overlap.
   * @throws Error when it could not be stored for certain; then nothing is ever stored again by this process
   */
  async append(decision: Decision): Promise<void> {
    if (this.broken) throw new Error(this.broken);
    try {
      // Another writer, or a file put back from a copy, would make two truths.
      const onDisk = statSync(this.path);
      const ours = await this.file.stat();
      if (onDisk.ino !== ours.ino || ours.size !== this.sizeBytes)
        throw new Error('somebody else has changed the file');
      const entry = JSON.stringify(decision);
      const hash = chained(this.head, entry);
      const line = Buffer.from(`{"hash":"${hash}","entry":${entry}}\n`);
      await this.file.appendFile(line);
      await this.file.datasync();
      this.sizeBytes += line.length;
      this.entries += 1;
      this.head = hash;
      writeAnchor(this.path, { entries: this.entries, hash });
    } catch (error) {
      this.broken = `the guard's decisions cannot be written (${(error as Error).message}): nothing is signed until ${this.path} is put right and the guard is started again`;
      throw new Error(this.broken, { cause: error });
    }
  }

  async close(): Promise<void> {
    this.broken ??= 'the guard is stopping';
    await this.file.close();
  }
}

interface Verified {
  readonly sizeBytes: number;
  readonly entries: number;
  readonly head: string;
  /** The hash after as many entries as the anchor speaks of. */
  readonly hashes: string;
}

async function verify(
  path: string,
  file: FileHandle,
  each: (decision: Decision) => void,
  anchored: number,
): Promise<Verified> {
  let head = GENESIS;
  let entries = 0;
  let sizeBytes = 0;
  let atAnchor = GENESIS;
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of file.createReadStream({ start: 0, autoClose: false })) {
    rest = Buffer.concat([rest, chunk as Buffer]);
    let from = 0;
    for (let end = rest.indexOf(NEWLINE); end >= 0; end = rest.indexOf(NEWLINE, from)) {
      const line = rest.subarray(from, end);
      const { hash, decision } = readLine(path, line, head, entries + 1);
      head = hash;
      entries += 1;
      if (entries === anchored) atAnchor = head;
      sizeBytes += line.length + 1;
      each(decision);
      from = end + 1;
    }
    rest = rest.subarray(from);
  }
  return { sizeBytes, entries, head, hashes: atAnchor };
}

function readLine(path: string, line: Buffer, previous: string, number: number): { hash: string; decision: Decision } {
  // One byte, one character: what is hashed are the bytes on disk.
  const match = LINE.exec(line.toString('latin1'));
  if (!match) throw tampered(path, `line ${number} is no decision`);
  const entry = Buffer.from(match[2]!, 'latin1');
  if (chained(previous, entry) !== match[1])
    throw tampered(path, `line ${number} does not follow from the lines before it`);
  return { hash: match[1]!, decision: JSON.parse(entry.toString('utf8')) as Decision };
}

const tampered = (path: string, what: string): GuardStartError =>
  new GuardStartError(
    `the guard's record of its decisions, ${path}, was changed: ${what}. Nothing is signed on top of it. Find out who did it; then move ` +
      `${path} and ${anchorPath(path)} away, as evidence, and start the guard again: it begins a new record and a new budget.`,
  );

interface Anchor {
  readonly entries: number;
  readonly hash: string;
}

const anchorPath = (path: string): string => `${path}.head`;

function readAnchor(path: string): Anchor | undefined {
  const file = anchorPath(path);
  if (!existsSync(file)) return undefined;
  try {
    const { entries, hash } = JSON.parse(readFileSync(file, 'utf8')) as Anchor;
    if (Number.isSafeInteger(entries) && typeof hash === 'string') return { entries, hash };
  } catch {
    // Said below.
  }
  throw tampered(path, `${file} is not readable`);
}

/** Written after the entry is on disk: a crash in between leaves it behind, and being behind is no sign of tampering. */
function writeAnchor(path: string, anchor: Anchor): void {
  const file = anchorPath(path);
  const descriptor = openSync(`${file}.new`, 'w', 0o600);
  try {
    writeSync(descriptor, JSON.stringify(anchor));
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  renameSync(`${file}.new`, file);
}
