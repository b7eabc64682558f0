import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import type { LoadView } from '../load/load-request.js';
import type { Percentiles } from '../load/histogram.js';
import type { SwitchLoadView } from '../load/switch-load.js';
import type { CliIo } from './io.js';

/** One load in figures, for a file: what was asked, what came, and on what machine. */
export interface LoadReport {
  load: 'telemetry' | 'switch';
  startedAt: string;
  node: string;
  processors: number;
  result: LoadView | SwitchLoadView;
}

/** Writes the report to `out`, if a file was named. */
export function writeReport(
  out: string | undefined,
  load: LoadReport['load'],
  startedAt: Date,
  result: LoadReport['result'],
  io: CliIo,
): void {
  if (!out) return;
  const report: LoadReport = {
    load,
    startedAt: startedAt.toISOString(),
    node: process.version,
    processors: availableParallelism(),
    result,
  };
  writeFileSync(out, `${JSON.stringify(report, null, 2)}\n`);
  io.out(`report: ${out}\n`);
}

const latency = (name: string, { count, p50Ms, p95Ms, p99Ms, maxMs }: Percentiles): string =>
  count === 0
    ? `  ${name.padEnd(18)} none\n`
    : `  ${name.padEnd(18)} p50 ${ms(p50Ms)}  p95 ${ms(p95Ms)}  p99 ${ms(p99Ms)}  max ${ms(maxMs)}\n`;

const ms = (value: number): string => `${value < 100 ? value.toFixed(1) : value.toFixed(0)} ms`.padStart(9);

/** One line while it runs. */
export const telemetryLine = (view: LoadView): string =>
  `${seconds(view.elapsedMs)}  sent ${view.sent} · acknowledged ${view.acknowledged} (${view.acknowledgedPerSecond}/s) · pending ${view.pending} · ` +
  `p50 ${view.latency.p50Ms.toFixed(1)} ms · p99 ${view.latency.p99Ms.toFixed(1)} ms`;

/** What a telemetry load came to. */
export function telemetryText(view: LoadView): string {
  const { sent, acknowledged, acknowledgedPerSecond, pending, dropped, skipped } = view;
  return [
    `${view.kind.toLowerCase()} load${view.perSecond ? ` of ${view.perSecond}/s` : ''}, ${seconds(view.elapsedMs)}\n`,
    `  messages           sent ${sent} · acknowledged ${acknowledged} · ${acknowledgedPerSecond}/s\n`,
    latency('to PUBACK', view.latency),
    `  errors             never acknowledged ${pending} · dropped ${dropped} · turns passed over ${skipped}\n`,
  ].join('');
}

/** One line while it runs. */
export function switchLine(view: SwitchLoadView): string {
  if (view.phase === 'asking') return `asking ${view.meters} meters how they stand`;
  const lost = view.unanswered + view.unproven;
  return (
    `${seconds(view.elapsedMs)}  sent ${view.sent}/${view.count} · answered ${view.answered} (${view.answeredPerSecond}/s) · proven ${view.proven} · ` +
    `p50 ${view.toAnswer.p50Ms.toFixed(1)} ms · p99 ${view.toAnswer.p99Ms.toFixed(1)} ms${lost > 0 ? ` · without answer ${lost}` : ''}`
  );
}

/** What a switch load came to. */
export function switchText(view: SwitchLoadView): string {
  const refused = Object.entries(view.refused).map(([code, count]) => `${code} ${count}`);
  const { kind, sent, answered, answeredPerSecond, proven, silent, unanswered, unproven } = view;
  return [
    `${kind} load${view.perSecond ? ` of ${view.perSecond}/s` : ''}, ${seconds(view.elapsedMs)}, ${view.meters} meters\n`,
    `  orders             sent ${sent} · answered ${answered} · ${answeredPerSecond}/s · relay proven ${proven}\n`,
    latency('to answer', view.toAnswer),
    ...(kind === 'read' ? [] : [latency('to relay state', view.toRelay)]),
    `  errors             refused ${refused.join(', ') || 0} · unanswered ${unanswered} · relay not proven ${unproven} · silent meters ${silent}\n`,
  ].join('');
}

const seconds = (elapsedMs: number): string => `${(elapsedMs / 1000).toFixed(1)} s`;
