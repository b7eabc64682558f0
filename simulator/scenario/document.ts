import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { ErrorObject, ValidateFunction } from 'ajv/dist/2020.js';
import { isNode, isPair, isScalar, LineCounter, parseDocument, type Document, type Node } from 'yaml';
import { FAULT_NAMES } from '../faults/catalogue.js';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { packagePath } from '../package-root.js';
import { didYouMean, ScenarioError, type Path, type Problem } from './problems.js';
import type { ScenarioSpec } from './spec.js';

/** Problems told at once; a wrong file rarely needs more to be mended. */
const MAX_PROBLEMS = 20;
/** More is no scenario. */
const MAX_CHARS = 2_000_000;

/** A file that fits its schema, and where everything stands in it. */
export interface CheckedDocument<Spec> {
  file: string;
  spec: Spec;
  /** Completes a problem with its line and column. */
  place(problem: Problem): Problem;
}

export type ScenarioDocument = CheckedDocument<ScenarioSpec>;

/** Compiles one of our own schemas for files that people write. */
export function fileSchema<Spec>(name: string): ValidateFunction<Spec> {
  const schema = JSON.parse(readFileSync(packagePath('schema', name), 'utf8')) as object;
  // All errors: whoever writes a file wants to mend it in one go. Verbose: an error brings the part of the schema it comes from.
  return new Ajv2020({ allErrors: true, strict: false, verbose: true }).compile<Spec>(schema);
}

const isScenario = fileSchema<ScenarioSpec>('scenario.schema.json');

/** Reads a scenario file and holds it against its schema. @throws ScenarioError with every problem and its place. */
export const readScenario = (file: string): ScenarioDocument => parseScenario(file, readText(file));

/** The same for a text; `file` is its name in messages. @throws ScenarioError */
export const parseScenario = (file: string, text: string): ScenarioDocument => parseFile(file, text, isScenario);

/** The text of a file. @throws ScenarioError */
export function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const problem: Problem = { code: 'SCENARIO_UNREADABLE', path: [], text: (error as Error).message };
    throw new ScenarioError(file, [problem]);
  }
}

/** Reads YAML and holds it against a schema. @throws ScenarioError with every problem and its place */
export function parseFile<Spec extends { name: string }>(
  file: string,
  text: string,
  validate: ValidateFunction<Spec>,
): CheckedDocument<Spec> {
  if (text.length > MAX_CHARS) {
    const problem: Problem = { code: 'SCENARIO_UNREADABLE', path: [], text: `more than ${MAX_CHARS} characters` };
    throw new ScenarioError(file, [problem]);
  }
  const lines = new LineCounter();
  // Aliases are counted by the parser itself; a file of a few lines cannot grow without bound.
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  const [broken] = document.errors;
  if (broken) {
    const { line, col } = lines.linePos(broken.pos[0]);
    const problem: Problem = { code: 'SCENARIO_SYNTAX', path: [], text: broken.message, line, column: col };
    throw new ScenarioError(file, [problem]);
  }
  const place = (problem: Problem): Problem => {
    const { line, col } = lines.linePos(offsetOf(document, problem.path));
    return { ...problem, line, column: col };
  };
  const spec: unknown = document.toJS({ maxAliasCount: 100 });
  if (!validate(spec)) {
    const problems = (validate.errors ?? []).filter(isTelling).map((error) => place(problemOf(error)));
    throw new ScenarioError(file, distinct(problems).slice(0, MAX_PROBLEMS));
  }
  if (/\.ya?ml$/.test(file) && basename(file).replace(/\.ya?ml$/, '') !== spec.name) {
    const wanted = basename(file).replace(/\.ya?ml$/, '');
    const said = `the name is that of the file: write ${wanted}, or rename the file to ${spec.name}.yaml.`;
    throw new ScenarioError(file, [place({ code: 'SCENARIO_WRONG_VALUE', path: ['name'], text: said })]);
  }
  return { file, spec, place };
}

/** `anyOf` repeats what its branches have said. */
const isTelling = ({ keyword, schemaPath }: ErrorObject): boolean =>
  !(keyword === 'if' || /anyOf\/\d+\//.test(schemaPath));

function distinct(problems: Problem[]): Problem[] {
  const seen = new Set<string>();
  return problems.filter(({ code, path }) => {
    const key = `${code} ${path.join('/')}`;
    return seen.size < seen.add(key).size;
  });
}

function problemOf(error: ErrorObject): Problem {
  const path: Path = error.instancePath.split('/').slice(1).map(unescaped);
  const about = (error.parentSchema as { description?: string } | undefined)?.description;
  const hint = about ? ` (${about})` : '';
  const { params, data } = error;
  switch (error.keyword) {
    case 'additionalProperties': {
      const key = String((params as { additionalProperty: string }).additionalProperty);
      const known = keysOf(error.parentSchema);
      const text = `there is no key ${JSON.stringify(key)} here${didYouMean(key, known)} Known: ${known.join(', ')}.`;
      return { code: 'SCENARIO_UNKNOWN_KEY', path: [...path, key], text: text.replace('here Known', 'here. Known') };
    }
    case 'required': {
      const key = String((params as { missingProperty: string }).missingProperty);
      const of = (error.parentSchema as { properties?: Record<string, { description?: string }> }).properties?.[key];
      return {
        code: 'SCENARIO_MISSING_KEY',
        path,
        text: `${key} is missing${of?.description ? `: ${of.description}` : '.'}`,
      };
    }
    case 'enum': {
      const known = (params as { allowedValues: unknown[] }).allowedValues.map(String);
      const isFault = path.at(-1) === 'name' && known.includes(FAULT_NAMES[0] as string);
      const what = isFault ? `there is no fault ${said(data)}` : `${said(data)} is none of ${known.join(', ')}`;
      const text = `${what}${didYouMean(String(data), known) || '.'}${isFault ? ` Known: ${known.join(', ')}.` : ''}`;
      return { code: isFault ? 'SCENARIO_UNKNOWN_FAULT' : 'SCENARIO_WRONG_VALUE', path, text };
    }
    case 'pattern':
      return { code: 'SCENARIO_WRONG_VALUE', path, text: `${said(data)} does not fit here${hint}` };
    case 'minProperties':
      return { code: 'SCENARIO_MISSING_KEY', path, text: `something is missing here${hint}` };
    default:
      return { code: 'SCENARIO_WRONG_VALUE', path, text: `${said(data)} ${error.message ?? 'is wrong'}${hint}` };
  }
}

const keysOf = (part: unknown): string[] => Object.keys((part as { properties?: object }).properties ?? {});
const unescaped = (key: string): string | number =>
  /^\d+$/.test(key) ? Number(key) : key.replaceAll('~1', '/').replaceAll('~0', '~');

function said(data: unknown): string {
  const text = JSON.stringify(data) ?? 'nothing';
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

/** Where a path stands in the text: its key if it has one, the nearest that exists otherwise. */
function offsetOf(document: Document.Parsed, path: Path): number {
  for (let length = path.length; length > 0; length -= 1) {
    const parent: unknown = document.getIn(path.slice(0, length - 1), true);
    const last = path[length - 1];
    const items = isNode(parent) && 'items' in parent ? (parent.items as unknown[]) : [];
    const pair = items.find((item) => isPair(item) && isScalar(item.key) && String(item.key.value) === String(last));
    const node = isPair(pair) ? (pair.key as Node) : typeof last === 'number' ? items[last] : undefined;
    if (isNode(node) && node.range) return node.range[0];
  }
  return document.contents?.range?.[0] ?? 0;
}
