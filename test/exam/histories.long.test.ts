/**
 * The same exam, long: at least 10,000 histories, many databases one after the other (npm run test:long). EXAM_SEED replays the table of a failed
 * history; EXAM_TABLES says how many are played from there on.
 */
import { expectWholeExam } from './histories-expectations.js';
import { examineHistories } from './histories-exam.js';

const ACCOUNTS = 250;
const TABLES = 40;
const DAYS = 16;

test(`${ACCOUNTS * TABLES} histories: no cut is sent while a blocker holds, each stage is that of its facts`, async () => {
  const seed = process.env['EXAM_SEED'];
  const tables = Number(process.env['EXAM_TABLES'] ?? (seed === undefined ? TABLES : 1));
  const plan = { firstSeed: Number(seed ?? 1_000), tables, accounts: ACCOUNTS, days: DAYS };
  expectWholeExam(await examineHistories(plan), tables === TABLES ? 'STOPPED' : 'NONE');
}, 14_400_000);
