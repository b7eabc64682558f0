import { createHash, sign } from 'node:crypto';
import type { SigningKey } from './signing-key.js';

// The byte forms of the chain, as docs/audit.md defines them. The verifier has its own of each and must not borrow these.

/** Hash before the first batch. */
export const CHAIN_START = Buffer.alloc(32);

/** What the hash of a batch covers. */
export interface BatchFacts {
  readonly number: bigint;
  readonly previousHash: Buffer;
  readonly firstPosition: bigint;
  /** Its entries' ids, in order. */
  readonly ids: readonly bigint[];
  readonly lastTransactionId: string;
  readonly root: Buffer;
  readonly sealedAt: Date;
  readonly sealedWallAt: Date;
}

/** A signed statement about a batch: it had this hash, and so many entries stood in the chain up to it. */
export interface Checkpoint {
  readonly number: bigint;
  readonly batch: bigint;
  readonly hash: Buffer;
  readonly entries: bigint;
  readonly at: Date;
  readonly wallAt: Date;
  readonly kid: string;
}

const sha256 = (...parts: readonly (Buffer | string)[]): Buffer => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};

const NODE = Buffer.from([1]);
const HASH_BYTES = 32;

/** Root of the Merkle tree over leaf hashes set end to end (RFC 6962, 2.1: split at the largest power of two below the count). */
export function merkleRoot(leaves: Buffer): Buffer {
  const count = leaves.length / HASH_BYTES;
  if (count === 1) return leaves;
  const left = 2 ** Math.ceil(Math.log2(count) - 1) * HASH_BYTES;
  return sha256(NODE, merkleRoot(leaves.subarray(0, left)), merkleRoot(leaves.subarray(left)));
}

/** Hash of a batch, over lines of digits, hexadecimal digits and instants. */
export const batchHash = (batch: BatchFacts): Buffer =>
  sha256(`relight audit batch v1
batch ${batch.number}
previous ${batch.previousHash.toString('hex')}
position ${batch.firstPosition}
count ${batch.ids.length}
last ${batch.lastTransactionId} ${batch.ids.at(-1)}
ids ${sha256(batch.ids.join(' ')).toString('hex')}
root ${batch.root.toString('hex')}
sealed-at ${batch.sealedAt.toISOString()}
sealed-wall-at ${batch.sealedWallAt.toISOString()}
`);

/** The signature over a checkpoint's lines. */
export const signCheckpoint = (checkpoint: Checkpoint, key: SigningKey): Buffer =>
  sign(
    null,
    Buffer.from(`relight audit checkpoint v1
checkpoint ${checkpoint.number}
batch ${checkpoint.batch}
hash ${checkpoint.hash.toString('hex')}
entries ${checkpoint.entries}
at ${checkpoint.at.toISOString()}
wall-at ${checkpoint.wallAt.toISOString()}
kid ${checkpoint.kid}
`),
    key.privateKey,
  );

/** A checkpoint as a line of the file outside the database. */
export const checkpointLine = (checkpoint: Checkpoint, signature: Buffer): string =>
  `${JSON.stringify({
    checkpoint: Number(checkpoint.number),
    batch: Number(checkpoint.batch),
    hash: checkpoint.hash.toString('hex'),
    entries: Number(checkpoint.entries),
    at: checkpoint.at.toISOString(),
    wallAt: checkpoint.wallAt.toISOString(),
    kid: checkpoint.kid,
    signature: signature.toString('base64url'),
  })}\n`;
