import { existsSync } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { checkpointLine, type Checkpoint } from './audit-chain.js';
import { becomeSealer } from './audit-seals.js';
import { statement, type Database, type Tx } from './database.js';

/** How many checkpoints are copied at once; the rest follows in the next round. */
const COPY_GROUP = 1_000;
/** Far longer than a line: the end of the file is looked for in this many bytes. */
const TAIL_BYTES = 4_096;

type SignedCheckpoint = Checkpoint & { readonly signature: Buffer };

// From the last one the file holds on, that one included: it must still be what the file says.
const FROM = statement(
  'audit-checkpoint-from',
  `SELECT checkpoint_number AS number, batch_number AS batch, batch_hash AS hash, entry_count AS entries, at, wall_at AS "wallAt", kid, signature
   FROM audit_checkpoint WHERE checkpoint_number >= $1 ORDER BY checkpoint_number LIMIT ${COPY_GROUP}`,
);

/**
 * Appends to the file every checkpoint of the database that it does not hold yet: whoever was killed between the commit and the file
 * is made up for here. Lines are only ever appended, and are on disk when this returns.
 * @throws Error when the file knows of a checkpoint that the database does not: then one of them is not what it was
 */
export async function copyCheckpoints(db: Database, path: string): Promise<void> {
  // Under the sealer's lock, so that two processes that share a file do not write the same lines into it. A file needs no undoing:
  // what it holds was committed before.
  await db.transaction('audit-checkpoint-copy', async (tx) => {
    if (await becomeSealer(tx)) await append(tx, path);
  });
}

async function append(tx: Tx, path: string): Promise<void> {
  const tail = existsSync(path) ? await readTail(path) : { last: undefined, torn: false };
  const known = await tx.rows<SignedCheckpoint>(FROM, [tail.last?.number ?? 0]);
  const next = tail.last ? known.slice(1) : known;
  if (tail.last && (!known[0] || checkpointLine(known[0], known[0].signature) !== `${tail.last.line}\n`)) {
    throw new Error(
      `${path} ends with checkpoint ${tail.last.number}, and the database holds ${known[0] ? 'another under this number' : 'none of this number'}. The database was cut, altered, or restored from an older state. Keep the file as evidence, run the verifier, and name a new file in AUDIT_CHECKPOINT_FILE.`,
    );
  }
  if (next.length === 0) return;
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const file = await open(path, 'a', 0o640);
  try {
    const lines = next.map((checkpoint) => checkpointLine(checkpoint, checkpoint.signature)).join('');
    await file.appendFile(tail.torn ? `\n${lines}` : lines);
    await file.sync();
  } finally {
    await file.close();
  }
}

interface Tail {
  /** The last whole checkpoint. */
  readonly last: { readonly number: number; readonly line: string } | undefined;
  /** Whether a line was begun and not ended: its writer was killed. */
  readonly torn: boolean;
}

async function readTail(path: string): Promise<Tail> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const { buffer, bytesRead } = await file.read(
      Buffer.alloc(TAIL_BYTES),
      0,
      TAIL_BYTES,
      Math.max(0, size - TAIL_BYTES),
    );
    const text = buffer.toString('utf8', 0, bytesRead);
    const line = text.split('\n').findLast((one, index, all) => index < all.length - 1 && numberOf(one) !== undefined);
    return { last: line === undefined ? undefined : { number: numberOf(line)!, line }, torn: !/(^|\n)$/.test(text) };
  } finally {
    await file.close();
  }
}

function numberOf(line: string): number | undefined {
  try {
    const { checkpoint } = JSON.parse(line) as { checkpoint?: unknown };
    return Number.isSafeInteger(checkpoint) ? (checkpoint as number) : undefined;
  } catch {
    return undefined;
  }
}
