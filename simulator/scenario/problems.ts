/** Names of what can be wrong with a scenario file. */
export type ProblemCode =
  | 'SCENARIO_UNREADABLE'
  | 'SCENARIO_SYNTAX'
  | 'SCENARIO_UNKNOWN_KEY'
  | 'SCENARIO_MISSING_KEY'
  | 'SCENARIO_WRONG_VALUE'
  | 'SCENARIO_UNKNOWN_FAULT'
  | 'SCENARIO_WRONG_FAULT'
  | 'SCENARIO_UNKNOWN_NAME'
  | 'SCENARIO_WRONG_TIME'
  | 'SCENARIO_ONE_ACT'
  | 'SCENARIO_WRONG_FLEET'
  | 'SCENARIO_ORDERS_NOT_OURS'
  | 'SCENARIO_NETWORK_NOT_OURS';

/** Where in the file: keys and indices from the top. */
export type Path = readonly (string | number)[];

/** One thing wrong with a scenario, and what would be right. */
export interface Problem {
  code: ProblemCode;
  path: Path;
  text: string;
  /** From 1; absent when the file could not be read at all. */
  line?: number;
  column?: number;
}

/** A scenario cannot be run; says everything that is wrong, each with its place. */
export class ScenarioError extends Error {
  constructor(
    readonly file: string,
    readonly problems: readonly Problem[],
  ) {
    super(problems.map((problem) => problemText(file, problem)).join('\n'));
  }
}

/** `UNKNOWN at file.yaml:12:5 (timeline/3/fualt): text`. */
export function problemText(file: string, { code, path, text, line, column }: Problem): string {
  const place = line === undefined ? file : `${file}:${line}:${column}`;
  const inside = path.length > 0 ? ` (${path.join('/')})` : '';
  return `${code} at ${place}${inside}: ${text}`;
}

/** The known word nearest to a mistyped one, when it is near enough to be meant. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestSteps = Math.max(2, Math.floor(word.length / 3)) + 1;
  for (const candidate of known) {
    const steps = distance(word.toLowerCase(), candidate.toLowerCase());
    if (steps < bestSteps) [best, bestSteps] = [candidate, steps];
  }
  return best;
}

/** Letters to add, leave out, change or swap with their neighbour. */
function distance(a: string, b: string): number {
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let steps = Math.min((row[j] as number) + 1, (next[j - 1] as number) + 1, (row[j - 1] as number) + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        steps = Math.min(steps, (before[j - 2] as number) + 1);
      }
      next.push(steps);
    }
    before = row;
    row = next;
  }
  return row[b.length] as number;
}

/** `; did you mean "fault"?`, or nothing. */
export function didYouMean(word: string, known: readonly string[]): string {
  const meant = nearest(word, known);
  return meant === undefined ? '' : `; did you mean ${JSON.stringify(meant)}?`;
}
