import { createHash, createPublicKey, verify, type KeyObject } from 'node:crypto';
import { createReadStream, readFileSync, statSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { createInterface } from 'node:readline';
import type { Snapshot, StoredCheckpoint } from './database.js';
import type { Figures, Findings } from './findings.js';

/** A public key and the `kid` it signs under. */
export interface PublicKey {
  readonly kid: string;
  readonly key: KeyObject;
}

/**
 * Reads a key in PEM; of a private key the public half.
 * @throws Error when it is no Ed25519 key
 */
export function readPublicKey(path: string): PublicKey {
  const key = createPublicKey(readFileSync(path));
  if (key.asymmetricKeyType !== 'ed25519') throw new Error(`${path} holds no Ed25519 key`);
  const raw = key.export({ format: 'jwk' }).x!;
  return { kid: `audit-${createHash('sha256').update(raw).digest('hex').slice(0, 8)}`, key };
}

const SHAPE: Readonly<Record<keyof StoredCheckpoint, RegExp>> = {
  checkpoint: /^[1-9]\d*$/,
  batch: /^[1-9]\d*$/,
  hash: /^[0-9a-f]{64}$/,
  entries: /^[1-9]\d*$/,
  at: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/,
  wallAt: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/,
  kid: /^[a-z0-9-]{1,64}$/,
  signature: /^[0-9a-f]{128}$/,
};

/** A line of a checkpoint file, or undefined when it is none. */
function parseLine(line: string): StoredCheckpoint | undefined {
  let fields: Record<string, unknown>;
  try {
    fields = JSON.parse(line) as Record<string, unknown>;
  } catch {
    return undefined;
  }
  // Only the one spelling that the product writes: nothing may hide in spaces, escapes or doubled names.
  if (typeof fields !== 'object' || fields === null || JSON.stringify(fields) !== line) return undefined;
  const written = String(fields['signature']);
  const signature = Buffer.from(written, 'base64url');
  // Base64 has bits to spare in its last character; only one spelling is ours.
  if (signature.toString('base64url') !== written) return undefined;
  const checkpoint = { ...fields, signature: signature.toString('hex') } as Record<string, unknown>;
  const names = Object.keys(SHAPE) as (keyof StoredCheckpoint)[];
  if (Object.keys(checkpoint).length !== names.length) return undefined;
  const texts = Object.fromEntries(names.map((name) => [name, String(checkpoint[name])]));
  return names.every((name) => SHAPE[name].test(texts[name]!)) ? (texts as unknown as StoredCheckpoint) : undefined;
}

/** Whether one of the keys has signed exactly this. */
function isSigned(checkpoint: StoredCheckpoint, keys: readonly PublicKey[]): boolean {
  const text = [
    'relight audit checkpoint v1',
    `checkpoint ${checkpoint.checkpoint}`,
    `batch ${checkpoint.batch}`,
    `hash ${checkpoint.hash}`,
    `entries ${checkpoint.entries}`,
    `at ${checkpoint.at}`,
    `wall-at ${checkpoint.wallAt}`,
    `kid ${checkpoint.kid}`,
    '',
  ].join('\n');
  return keys.some(
    ({ kid, key }) =>
      kid === checkpoint.kid && verify(null, Buffer.from(text), key, Buffer.from(checkpoint.signature, 'hex')),
  );
}

/** The checkpoints of the table and of the files, held against the batches and against each other. */
export class CheckpointCheck {
  /** Furthest checkpoint of all files, and the table's last one. */
  private furthestInFiles = 0n;
  private lastInTable = 0n;
  private lastMadeAt = '0';
  private readonly cut: { checkpoint: StoredCheckpoint; file: string }[] = [];

  constructor(
    private readonly snapshot: Snapshot,
    private readonly keys: readonly PublicKey[],
    private readonly findings: Findings,
    private readonly figures: Figures,
  ) {}

  async table(): Promise<void> {
    for await (const group of groupsOf(this.snapshot.checkpoints())) {
      const ends = await this.snapshot.batchEnds(group.map(({ batch }) => batch));
      for (const checkpoint of group) {
        const number = BigInt(checkpoint.checkpoint);
        if (number !== this.lastInTable + 1n) this.tellGap(this.lastInTable + 1n, number - 1n, 'the database');
        this.lastInTable = number;
        this.lastMadeAt = checkpoint.wallAt;
        this.figures.checkpoints += 1n;
        this.judge(checkpoint, ends.get(checkpoint.batch), 'the database');
      }
    }
  }

  /** Reads the first so many bytes of a file, line by line. */
  async file(path: string, bytes: number): Promise<void> {
    let previous: StoredCheckpoint | undefined;
    let torn: { line: string; at: number } | undefined;
    let at = 0;
    for await (const group of groupsOf(createInterface({ input: createReadStream(path, { end: bytes - 1 }) }))) {
      const read: { checkpoint: StoredCheckpoint; at: number }[] = [];
      for (const line of group) {
        at += 1;
        // A writer that was killed leaves the beginning of a line; its successor writes the line again.
        if (torn && !line.startsWith(torn.line)) this.tellUnreadable(path, torn.at);
        torn = undefined;
        const checkpoint = parseLine(line);
        if (checkpoint) read.push({ checkpoint, at });
        else if (line !== '') torn = { line, at };
      }
      const ends = await this.snapshot.batchEnds(read.map(({ checkpoint }) => checkpoint.batch));
      for (const { checkpoint } of read) {
        const number = BigInt(checkpoint.checkpoint);
        if (previous) this.checkOrder(BigInt(previous.checkpoint), number, path);
        else if (number > 1n)
          this.findings.remark(
            `${path} begins with checkpoint ${number}; those before it are judged by the database alone.`,
          );
        previous = checkpoint;
        this.figures.fileCheckpoints += 1n;
        if (number > this.furthestInFiles) this.furthestInFiles = number;
        this.judge(checkpoint, ends.get(checkpoint.batch), path);
      }
    }
    // If it has grown since, somebody was writing just then.
    if (torn && statSync(path).size === bytes)
      this.findings.remark(`${path} ends in the middle of a line: its writer was killed, or the file was cut there.`);
  }

  /** What follows from all files together. */
  async conclude(files: readonly string[]): Promise<void> {
    this.tellCut();
    if (files.length === 0) {
      this.findings.remark(
        'No checkpoint file was given: a tail that was cut off together with its seals and checkpoints would not be noticed.',
      );
      return;
    }
    // Every checkpoint is copied to the file right after its commit: a new one may be on its way.
    while (
      this.furthestInFiles < this.lastInTable &&
      (await this.snapshot.secondsSince(this.lastMadeAt)) < COPY_SECONDS
    ) {
      await delay(LOOK_MS);
      for (const path of files) {
        const last = BigInt(await lastNumberIn(path));
        if (last > this.furthestInFiles) this.furthestInFiles = last;
      }
    }
    if (this.furthestInFiles < this.lastInTable) {
      this.findings.add({
        code: 'CHECKPOINT_MISSING',
        checkpoint: String(this.furthestInFiles + 1n),
        text: `checkpoints ${this.furthestInFiles + 1n} to ${this.lastInTable}: in the database, and in no file. The file was cut, or the product could not write it (its log says so).`,
      });
    }
  }

  private judge(checkpoint: StoredCheckpoint, end: { hash: string; entries: string } | undefined, where: string): void {
    const of = { checkpoint: checkpoint.checkpoint, batch: checkpoint.batch };
    const name = `checkpoint ${checkpoint.checkpoint} in ${where}`;
    if (!isSigned(checkpoint, this.keys)) {
      const known = this.keys.some(({ kid }) => kid === checkpoint.kid);
      this.findings.add({
        code: 'CHECKPOINT_FORGED',
        ...of,
        text: known
          ? `${name}: its signature does not fit. It was altered, or not made by the key ${checkpoint.kid}.`
          : `${name}: signed by ${checkpoint.kid}, a key that was not given. Give its public key if it is one of yours; otherwise the checkpoint is forged.`,
      });
      return;
    }
    if (!end) {
      this.cut.push({ checkpoint, file: where });
      // The last one says it all; the others would only fill the memory.
      if (this.cut.length > 2) this.cut.splice(1, 1);
      return;
    }
    if (end.hash !== checkpoint.hash || end.entries !== checkpoint.entries) {
      this.findings.add({
        code: 'CHAIN_REWRITTEN',
        ...of,
        text: `${name}: batch ${checkpoint.batch} is not the one that was signed at ${checkpoint.wallAt}. Entries up to it were changed and sealed anew, or the end was cut off (or lost in a restore) and the chain grew again from there.`,
      });
    }
  }

  private tellCut(): void {
    const last = this.cut.at(-1);
    if (!last) return;
    const { checkpoint, file } = last;
    const kept = this.figures.lastBatch ? `ends with batch ${this.figures.lastBatch.number}` : 'has no batch at all';
    this.findings.add({
      code: 'TAIL_CUT',
      checkpoint: checkpoint.checkpoint,
      batch: checkpoint.batch,
      text: `checkpoint ${checkpoint.checkpoint} in ${file}: says that at ${checkpoint.wallAt} the chain had ${checkpoint.entries} entries, up to batch ${checkpoint.batch}; the database ${kept}. The end was cut off, or the database restored from an older state.`,
    });
  }

  private tellGap(first: bigint, last: bigint, where: string): void {
    const which = first === last ? `checkpoint ${first}` : `checkpoints ${first} to ${last}`;
    this.findings.add({
      code: 'CHECKPOINT_MISSING',
      checkpoint: String(first),
      text: `${which}: missing in ${where}. Somebody deleted them.`,
    });
  }

  private checkOrder(previous: bigint, number: bigint, path: string): void {
    if (number > previous + 1n) this.tellGap(previous + 1n, number - 1n, path);
    if (number <= previous)
      this.findings.add({
        code: 'CHECKPOINT_FORGED',
        checkpoint: String(number),
        text: `checkpoint ${number} in ${path}: comes after checkpoint ${previous}. Lines were copied or moved.`,
      });
  }

  private tellUnreadable(path: string, line: number): void {
    this.findings.add({
      code: 'CHECKPOINT_UNREADABLE',
      text: `line ${line} of ${path}: is no checkpoint. It was altered.`,
    });
  }
}

/** How long after its making a checkpoint may be missing in the file. */
const COPY_SECONDS = 2;
const LOOK_MS = 100;
const GROUP = 1_000;
/** Holds several lines. */
const TAIL_BYTES = 8_192;

async function lastNumberIn(path: string): Promise<string> {
  const bytes = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (bytes === 0) return '0';
  let last = '0';
  for await (const line of createInterface({
    input: createReadStream(path, { start: Math.max(0, bytes - TAIL_BYTES) }),
  }))
    last = parseLine(line)?.checkpoint ?? last;
  return last;
}

async function* groupsOf<Item>(source: AsyncIterable<Item>): AsyncGenerator<Item[]> {
  let group: Item[] = [];
  for await (const item of source) {
    group.push(item);
    if (group.length < GROUP) continue;
    yield group;
    group = [];
  }
  if (group.length > 0) yield group;
}
