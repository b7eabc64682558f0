/** An exam that cuts nobody, or in which some rule never mattered, proves nothing. */
import { CHINA_CHECKS } from './histories-checks.js';
import type { ExamResult } from './histories-exam.js';

/** At least so many cuts sent for each hundred histories; fewer, and the exam looks at refusals only. */
const LEAST_CUTS_PERCENT = 25;

const told = (title: string, counts: ReadonlyMap<string, number>): string =>
  [
    `${title}:`,
    ...[...counts].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([what, times]) => `  ${what}: ${times}`),
  ].join('\n');

/**
 * What each check of the policies must have done: STOPPED a cut that somebody wanted; or at least stood in the way of one ASKED about. A
 * replay of one table asks for NONE of it.
 */
export function expectWholeExam(
  { histories, counts, blocked, asked }: ExamResult,
  everyCheck: 'STOPPED' | 'ASKED' | 'NONE',
): void {
  if (process.env['EXAM_COUNTS'])
    process.stderr.write([told('Happenings', counts), told('Stopped', blocked), told('Asked', asked), ''].join('\n'));
  if (everyCheck === 'NONE') return;
  const cuts = (counts.get('cut sent, postpaid') ?? 0) + (counts.get('cut sent, prepaid') ?? 0);
  expect(cuts).toBeGreaterThanOrEqual((histories * LEAST_CUTS_PERCENT) / 100);
  expect(counts.get('cut sent, postpaid') ?? 0).toBeGreaterThan(0);
  expect(counts.get('cut sent, prepaid') ?? 0).toBeGreaterThan(0);
  const silent = CHINA_CHECKS.filter((code) => !blocked.has(code) && (everyCheck === 'STOPPED' || !asked.has(code)));
  expect(silent).toEqual([]);
}
