import type { FleetSummary, RunningFleet } from '../fleet.js';
import type { CliIo } from './io.js';
import type { SummaryData } from './selections.js';

const LIVE_EVERY_MS = 200;
const LINE_EVERY_MS = 1_000;

/** What a line of figures is made from. */
export type Figures = Pick<
  FleetSummary,
  | 'metersOnline'
  | 'meters'
  | 'closed'
  | 'open'
  | 'armed'
  | 'accepted'
  | 'refused'
  | 'duplicates'
  | 'invalid'
  | 'sent'
  | 'faults'
>;

/** One line of figures. Virtual time is not among them: it changes always, and would make every line new. */
export function figures(summary: Figures): string {
  const refused = Object.entries(summary.refused).map(([code, count]) => `${code} ${count}`);
  const sent = Object.values(summary.sent).reduce((sum, count) => sum + count, 0);
  return [
    `online ${summary.metersOnline}/${summary.meters}`,
    `closed ${summary.closed}`,
    `open ${summary.open}`,
    `armed ${summary.armed}`,
    `accepted ${summary.accepted}`,
    `refused ${refused.length > 0 ? refused.join(', ') : 0}`,
    ...(summary.duplicates > 0 ? [`duplicates ${summary.duplicates}`] : []),
    ...(summary.invalid > 0 ? [`invalid ${summary.invalid}`] : []),
    `sent ${sent}`,
    ...(summary.faults > 0 ? [`faults ${summary.faults}`] : []),
  ].join(' · ');
}

/** What the control API tells, for `figures`. */
export const figuresOf = ({ counters, ...summary }: SummaryData): Figures => ({
  ...summary,
  ...counters,
  refused: Object.fromEntries(counters.refused.map(({ code, count }) => [code, count])),
});

/**
 * Shows a fleet connecting: a line written over on a terminal, a line a second (when it changed) elsewhere. Resolves when it
 * is connected or the person ends.
 */
export async function showConnecting(fleet: RunningFleet, io: CliIo, quiet: boolean): Promise<void> {
  const startedMs = performance.now();
  const seconds = (): string => ((performance.now() - startedMs) / 1000).toFixed(1);
  let last = '';
  const show = (): void => {
    const { online, total, lastProblem } = fleet.progress();
    const waitsFor = online === total ? "the head-end's clock" : lastProblem;
    const text = `connecting: ${online}/${total} gateways${waitsFor ? ` (${waitsFor})` : ''}`;
    if (io.isTerminal) io.out(`\r\x1b[K${text} ${seconds()} s`);
    else if (text !== last) io.out(`${text}\n`);
    last = text;
  };
  const timer = quiet ? undefined : setInterval(show, io.isTerminal ? LIVE_EVERY_MS : LINE_EVERY_MS);
  try {
    await Promise.race([fleet.ready, aborted(io.signal)]);
  } finally {
    clearInterval(timer);
  }
  if (quiet || io.signal.aborted) return;
  const { total } = fleet.progress();
  const line = `connected: ${fleet.meterCount} meters behind ${total} gateways in ${seconds()} s`;
  io.out(io.isTerminal ? `\r\x1b[K${line}\n` : `${line}\n`);
}

/** One line that tells how far something is: written over on a terminal, a line a second (when it changed) elsewhere. */
export class LiveLine {
  #last = '';
  #saidMs = Number.NEGATIVE_INFINITY;

  constructor(private readonly io: CliIo) {}

  show(line: string): void {
    if (this.io.isTerminal) {
      this.io.out(`\r\x1b[K${line}`);
    } else if (line !== this.#last && performance.now() - this.#saidMs >= LINE_EVERY_MS) {
      this.#saidMs = performance.now();
      this.io.out(`${line}\n`);
    }
    this.#last = line;
  }

  /** Something else to say: a line of its own. */
  say(line: string): void {
    this.io.out(`${this.io.isTerminal ? '\r\x1b[K' : ''}${line}\n`);
  }

  /** Takes the line away where it can be. */
  end(): void {
    if (this.io.isTerminal && this.#last !== '') this.io.out('\r\x1b[K');
  }
}

/** A line of figures every so often, if it changed. Returns how to stop. */
export function showFigures(fleet: RunningFleet, io: CliIo, everyMs: number): () => void {
  let last = '';
  const timer = setInterval(() => {
    const summary = fleet.summary();
    const line = figures(summary);
    if (line !== last) io.out(`${summary.virtualTime} ${line}\n`);
    last = line;
  }, everyMs);
  return () => clearInterval(timer);
}

/** Resolves when the signal is aborted. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
