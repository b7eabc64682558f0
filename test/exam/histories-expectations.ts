/** An exam that cuts nobody, or in which some rule never mattered, proves nothing. */
import { CHINA_CHECKS } from './histories-checks.js';
import type { ExamResult } from './histories-exam.js';

/** At least so many cuts sent for each hundred histories; fewer, and the exam looks at refusals only. */
const LEAST_CUTS_PERCENT = 50;

export function expectWholeExam({ histories, counts, blocked, asked }: ExamResult): void {
  const cuts = (counts.get('cut sent, postpaid') ?? 0) + (counts.get('cut sent, prepaid') ?? 0);
  expect(cuts).toBeGreaterThanOrEqual((histories * LEAST_CUTS_PERCENT) / 100);
  expect(counts.get('cut sent, prepaid') ?? 0).toBeGreaterThan(0);
  expect(CHINA_CHECKS.filter((code) => !blocked.has(code) && !asked.has(code))).toEqual([]);
  if (process.env['EXAM_COUNTS']) console.log(told('Happenings', counts), told('Blocked', blocked), told('Asked', asked));
}

const told = (title: string, counts: ReadonlyMap<string, number>): string =>
  [`${title}:`, ...[...counts].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([what, times]) => `  ${what}: ${times}`)].join('\n');
