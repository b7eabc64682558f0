import { parseScenario } from '../../../simulator/scenario/document.js';
import { planScenario, type Plan, type PlanOverrides } from '../../../simulator/scenario/plan.js';
import { ScenarioError, type Problem } from '../../../simulator/scenario/problems.js';
import type { CheckReport, RunReport } from '../../../simulator/scenario/report.js';
import { runScenario, type RunOptions } from '../../../simulator/scenario/runner.js';

/** The head of a small scenario; `rest` is YAML from the left margin. */
export const small = (rest: string, fleet = '{ concentrators: 1, metersPerConcentrator: 6 }'): string =>
  `name: small
shows: for a test
seed: 5
fleet: ${fleet}
time: { start: 2025-06-10T08:00, duration: 30m }
${rest}`;

export const planOf = (text: string, overrides?: PlanOverrides): Plan =>
  planScenario(parseScenario('small.yaml', text), overrides);

export const run = (text: string, options?: RunOptions): Promise<RunReport> => runScenario(planOf(text), options);

/** What is wrong with a scenario; empty when it can be run. */
export function problemsOf(text: string, file = 'small.yaml'): readonly Problem[] {
  try {
    planScenario(parseScenario(file, text));
    return [];
  } catch (error) {
    if (error instanceof ScenarioError) return error.problems;
    throw error;
  }
}

/** Failed figures and laws, one a line. */
export const failures = ({ checks, laws }: RunReport): string[] => [
  ...checks.filter(({ passed }) => !passed).map((check) => checkText(check)),
  ...laws.filter(({ passed }) => !passed).map(({ law, breaches }) => `${law} broken ${breaches} times`),
];

export const checkText = ({ what, expected, got }: CheckReport): string => `${what}: expected ${expected}, got ${got}`;
