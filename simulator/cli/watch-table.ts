import { faultLine } from './fault-commands.js';
import { figures, figuresOf } from './progress.js';
import type { CountersData, FaultData, GatewayData, SummaryData } from './selections.js';

export interface ActivityData {
  intervalMs: number;
  summary: SummaryData;
  change: CountersData;
}

export interface MovementsData {
  leftOut: number;
  movements: MoveData[];
}

export interface MoveData {
  meter: string;
  movement: { at: string; to: string; cause: string; sequence: number };
}

/** What `watch` knows of a fleet. */
export interface Watched {
  activity: ActivityData | undefined;
  faults: FaultData[];
  /** The first few gateways without a connection. */
  away: GatewayData[];
  awayTotal: number;
  /** The last few movements, oldest first. */
  moves: MoveData[];
}

const SHOWN_FAULTS = 6;
const LABEL = 11;

const row = (label: string, text: string): string => `${label.padEnd(LABEL)}${text}`;
const part = (count: number, total: number): string => `${count}/${total}`;

/** The table, a line each; plain text, at most 100 columns wide with usual figures. */
export function watchTable({ activity, faults, away, awayTotal, moves }: Watched): string[] {
  if (!activity) return ['waiting for the first figures'];
  const { summary, change, intervalMs } = activity;
  const perSecond = (count: number): string => String(Math.round((count * 1000) / Math.max(1, intervalMs)));
  const scale = summary.timeScaleMillis / 1000;
  const { sent } = change;
  const refused = change.refused
    .filter(({ count }) => count > 0)
    .map(({ code, count }) => `${code} ${perSecond(count)}`);
  const lines = [
    row('time', `${summary.virtualTime}  ${scale} ×  ${summary.clockFollowed ? "the head-end's" : 'its own'}`),
    row(
      'gateways',
      `${part(summary.gatewaysOnline, summary.gateways)} online${summary.lastProblem && awayTotal > 0 ? ` · ${summary.lastProblem}` : ''}`,
    ),
    row(
      'meters',
      `${part(summary.metersOnline, summary.meters)} online · ${summary.closed} closed · ${summary.open} open · ${summary.armed} armed`,
    ),
    row(
      'down /s',
      `${perSecond(change.received)} received · ${perSecond(change.accepted)} accepted · ${perSecond(change.reads)} reads · refused ${refused.join(', ') || 0}`,
    ),
    row(
      'up /s',
      `${perSecond(sent.ack)} acks · ${perSecond(sent.state)} states · ${perSecond(sent.reading)} readings · ${perSecond(sent.event)} events · ${perSecond(sent.frames)} frames`,
    ),
    row('relays /s', perSecond(change.relayMovements)),
  ];
  const shown = faults.slice(0, SHOWN_FAULTS).map((fault) => faultLine(fault).trimEnd());
  if (faults.length > SHOWN_FAULTS) shown.push(`… and ${faults.length - SHOWN_FAULTS} more`);
  lines.push(...block('faults', shown));
  const gateways = away.map(
    ({ gateway, state, meters, pending }) =>
      `${gateway} ${state.toLowerCase()}, ${meters} meters, ${pending} messages waiting`,
  );
  if (awayTotal > away.length) gateways.push(`… and ${awayTotal - away.length} more`);
  lines.push(...block('away', gateways));
  lines.push(...block('moved', moves.map(moveLine).reverse()));
  return lines;
}

const block = (label: string, lines: string[]): string[] =>
  lines.length === 0 ? [row(label, 'none')] : lines.map((line, index) => row(index === 0 ? label : '', line));

/** One movement in one line. */
export const moveLine = ({ meter, movement: { at, to, cause, sequence } }: MoveData): string =>
  `${at.slice(11, 23)} ${meter} ${to === 'OPEN' ? 'opened' : 'closed'} by ${cause.toLowerCase()} ${sequence}`;

/** The same in one line, for where nothing can be written over; without the time, which would make every line new. */
export function watchLine({ activity, awayTotal }: Watched): string {
  if (!activity) return '';
  const { change, intervalMs, summary } = activity;
  const sent = Object.values(change.sent).reduce((sum, count) => sum + count, 0);
  const perSecond = (count: number): number => Math.round((count * 1000) / Math.max(1, intervalMs));
  const away = awayTotal > 0 ? ` · away ${awayTotal} gateways` : '';
  return `${figures(figuresOf(summary))} · down ${perSecond(change.received)}/s · up ${perSecond(sent)}/s${away}`;
}
