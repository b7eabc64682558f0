import { createHash } from 'node:crypto';

// The byte forms of docs/audit.md, written from that page alone. Nothing here is shared with the product that writes the chain.

/** An audit entry as text, column by column; null is null. Instants are seconds since 1970 with six decimals. */
export interface Entry {
  readonly id: string;
  readonly transaction_id: string;
  readonly at: string;
  readonly recorded_wall_at: string;
  readonly actor_kind: string;
  readonly actor: string;
  readonly act: string;
  readonly subject_type: string;
  readonly subject_id: string;
  readonly account_id: string | null;
  readonly service_point_id: string | null;
  readonly from_state: string | null;
  readonly to_state: string | null;
  readonly reason: string | null;
  readonly detail: string;
}

const LEAF = Buffer.of(0);
const INNER = Buffer.of(1);

/** "1767225600.000000" → "1767225600000000"; what is no finite instant stays as it is. */
const microseconds = (seconds: string): string =>
  /^-?\d+\.\d{6}$/.test(seconds) ? BigInt(seconds.replace('.', '')).toString() : seconds;

/** A field with its length in bytes in front; null has none. */
const field = (value: string | null): string => (value === null ? '-' : `${Buffer.byteLength(value)}:${value}`);

/** Hash of an entry: SHA-256 of a zero byte and its fields. */
export function entryHash(entry: Entry): Buffer {
  const text =
    field(entry.id) +
    field(entry.transaction_id) +
    field(microseconds(entry.at)) +
    field(microseconds(entry.recorded_wall_at)) +
    field(entry.actor_kind) +
    field(entry.actor) +
    field(entry.act) +
    field(entry.subject_type) +
    field(entry.subject_id) +
    field(entry.account_id) +
    field(entry.service_point_id) +
    field(entry.from_state) +
    field(entry.to_state) +
    field(entry.reason) +
    field(entry.detail);
  return createHash('sha256').update(LEAF).update(text).digest();
}

/**
 * Root of the tree over leaf hashes, built from below: of each level neighbours are joined, and one without a neighbour goes up
 * as it is. That is the tree of RFC 6962. Undefined when there are no leaves.
 */
export function treeRoot(leaves: readonly Buffer[]): Buffer | undefined {
  let level = leaves;
  while (level.length > 1) {
    const above: Buffer[] = [];
    for (let left = 0; left < level.length; left += 2) {
      const right = level[left + 1];
      above.push(right ? createHash('sha256').update(INNER).update(level[left]!).update(right).digest() : level[left]!);
    }
    level = above;
  }
  return level[0];
}

/** Lowercase hexadecimal SHA-256 of a text. */
export const hashOfText = (text: string): string => createHash('sha256').update(text).digest('hex');
