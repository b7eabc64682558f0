import { parseArgs } from 'node:util';
import { readPublicKey, type PublicKey } from './checkpoints.js';
import { findInDataDir } from './data-dir.js';
import type { Report } from './findings.js';
import { verifyAudit } from './verify.js';

const USAGE = `Verifies that the audit of Relight is what was sealed (docs/audit.md).

  npm run verify-audit -- --data-dir .data
  npm run verify-audit -- --database-url postgres://auditor:…@host/relight --public-key audit.pub.pem --checkpoints checkpoints.jsonl

  --data-dir       a data directory with a running product: finds its database, public key and checkpoint file
  --database-url   the database; default DATABASE_URL. A role that may read audit_entry, audit_batch and audit_checkpoint suffices
  --public-key     public key of the audit, PEM; once for each key that was ever in use
  --checkpoints    a checkpoint file; once for each

Ends with 0: intact, 1: tampered with, 2: could not be verified.`;

/** How many findings are printed. */
const PRINTED = 50;
const PROGRESS_EVERY_MS = 200;

interface Sources {
  readonly databaseUrl: string;
  readonly keys: readonly PublicKey[];
  readonly checkpointFiles: readonly string[];
}

/** @throws Error saying what is missing */
function readSources(args: readonly string[]): Sources | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      'data-dir': { type: 'string' },
      'database-url': { type: 'string' },
      'public-key': { type: 'string', multiple: true },
      checkpoints: { type: 'string', multiple: true },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) return 'help';
  const dir = values['data-dir'] === undefined ? undefined : findInDataDir(values['data-dir']);
  const databaseUrl = values['database-url'] ?? dir?.databaseUrl ?? process.env['DATABASE_URL'];
  if (!databaseUrl) throw new Error('No database: give --data-dir, --database-url, or DATABASE_URL.');
  const keyFiles = values['public-key'] ?? (dir ? [dir.publicKey] : []);
  if (keyFiles.length === 0)
    throw new Error(
      'No public key: give --public-key (openssl pkey -in audit.pem -pubout -out audit.pub.pem makes one).',
    );
  return {
    databaseUrl,
    keys: keyFiles.map(readPublicKey),
    checkpointFiles: values.checkpoints ?? (dir ? [dir.checkpointFile] : []),
  };
}

const number = (value: bigint | number): string => value.toLocaleString('en-US');

function print(report: Report, { databaseUrl, keys, checkpointFiles }: Sources): void {
  const { figures, findings, findingCount, remarks } = report;
  const { host, pathname } = new URL(databaseUrl);
  const lines = [
    `Audit of ${pathname.slice(1)} at ${host}`,
    `  entries      ${number(figures.entries)} sealed in ${number(figures.batches)} ${figures.batches === 1n ? 'batch' : 'batches'}, ${number(figures.unsealed)} waiting for their seal`,
    `  last seal    ${figures.lastBatch ? `batch ${figures.lastBatch.number}, made ${figures.lastBatch.sealedWallAt}, product time ${figures.lastBatch.sealedAt}` : 'none'}`,
    `  checkpoints  ${number(figures.checkpoints)} in the database, ${number(figures.fileCheckpoints)} in ${checkpointFiles.join(', ') || 'no file'}`,
    `  keys         ${keys.map(({ kid }) => kid).join(', ')}`,
    '',
    ...remarks.map((text) => `Note: ${text}`),
    ...(remarks.length > 0 ? [''] : []),
  ];
  if (report.intact) {
    lines.push(
      figures.batches === 0n
        ? 'NOTHING SEALED: there is nothing to verify yet.'
        : 'INTACT: every sealed entry is there, unchanged and in its place, and every checkpoint agrees.',
    );
  } else {
    lines.push(`TAMPERED WITH: ${number(findingCount)} ${findingCount === 1 ? 'finding' : 'findings'}`);
    findings.slice(0, PRINTED).forEach(({ code, text }, index) => lines.push(`  ${index + 1}. ${code}: ${text}`));
    if (findingCount > PRINTED) lines.push(`  … and ${number(findingCount - PRINTED)} more`);
  }
  process.stdout.write(`${lines.join('\n')}\n`);
}

/** On a terminal only: a line that is written over. */
function progressLine(): { tell(entries: bigint): void; end(): void } {
  if (!process.stderr.isTTY) return { tell: () => undefined, end: () => undefined };
  let toldMs = 0;
  return {
    tell(entries) {
      if (Date.now() - toldMs < PROGRESS_EVERY_MS) return;
      toldMs = Date.now();
      process.stderr.write(`\r${number(entries)} entries read\x1b[K`);
    },
    end: () => void process.stderr.write('\r\x1b[K'),
  };
}

async function main(): Promise<number> {
  const line = progressLine();
  try {
    const sources = readSources(process.argv.slice(2));
    if (sources === 'help') {
      process.stdout.write(`${USAGE}\n`);
      return 0;
    }
    const report = await verifyAudit({ ...sources, progress: line.tell });
    line.end();
    print(report, sources);
    return report.intact ? 0 : 1;
  } catch (error) {
    line.end();
    const { message, code } = error as Error & { code?: string };
    process.stderr.write(`NOT VERIFIED: ${message || code || 'unknown error'}\n\n${USAGE}\n`);
    return 2;
  }
}

process.exitCode = await main();
