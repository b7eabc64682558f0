import { mkdirSync } from 'node:fs';
import { readdir, readFile, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { DeliveryReport } from '../flows/take-delivery-report.js';
import type { Logger } from '../platform/log.js';

/** A larger file of reports is left alone: its writer has gone wrong. */
const MOST_BYTES = 64 * 1024 * 1024;

const REPORT = z.strictObject({
  messageId: z.string().min(1).max(200),
  outcome: z.enum(['DELIVERED', 'FAILED']),
  at: z.iso.datetime({ offset: true }).optional(),
  reference: z.string().min(1).max(500).optional(),
  code: z.string().max(64).optional(),
});

/**
 * Delivery reports as JSON lines in `*.jsonl` files, as a provider's program leaves them (written under another name and renamed). A file
 * is taken as a whole and then moved to `done/`; killed in between it is taken again, which changes nothing.
 */
export class ReportFiles {
  constructor(
    private readonly dir: string,
    private readonly log: Logger,
  ) {
    mkdirSync(join(dir, 'done'), { recursive: true, mode: 0o700 });
  }

  /** Hands every waiting report to `take`; returns how many there were. A line that is none is told by file and number, not by content. */
  async takeAll(take: (report: DeliveryReport) => Promise<void>): Promise<number> {
    let taken = 0;
    for (const name of (await readdir(this.dir)).filter((file) => file.endsWith('.jsonl')).sort()) {
      taken += await this.takeFile(name, take).catch((error: NodeJS.ErrnoException) => {
        // Another process has taken the same file; what it says may be heard twice without harm.
        if (error.code === 'ENOENT') return 0;
        throw error;
      });
    }
    return taken;
  }

  private async takeFile(name: string, take: (report: DeliveryReport) => Promise<void>): Promise<number> {
    const path = join(this.dir, name);
    if ((await stat(path)).size > MOST_BYTES) {
      this.log.error({ file: name }, 'a file of delivery reports is too large; split it');
      return 0;
    }
    let taken = 0;
    for (const [index, line] of (await readFile(path, 'utf8')).split('\n').entries()) {
      if (line.trim() === '') continue;
      const report = parse(line);
      if (!report) this.log.warn({ file: name, line: index + 1 }, 'this line is no delivery report; it is left out');
      else {
        await take(report);
        taken += 1;
      }
    }
    await rename(path, join(this.dir, 'done', name));
    return taken;
  }
}

function parse(line: string): DeliveryReport | undefined {
  try {
    const { at, ...report } = REPORT.parse(JSON.parse(line));
    return { ...report, ...(at ? { at: new Date(at) } : {}) };
  } catch {
    return undefined;
  }
}
