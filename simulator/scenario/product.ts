import { randomUUID } from 'node:crypto';
import { fileSchema, parseFile, readText, type CheckedDocument } from './document.js';
import { ScenarioError, type Problem } from './problems.js';
import type { CheckReport, SuiteReport } from './report.js';
import { lengthMs } from './scenario-time.js';

/** A story for a running Relight (`schema/product-scenario.schema.json`). */
export interface ProductSpec {
  name: string;
  target: 'relight';
  shows: string;
  steps: ProductStep[];
}

export interface ProductStep {
  note: string;
  advance?: string;
  as?: string;
  graphql?: string;
  variables?: Record<string, unknown>;
  save?: Record<string, string>;
  expect?: Record<string, unknown>;
  within?: string;
}

/** Where the Relight is, and a token for each role the story speaks as. */
export interface ProductAccess {
  url: string;
  tokens: Readonly<Record<string, string>>;
  signal?: AbortSignal;
}

const isProductScenario = fileSchema<ProductSpec>('product-scenario.schema.json');
const ASK_EVERY_MS = 250;
const ANSWER_TIMEOUT_MS = 30_000;
const ADVANCE = `mutation ($input: SetClockInput!) { setClock(input: $input) { clock { now } userErrors { code message } } }`;

/** Reads a product scenario and checks it. @throws ScenarioError */
export function readProductScenario(file: string): CheckedDocument<ProductSpec> {
  const document = parseFile(file, readText(file), isProductScenario);
  const problems = document.spec.steps.flatMap((step, index): Problem[] => {
    const one = (step.advance === undefined) !== (step.graphql === undefined);
    if (!one) return [problem('SCENARIO_ONE_ACT', index, 'a step is either advance or graphql.')];
    return step.graphql && !step.as
      ? [problem('SCENARIO_MISSING_KEY', index, 'as is missing: whose token is used.')]
      : [];
  });
  if (problems.length > 0) throw new ScenarioError(file, problems.map(document.place));
  return document;
}

const problem = (code: Problem['code'], index: number, text: string): Problem => ({
  code,
  path: ['steps', index],
  text,
});

/** Plays a story on a running Relight, step by step; what was expected and not found ends it, since the rest builds on it. */
export async function runProductScenario(
  { spec }: CheckedDocument<ProductSpec>,
  access: ProductAccess,
): Promise<SuiteReport> {
  const begunMs = performance.now();
  const player = new Player(access);
  const checks: CheckReport[] = [];
  for (const [index, step] of spec.steps.entries()) {
    const found = await player.play(step);
    const at = found.clock ?? '';
    const atMs = Math.round(performance.now() - begunMs);
    for (const check of found.checks) checks.push({ ...check, at, atMs, path: `steps/${index}`, note: step.note });
    if (found.checks.some(({ passed }) => !passed)) break;
  }
  const passed = checks.every((check) => check.passed);
  return {
    scenario: spec.name,
    shows: spec.shows,
    passed,
    checks,
    laws: [],
    wallMs: Math.round(performance.now() - begunMs),
  };
}

type Check = Pick<CheckReport, 'what' | 'expected' | 'got' | 'passed' | 'tookMs'>;

class Player {
  readonly #saved = new Map<string, unknown>();
  #clock: string | undefined;

  constructor(private readonly access: ProductAccess) {}

  async play(step: ProductStep): Promise<{ checks: Check[]; clock: string | undefined }> {
    if (step.advance !== undefined) return this.#advance(step, step.advance);
    const begunMs = performance.now();
    const untilMs = begunMs + (step.within ? lengthMs(step.within) : 0);
    // One key for the step: what is asked again is the same request.
    const variables = this.#filled(step.variables ?? {}, randomUUID()) as object;
    for (;;) {
      const answer = await this.#ask(step.as as string, step.graphql as string, variables);
      const checks = this.#held(step, answer);
      if (checks.every(({ passed }) => passed) || performance.now() >= untilMs) {
        for (const [name, path] of Object.entries(step.save ?? {})) this.#saved.set(name, at(answer, path));
        const tookMs = step.within ? Math.round(performance.now() - begunMs) : undefined;
        return { checks: checks.map((check) => ({ ...check, tookMs })), clock: this.#clock };
      }
      await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
      this.access.signal?.throwIfAborted();
    }
  }

  async #advance(step: ProductStep, by: string): Promise<{ checks: Check[]; clock: string | undefined }> {
    const input = { advanceSeconds: lengthMs(by) / 1000, reason: `scenario: ${step.note}` };
    const answer = await this.#ask('TESTER', ADVANCE, { input });
    const errors = at(answer, 'setClock.userErrors');
    this.#clock = String(at(answer, 'setClock.clock.now') ?? this.#clock);
    const passed = Array.isArray(errors) && errors.length === 0;
    return {
      checks: [{ what: `the clock moves on by ${by}`, expected: 'no errors', got: text(errors), passed }],
      clock: this.#clock,
    };
  }

  #held(step: ProductStep, answer: unknown): Check[] {
    // A mutation that was refused has not done what the step says, unless the step expects just that.
    const expected = Object.entries(step.expect ?? {});
    if (expected.length === 0) {
      const errors = userErrors(answer);
      return [
        { what: step.note, expected: 'no errors', got: errors === '' ? 'no errors' : errors, passed: errors === '' },
      ];
    }
    return expected.map(([path, wanted]) => {
      const got = at(answer, path);
      const value = this.#filled(wanted, '');
      return { what: `${step.note}: ${path}`, expected: text(value), got: text(got), passed: fits(value, got) };
    });
  }

  #filled(value: unknown, key: string): unknown {
    if (typeof value === 'string' && value.startsWith('$')) {
      if (value === '$key') return key;
      if (!this.#saved.has(value.slice(1)))
        throw new Error(`Nothing was saved under ${value}; save it in a step before.`);
      return this.#saved.get(value.slice(1));
    }
    if (Array.isArray(value)) return value.map((item) => this.#filled(item, key));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, this.#filled(item, key)]));
  }

  async #ask(role: string, query: string, variables: object): Promise<unknown> {
    const token = this.access.tokens[role];
    if (!token) throw new Error(`There is no token for the role ${role}; put one into the file of --tokens.`);
    const response = await fetch(`${this.access.url.replace(/\/$/, '')}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify({ query, variables }),
      signal: AbortSignal.any([
        AbortSignal.timeout(ANSWER_TIMEOUT_MS),
        ...(this.access.signal ? [this.access.signal] : []),
      ]),
    });
    const body = (await response.json()) as { data?: unknown; errors?: { message: string }[] };
    if (body.errors)
      throw new Error(`The API refuses as ${role}: ${body.errors.map(({ message }) => message).join('; ')}`);
    return body.data;
  }
}

/** What stands at `a.b.0.c`; undefined when there is nothing. `code=NO_HOLD` finds a member of a list, `#` counts one. */
function at(answer: unknown, path: string): unknown {
  let here: unknown = answer;
  for (const key of path.split('.')) {
    if (typeof here !== 'object' || here === null) return undefined;
    const [name, value] = key.split('=');
    if (value !== undefined && Array.isArray(here)) {
      here = here.find((item) => String((item as Record<string, unknown>)[name as string]) === value);
      continue;
    }
    here = key === '#' ? (here as unknown[]).length : (here as Record<string, unknown>)[key];
  }
  return here;
}

/** A value is the same, or lies as `above`, `below` or `not` says. */
function fits(wanted: unknown, got: unknown): boolean {
  if (typeof wanted === 'object' && wanted !== null && !Array.isArray(wanted)) {
    const { above, below, not } = wanted as { above?: number; below?: number; not?: unknown };
    if (above !== undefined) return Number(got) > above;
    if (below !== undefined) return Number(got) < below;
    if ('not' in wanted) return text(not) !== text(got);
  }
  return text(wanted) === text(got);
}

const text = (value: unknown): string => JSON.stringify(value) ?? 'nothing';

function userErrors(answer: unknown): string {
  if (typeof answer !== 'object' || answer === null) return '';
  return Object.values(answer)
    .flatMap((part) => (part as { userErrors?: { code: string; message: string }[] } | null)?.userErrors ?? [])
    .map(({ code, message }) => `${code}: ${message}`)
    .join('; ');
}
