/** What can be wrong, by a name that a script may look for. */
export type FindingCode =
  | 'ENTRY_CHANGED'
  | 'ENTRY_MISSING'
  | 'ENTRY_INSERTED'
  | 'ENTRY_OUT_OF_ORDER'
  | 'BATCH_ALTERED'
  | 'BATCH_MISSING'
  | 'CHAIN_BROKEN'
  | 'CHECKPOINT_FORGED'
  | 'CHECKPOINT_MISSING'
  | 'CHECKPOINT_UNREADABLE'
  | 'CHAIN_REWRITTEN'
  | 'TAIL_CUT';

/** One thing that is not as it was sealed: what, where, and what it means. */
export interface Finding {
  readonly code: FindingCode;
  readonly text: string;
  /** Id of the audit entry. */
  readonly entry?: string;
  readonly batch?: string;
  readonly checkpoint?: string;
}

/** What was looked at. */
export interface Figures {
  entries: bigint;
  batches: bigint;
  /** Number of the last batch and when it was sealed, or undefined when nothing is sealed. */
  lastBatch?: { readonly number: string; readonly sealedAt: string; readonly sealedWallAt: string };
  unsealed: bigint;
  /** Wall-clock age of the oldest entry that waits for its seal, s. */
  oldestUnsealedSeconds?: number;
  checkpoints: bigint;
  /** Lines of the checkpoint files that are whole. */
  fileCheckpoints: bigint;
}

/** How many findings are kept word by word; a table emptied by hand would otherwise fill the memory. */
const KEPT = 1_000;

/** Gathers what is found, in bounded memory. */
export class Findings {
  readonly kept: Finding[] = [];
  readonly remarks: string[] = [];
  count = 0;

  add(finding: Finding): void {
    this.count += 1;
    if (this.kept.length < KEPT) this.kept.push(finding);
  }

  remark(text: string): void {
    this.remarks.push(text);
  }
}

/** The verdict with its grounds. */
export interface Report {
  readonly intact: boolean;
  readonly findings: readonly Finding[];
  /** May be more than are kept in `findings`. */
  readonly findingCount: number;
  /** What is no proof of tampering, but worth knowing. */
  readonly remarks: readonly string[];
  readonly figures: Figures;
}
