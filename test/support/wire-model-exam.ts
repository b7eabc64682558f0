import { commandFaults, cutsSentToPaid, finalSupplies, moneyFaults, supplyFaults, toggleFaults } from './invariants.js';
import { Race } from './wire-model-race.js';
import { RaceTable, TODAY } from './wire-model-table.js';
import { MIN_DEBT_MINOR } from './policies.js';

/** Accounts that share one race: enough that groups form, few enough that their steps mix. */
export const ACCOUNTS_PER_RACE = 40;

export interface ExamResult {
  /** One per account: its own story under its own order of events. */
  readonly interleavings: number;
  /** Where a cut and its relay stood when a payment came → how often. */
  readonly stages: ReadonlyMap<string, number>;
}

/**
 * Plays races from `firstSeed` on, some databases at work at once, and holds each against the invariants once its wire has healed.
 * @throws Error with the seed, the faults and the steps that led to them
 */
export async function examineRaces(plan: {
  firstSeed: number;
  tables: number;
  racesPerTable: number;
}): Promise<ExamResult> {
  const stages = new Map<string, number>();
  const lanes = Array.from({ length: plan.tables }, async (_, lane) => {
    const table = await RaceTable.open(plan.racesPerTable * ACCOUNTS_PER_RACE);
    try {
      const races: Race[] = [];
      for (let index = 0; index < plan.racesPerTable; index += 1) {
        races.push(await playRace(table, index, plan.firstSeed + lane * plan.racesPerTable + index));
      }
      await examineTable(table, races);
      for (const [stage, count] of races.flatMap((race) => [...race.people.stages]))
        stages.set(stage, (stages.get(stage) ?? 0) + count);
    } finally {
      await table.relight.stop();
    }
  });
  const failed = (await Promise.allSettled(lanes)).find((lane) => lane.status === 'rejected');
  if (failed) throw failed.reason;
  return { interleavings: plan.tables * plan.racesPerTable * ACCOUNTS_PER_RACE, stages };
}

async function playRace(table: RaceTable, index: number, seed: number): Promise<Race> {
  const accounts = table.accounts.slice(index * ACCOUNTS_PER_RACE, (index + 1) * ACCOUNTS_PER_RACE);
  table.clock.backToStart();
  const race = new Race(table, accounts, seed);
  try {
    await race.play();
    race.faults.push(...(await table.heal(accounts)));
  } catch (error) {
    race.faults.push((error as Error).stack ?? String(error));
  }
  const serials = accounts.map(({ serial }) => serial);
  const supplies = await finalSupplies(table.sql, TODAY, serials);
  const histories = new Map(serials.map((serial) => [serial, table.wire.meter(serial).relayLog ?? []]));
  race.faults.push(
    ...supplyFaults(supplies, (serial) => table.wire.meter(serial).relayClosed, false),
    ...(await toggleFaults(table.sql, histories)),
  );
  if (race.faults.length > 0) throw new Error(report(race, race.faults));
  return race;
}

/** What is held against the whole database once its races are over; a fault is put down to the race of its meter. */
async function examineTable(table: RaceTable, races: readonly Race[]): Promise<void> {
  const faults = [
    ...(await moneyFaults(table.sql)),
    ...(await commandFaults(table.sql)),
    ...(await cutsSentToPaid(table.sql, TODAY, MIN_DEBT_MINOR)),
  ];
  if (faults.length === 0) return;
  const place = table.accounts.findIndex(
    ({ serial, accountNumber }) => faults[0]!.includes(serial) || faults[0]!.includes(accountNumber),
  );
  throw new Error(report(races[Math.max(0, Math.floor(place / ACCOUNTS_PER_RACE))]!, faults));
}

function report(race: Race, faults: readonly string[]): string {
  const text = faults.join('\n');
  const serials = [...new Set(text.match(/3702\d{8}/g) ?? [])];
  const steps = race.trace.filter((line) => serials.some((serial) => line.includes(serial)) || !/3702\d{8}/.test(line));
  return `RACE_SEED=${race.seed} replays this race.\n${text}\nSteps that concern ${serials.join(', ') || 'all'}:\n${steps.join('\n')}`;
}
