import { statSync } from 'node:fs';
import { checkChain, type Progress } from './chain.js';
import { CheckpointCheck, type PublicKey } from './checkpoints.js';
import { Snapshot } from './database.js';
import { Findings, type Figures, type Report } from './findings.js';

/** What the verdict is founded on. */
export interface Evidence {
  /** Connection string; a role that may only read the three tables suffices. */
  readonly databaseUrl: string;
  readonly keys: readonly PublicKey[];
  /** Checkpoint files; every one is held against the database. */
  readonly checkpointFiles: readonly string[];
  readonly progress?: Progress;
}

/**
 * Reads the whole audit once, in bounded memory, and says whether it is what was sealed.
 * @throws Error when it cannot be read: then there is no verdict
 */
export async function verifyAudit(evidence: Evidence): Promise<Report> {
  // Sizes first, snapshot second: what is in a file by now was in the database before, so no checkpoint is in a file alone by mere timing.
  const files = evidence.checkpointFiles.map((path) => ({
    path,
    bytes: statSync(path, { throwIfNoEntry: false })?.size,
  }));
  const findings = new Findings();
  const figures: Figures = { entries: 0n, batches: 0n, unsealed: 0n, checkpoints: 0n, fileCheckpoints: 0n };
  const snapshot = await Snapshot.open(evidence.databaseUrl);
  try {
    await checkChain(snapshot, findings, figures, evidence.progress ?? (() => undefined));
    const checkpoints = new CheckpointCheck(snapshot, evidence.keys, findings, figures);
    await checkpoints.table();
    for (const { path, bytes } of files) {
      if (bytes === undefined) findings.remark(`There is no file ${path}.`);
      else if (bytes > 0) await checkpoints.file(path, bytes);
    }
    await checkpoints.conclude(evidence.checkpointFiles);
  } finally {
    await snapshot.close();
  }
  return {
    intact: findings.count === 0,
    findings: findings.kept,
    findingCount: findings.count,
    remarks: findings.remarks,
    figures,
  };
}
