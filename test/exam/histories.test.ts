/**
 * Whatever happens to an account, no cut is sent while something forbids it, and its stage is the one its facts make. Histories are drawn from
 * a seed; EXAM_SEED replays a failed table of them, EXAM_COUNTS=1 tells what happened how often. The long run is histories.long.test.ts.
 */
import { expectWholeExam } from './histories-expectations.js';
import { examineHistories } from './histories-exam.js';

test('80 histories: no cut is sent while a blocker holds, each stage is that of its facts', async () => {
  const seed = process.env['EXAM_SEED'];
  const result = await examineHistories({ firstSeed: Number(seed ?? 1), tables: 1, accounts: 80, days: 30 });
  expectWholeExam(result, seed === undefined ? 'ASKED' : 'NONE');
}, 300_000);
