import { addDays, startOfLocalDay } from '../src/platform/local-date.js';
import { monthFaults } from './checks.js';
import { openDistrict } from './opening.js';
import { Player } from './player.js';
import { reportOf, seal, type MonthReport } from './report.js';
import type { Scenario } from './scenario.js';
import { setStage, type Undo } from './stage.js';
import { dayFigures, type DayFigures } from './totals.js';

/** A month that was played. */
export interface PlayedMonth {
  readonly report: MonthReport;
  /** The report's bytes: the same for the same scenario and seed. */
  readonly text: string;
  readonly sha256: string;
  /** What went wrong, in words; empty when all is well. */
  readonly faults: readonly string[];
  /** Looks once more; until the stage is taken down. */
  check(): Promise<string[]>;
  readonly seconds: {
    readonly opening: number;
    readonly month: number;
    readonly report: number;
    readonly total: number;
  };
}

/** Told while the month goes on. */
export interface MonthListener {
  opening(share: number): void;
  day(day: string, figures: DayFigures): void;
}

const SILENT: MonthListener = { opening: () => undefined, day: () => undefined };

/**
 * Plays a scenario in an empty, migrated database, checks what must hold, and writes the report.
 * @throws whatever the product throws: a story does not go on over an error
 */
export async function playMonth(
  databaseUrl: string,
  scenario: Scenario,
  undo: Undo,
  listener: MonthListener = SILENT,
): Promise<PlayedMonth> {
  const begunMs = performance.now();
  const stage = await setStage(databaseUrl, scenario, undo);
  const { ctx, startsAt } = stage;
  const households = await openDistrict(ctx, scenario, startsAt, (share) => listener.opening(share));
  const openedMs = performance.now();
  const player = await Player.open(stage, scenario, households);
  const days: string[] = [];
  await player.play(async (day) => {
    days.push(day);
    const bounds = [day, addDays(day, 1)].map((one) => startOfLocalDay(one, ctx.timeZone)) as [Date, Date];
    listener.day(day, await dayFigures(ctx, ...bounds));
  });
  const playedMs = performance.now();
  const asked = { ...ctx, db: stage.wide };
  const report = await reportOf(asked, scenario, households, startsAt);
  const check = () => monthFaults(asked, player.field, days);
  const faults = await check();
  const endedMs = performance.now();
  return {
    report,
    ...seal(report),
    faults,
    check,
    seconds: {
      opening: (openedMs - begunMs) / 1_000,
      month: (playedMs - openedMs) / 1_000,
      report: (endedMs - playedMs) / 1_000,
      total: (endedMs - begunMs) / 1_000,
    },
  };
}
