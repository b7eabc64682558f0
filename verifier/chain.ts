import type { Batch, Snapshot } from './database.js';
import type { Figures, Findings } from './findings.js';
import { entryHash, hashOfText, treeRoot, type Entry } from './hashes.js';

const NO_HASH = '0'.repeat(64);
/** How many ids a finding about many entries names. */
const IDS_NAMED = 5;

/** Told now and then while the chain is read. */
export type Progress = (entries: bigint) => void;

/** Entries in order, with a look at the next one. */
class Reader {
  private ahead: Entry | undefined;
  private ended = false;
  count = 0n;

  constructor(
    private readonly source: AsyncGenerator<Entry>,
    private readonly progress: Progress,
  ) {}

  async peek(): Promise<Entry | undefined> {
    if (!this.ahead && !this.ended) {
      const { value, done } = await this.source.next();
      if (done) this.ended = true;
      else this.ahead = value;
    }
    return this.ahead;
  }

  take(): void {
    this.ahead = undefined;
    this.count += 1n;
    if (this.count % 10_000n === 0n) this.progress(this.count);
  }
}

/** Whether the entry stands at or before the end of the batch. */
function within(entry: Entry, batch: Batch): boolean {
  const transaction = BigInt(entry.transaction_id);
  const last = BigInt(batch.lastTransaction);
  return transaction < last || (transaction === last && BigInt(entry.id) <= BigInt(batch.lastEntry));
}

/** The hash of a batch, computed from its columns. */
const hashOfBatch = (batch: Batch): string =>
  hashOfText(
    [
      'relight audit batch v1',
      `batch ${batch.number}`,
      `previous ${batch.previous}`,
      `position ${batch.position}`,
      `count ${batch.count}`,
      `last ${batch.lastTransaction} ${batch.lastEntry}`,
      `ids ${hashOfText(batch.ids.join(' '))}`,
      `root ${batch.root}`,
      `sealed-at ${batch.sealedAt}`,
      `sealed-wall-at ${batch.sealedWallAt}`,
      '',
    ].join('\n'),
  );

const leavesOf = (batch: Batch): Buffer[] =>
  (batch.hashes.match(/.{64}/g) ?? []).map((hash) => Buffer.from(hash, 'hex'));

/** What the batch before left behind. */
interface Before {
  readonly number: bigint;
  /** Its hash as stored and as computed; they differ only if it was altered, which has been told then. */
  readonly hashes: readonly string[];
  readonly entries: bigint;
  /** Whether what it says of itself was believed. */
  readonly sound: boolean;
}

/** Holds every entry and every batch of the snapshot against each other. */
export async function checkChain(
  snapshot: Snapshot,
  findings: Findings,
  figures: Figures,
  progress: Progress,
): Promise<void> {
  const entries = new Reader(snapshot.entries(), progress);
  let before: Before = { number: 0n, hashes: [NO_HASH], entries: 0n, sound: true };
  for await (const batch of snapshot.batches()) {
    const number = BigInt(batch.number);
    const gap = number !== before.number + 1n;
    if (gap) tellMissingBatches(before.number + 1n, number - 1n, findings);
    const leaves = leavesOf(batch);
    const computed = hashOfBatch(batch);
    const sound =
      computed === batch.hash &&
      treeRoot(leaves)?.toString('hex') === batch.root &&
      leaves.length === batch.ids.length &&
      String(leaves.length) === batch.count;
    if (sound) {
      if (!gap) checkLink(batch, before, findings);
      await checkEntries(batch, leaves, entries, findings, gap || !before.sound);
    } else {
      await passAltered(batch, entries, findings);
    }
    figures.batches += 1n;
    figures.lastBatch = batch;
    before = {
      number,
      hashes: [batch.hash, computed],
      entries: BigInt(batch.position) + BigInt(batch.count) - 1n,
      sound,
    };
  }
  figures.entries = entries.count;
  await countUnsealed(snapshot, entries, figures, findings);
}

function tellMissingBatches(first: bigint, last: bigint, findings: Findings): void {
  const which = first === last ? `batch ${first}` : `batches ${first} to ${last}`;
  findings.add({
    code: 'BATCH_MISSING',
    batch: String(first),
    text: `${which}: missing. The seals were deleted; the entries they covered can no longer be vouched for.`,
  });
}

function checkLink(batch: Batch, before: Before, findings: Findings): void {
  const linked = before.hashes.includes(batch.previous);
  const follows = !before.sound || BigInt(batch.position) === before.entries + 1n;
  if (linked && follows) return;
  findings.add({
    code: 'CHAIN_BROKEN',
    batch: batch.number,
    text: `batch ${batch.number}: does not continue batch ${before.number}. One of the two was made anew after the other.`,
  });
}

/** The batch itself is as it was sealed: each of its entries must be there, unchanged, and none besides. */
async function checkEntries(
  batch: Batch,
  leaves: readonly Buffer[],
  entries: Reader,
  findings: Findings,
  lenient: boolean,
): Promise<void> {
  const places = new Map(batch.ids.map((id, place) => [id, place]));
  const strangers: string[] = [];
  let strangerCount = 0;
  let furthest = -1;
  for (let entry = await entries.peek(); entry && within(entry, batch); entry = await entries.peek()) {
    entries.take();
    const place = places.get(entry.id);
    if (place === undefined) {
      strangerCount += 1;
      if (lenient && strangers.length < IDS_NAMED) strangers.push(entry.id);
      if (!lenient) tellInserted(entry, batch, findings);
      continue;
    }
    places.delete(entry.id);
    const where = { entry: entry.id, batch: batch.number };
    if (!entryHash(entry).equals(leaves[place]!)) {
      const text = `entry ${entry.id} (batch ${batch.number}): changed. At least one column is not what was sealed.`;
      findings.add({ code: 'ENTRY_CHANGED', ...where, text });
      continue;
    }
    if (place < furthest) {
      const text = `entry ${entry.id} (batch ${batch.number}): not in its place. It was sealed in another order.`;
      findings.add({ code: 'ENTRY_OUT_OF_ORDER', ...where, text });
    }
    furthest = Math.max(furthest, place);
  }
  for (const id of places.keys()) {
    findings.add({
      code: 'ENTRY_MISSING',
      entry: id,
      batch: batch.number,
      text: `entry ${id} (batch ${batch.number}): missing. It was sealed and has been deleted, or its id or transaction was changed.`,
    });
  }
  if (lenient && strangerCount > 0) {
    findings.remark(
      `${strangerCount} entries before batch ${batch.number} (${strangers.join(', ')}${strangerCount > strangers.length ? ', …' : ''}) belong to seals that are missing or altered, or were inserted: it cannot be told which.`,
    );
  }
}

function tellInserted(entry: Entry, batch: Batch, findings: Findings): void {
  findings.add({
    code: 'ENTRY_INSERTED',
    entry: entry.id,
    batch: batch.number,
    text: `entry ${entry.id} (in the range of batch ${batch.number}): inserted. It was not there when this range was sealed, and no transaction could write into it any more.`,
  });
}

/** The batch says something else than what was sealed. Its entries may still agree with its root. */
async function passAltered(batch: Batch, entries: Reader, findings: Findings): Promise<void> {
  const actual: Buffer[] = [];
  // Neither its end nor its count can be believed: never take more than the shorter of the two.
  const most = Math.min(batch.ids.length, Number(batch.count));
  for (
    let entry = await entries.peek();
    entry && actual.length < most && within(entry, batch);
    entry = await entries.peek()
  ) {
    entries.take();
    actual.push(entryHash(entry));
  }
  const agree = treeRoot(actual)?.toString('hex') === batch.root;
  findings.add({
    code: 'BATCH_ALTERED',
    batch: batch.number,
    text: `batch ${batch.number}: the seal itself was altered. ${agree ? 'Its entries agree with its root.' : 'Its entries do not agree with its root either, or cannot be told apart from others.'}`,
  });
}

/** Entries after the last batch: written moments ago, or not sealed for another reason. */
async function countUnsealed(snapshot: Snapshot, entries: Reader, figures: Figures, findings: Findings): Promise<void> {
  let oldest: string | undefined;
  for (let entry = await entries.peek(); entry; entry = await entries.peek()) {
    entries.take();
    figures.unsealed += 1n;
    if (oldest === undefined || Number(entry.recorded_wall_at) < Number(oldest)) oldest = entry.recorded_wall_at;
  }
  if (oldest === undefined) return;
  const age = await snapshot.secondsSince(oldest);
  figures.oldestUnsealedSeconds = age;
  if (age > STALE_SECONDS)
    findings.remark(
      `${figures.unsealed} entries wait for their seal, the oldest for ${Math.round(age)} s: sealing stands still. What is not sealed is not protected.`,
    );
}

/** Sealing takes seconds; a minute without it needs a reason (the product is stopped, or a transaction hangs). */
const STALE_SECONDS = 60;
