/** Plays tables of histories day by day, and tells at the first fault which seed and which history it was. */
import { ledgerFaults } from '../support/check-ledger.js';
import { auditFaults } from '../support/check-audit.js';
import { checkStages, compare } from './histories-checks.js';
import { askForCuts, decide, dispatch, obey, propose, restore, runTheBatches, stop } from './histories-cuts.js';
import { endHoldsByThemselves } from './histories-holds.js';
import { live, putMeterBack } from './histories-life.js';
import { dun, post, serve } from './histories-mail.js';
import { isCutDay } from './histories-oracle.js';
import { instant } from './histories-story.js';
import { Table } from './histories-table.js';

/** Faults told at once: the first of a day says most. */
const MOST_TOLD = 3;
/** Days between two that are played: mostly the next, sometimes the clock jumps, up to three weeks. */
const JUMPS = [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 3, 4, 5, 8, 21];
/** Minutes of a local day at which cuts are asked for: before hours and after, and so that the announced time falls on either side of an end. */
const ASKING = [
  530, 535, 570, 570, 580, 600, 600, 620, 640, 660, 700, 720, 780, 800, 820, 850, 858, 860, 866, 910, 918, 920, 1_000,
  1_060,
];

export interface ExamResult {
  readonly histories: number;
  readonly counts: ReadonlyMap<string, number>;
  /** Refusals, withdrawals and waits by the check that caused them. */
  readonly blocked: ReadonlyMap<string, number>;
  /** The same of the questions asked. */
  readonly asked: ReadonlyMap<string, number>;
}

/**
 * Plays `tables` databases one after the other, of `accounts` histories each, over `days` played days.
 * @throws Error with the seed, the faults and the histories that led to them
 */
export async function examineHistories(plan: {
  firstSeed: number;
  tables: number;
  accounts: number;
  days: number;
}): Promise<ExamResult> {
  const sums = {
    counts: new Map<string, number>(),
    blocked: new Map<string, number>(),
    asked: new Map<string, number>(),
  };
  for (let n = 0; n < plan.tables; n += 1) {
    const table = await Table.open(plan.firstSeed + n, plan.accounts);
    try {
      for (let day = 0; day < plan.days; day += 1) fail(table, await playDay(table));
      fail(table, await finalFaults(table));
      await countCancelled(table);
    } finally {
      await table.relight.stop();
    }
    for (const name of ['counts', 'blocked', 'asked'] as const)
      for (const [key, times] of table[name]) sums[name].set(key, (sums[name].get(key) ?? 0) + times);
  }
  return { histories: plan.tables * plan.accounts, ...sums };
}

function fail(table: Table, faults: readonly string[]): void {
  if (faults.length === 0) return;
  const told = faults.slice(0, MOST_TOLD).join('\n');
  throw new Error(`EXAM_SEED=${table.seed} replays this table of histories; ${faults.length} faults:\n${told}`);
}

async function playDay(table: Table): Promise<string[]> {
  const { dice } = table;
  table.played += 1;
  table.day += dice.pick(JUMPS);
  // Half of the days on which hardly anybody may be cut are passed over.
  while (!isCutDay(table.day, false) && dice.chance(0.5)) table.day += 1;
  const at = (minute: number): number => instant(table.day, minute);
  const faults = await endHoldsByThemselves(table, at(485));
  if (dice.chance(0.4)) faults.push(...(await dispatch(table, at(482 + dice.below(60)))));
  await changeTown(table, at(489));
  await lifeGoesOn(table, at(490), 1);
  await dun(table, at(510));
  await post(table, at(511));
  await serve(table, at(520), 0.85);
  await dun(table, at(522));
  await post(table, at(523));
  await serve(table, at(528), 0.5);
  faults.push(...(await playCuts(table, dice.pick(ASKING))));
  await lifeGoesOn(table, at(1_235), 0.6);
  await obey(table, at(1_240), true);
  if (dice.chance(0.3)) faults.push(...(await dispatch(table, at(1_245))));
  for (const story of table.stories)
    if (story.last('meter')!.installation === null) await putMeterBack(table, story, at(1_250));
  await obey(table, at(1_255), true);
  return [...faults, ...(await checkStages(table, at(1_260)))];
}

/** Something befalls some; where that brings power back, the restore goes out at once. */
async function lifeGoesOn(table: Table, ms: number, liveliness: number): Promise<void> {
  await live(table, ms, liveliness);
  await restore(table, ms);
}

/** From the wish to the wire, with life going on in between. */
async function playCuts(table: Table, asking: number): Promise<string[]> {
  const { dice } = table;
  const at = (minutes: number): number => instant(table.day, asking + minutes);
  const faults: string[] = [];
  if (dice.chance(0.35)) await propose(table, at(0));
  // Who works at a counter knows what day it is, and asks all the same now and then.
  await askForCuts(table, at(1), isCutDay(table.day, true) ? 0.75 : 0.25);
  await decide(table, at(3));
  await runTheBatches(table, at(4));
  await post(table, at(6));
  if (!table.town.stopped && (table.played % 9 === 5 || dice.chance(0.04))) await stop(table, at(12), true);
  await lifeGoesOn(table, at(20), 0.25);
  if (dice.chance(0.3)) faults.push(...(await dispatch(table, at(22 + dice.below(16)))));
  if (dice.chance(0.6)) faults.push(...(await compare(table, at(40))));
  const late = dice.chance(0.15);
  if (!late) faults.push(...(await dispatch(table, at(dice.pick([42, 42, 45, 50])))));
  await obey(table, at(56), false);
  await decide(table, at(57));
  await runTheBatches(table, at(58));
  await post(table, at(60));
  await lifeGoesOn(table, at(75), 0.1);
  if (table.town.stopped && dice.chance(0.5)) await stop(table, at(80), false);
  faults.push(...(await dispatch(table, at(late ? 130 + dice.below(40) : 97 + dice.below(10)))));
  await obey(table, at(172), false);
  return faults;
}

/** Counters close and open, the app fails, the kill switch is released in the morning. */
async function changeTown(table: Table, ms: number): Promise<void> {
  const { dice, town } = table;
  if (town.stopped && dice.chance(0.7)) await stop(table, ms, false);
  for (const districtId of table.districts)
    if (dice.chance(0.04)) await table.setCounter(ms, districtId, table.day + dice.below(3));
  if (dice.chance(town.appDown ? 0.6 : 0.06)) await table.setApp(ms, !town.appDown);
}

/** Money, audit and commands at the end. */
async function finalFaults(table: Table): Promise<string[]> {
  const { db } = table.relight.ctx;
  const twice = await table.sql<{ meterId: string }>(
    `SELECT meter_id AS "meterId" FROM switch_command WHERE ended_at IS NULL GROUP BY 1 HAVING count(*) > 1`,
  );
  return [
    ...(await ledgerFaults(db)),
    ...(await auditFaults(db)),
    ...twice.map(({ meterId }) => `meter ${meterId} has two open commands`),
    ...(await balanceFaults(table)),
  ];
}

/** What accounts owe by the exam's own book is what they owe on record. */
async function balanceFaults(table: Table): Promise<string[]> {
  const rows = await table.sql<{ accountId: string; due: bigint; credit: bigint }>(
    `SELECT id AS "accountId", due_minor AS due, credit_minor AS credit FROM account WHERE id = ANY($1::uuid[])`,
    [table.stories.map(({ accountId }) => accountId)],
  );
  return rows.flatMap(({ accountId, due, credit }) => {
    const story = table.byAccount.get(accountId)!;
    const balance = table.bookOf(story).balance;
    return balance === credit - due
      ? []
      : [`balance ${credit - due} on record, ${balance} by the book\n${story.tell()}`];
  });
}

/** Cuts that the product has taken back by itself, by every check that blocked. */
async function countCancelled(table: Table): Promise<void> {
  const rows = await table.sql<{ code: string; times: number }>(
    `SELECT k->>'code' AS code, count(*)::int AS times FROM audit_entry e, jsonb_array_elements(e.detail->'checks') k
     WHERE e.act = 'switch-command.moved' AND e.to_state = 'CANCELLED' AND NOT (k->>'passed')::boolean GROUP BY 1`,
  );
  for (const { code, times } of rows) table.block(code, times);
  const ends = await table.sql<{ text: string; times: number }>(
    `SELECT operation || ' ' || state || coalesce(' ' || failure_code, '') AS text, count(*)::int AS times FROM switch_command GROUP BY 1`,
  );
  for (const { text, times } of ends) table.count(`ended as ${text}`, times);
}
