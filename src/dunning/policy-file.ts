/** Reading policies from a file: YAML, or JSON, which is YAML too. What is wrong is told with file, place and what would be right. */
import { readFileSync, statSync } from 'node:fs';
import { isMap, isScalar, LineCounter, parseDocument, visit } from 'yaml';
import { z } from 'zod';
import { parseAmount } from '../platform/money.js';
import { dunningPolicySchema } from './policy-schema.js';

/** A book is some hundred lines; a larger file is a mistake. */
const MAX_FILE_BYTES = 1_000_000;

/** A policy or a book of policies that cannot be used, told as it stands. */
export class PolicyError extends Error {
  override readonly name = 'PolicyError';
}

/** What a file holds, before any policy is checked. */
export interface PolicyFile {
  readonly name: string;
  readonly policies: readonly unknown[];
}

const fileSchema = z.strictObject({
  name: z.string().regex(/^[A-Z0-9]+([-_][A-Z0-9]+)*$/, { error: 'must be upper-case words joined by - or _' }),
  policies: z.array(z.record(z.string(), z.unknown())).min(1).max(100),
});

/**
 * @throws PolicyError when the file cannot be read, is no YAML, or holds anything but `name` and `policies`
 */
export function readPolicyFile(path: string): PolicyFile {
  const text = readText(path);
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true });
  const [error] = document.errors;
  if (error) throw new PolicyError(`${path}: ${error.message}`);
  visit(document, {
    Pair(_key, pair) {
      // Without quotes 10.00 would be read as 10, and 10 are fen.
      if (!isScalar(pair.key) || !String(pair.key.value).endsWith('Minor') || !isScalar(pair.value)) return;
      const { value, source, range } = pair.value;
      if (typeof value !== 'number' || /^-?\d+$/.test(source ?? '')) return;
      const { line } = lines.linePos(range?.[0] ?? 0);
      throw new PolicyError(
        `${path}:${line}: ${String(pair.key.value)}: write ${source ?? value} in quotes for an amount of the currency, or a whole number of its minor unit.`,
      );
    },
  });
  if (!isMap(document.contents)) throw new PolicyError(`${path}: must hold name and policies.`);
  const parsed = fileSchema.safeParse(document.toJS());
  if (!parsed.success) throw new PolicyError(problems(path, fileSchema, parsed.error));
  return parsed.data;
}

function readText(path: string): string {
  try {
    if (statSync(path).size > MAX_FILE_BYTES)
      throw new PolicyError(`${path}: is larger than ${MAX_FILE_BYTES} bytes, which no book of policies is.`);
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof PolicyError) throw error;
    throw new PolicyError(`${path}: cannot be read (${(error as NodeJS.ErrnoException).code ?? String(error)}).`);
  }
}

/**
 * Lays `over` on top of `base`: objects are merged key by key, lists and plain values replaced. A key set to null is null.
 */
export function laidOver(base: unknown, over: unknown): unknown {
  if (!isObject(base) || !isObject(over)) return over;
  const merged: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(over)) merged[key] = key in base ? laidOver(base[key], value) : value;
  return merged;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Amounts written as text ("10.00") are of the currency; whole numbers are of its minor unit and stay as they are.
 * @throws PolicyError for a text that is no amount of the currency
 */
export function withAmounts(
  value: unknown,
  currency: string,
  source: string,
  path: readonly (string | number)[] = [],
): unknown {
  if (Array.isArray(value)) return value.map((item, index) => withAmounts(item, currency, source, [...path, index]));
  if (isObject(value))
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, withAmounts(item, currency, source, [...path, key])]),
    );
  if (typeof value !== 'string' || !String(path.at(-1)).endsWith('Minor')) return value;
  const amount = parseAmount(value, currency, { zero: true, negative: true });
  if (!amount.ok) throw new PolicyError(`${source}: ${path.join('.')}: ${amount.message}`);
  return amount.minor;
}

/** Everything that is wrong with a document, one line each; an unknown key with those that are allowed. */
export function problems(source: string, schema: z.ZodType, error: z.ZodError): string {
  return error.issues
    .map((issue) => {
      const path = issue.path.map(String);
      if (issue.code !== 'unrecognized_keys') return `${source}: ${path.join('.') || 'document'}: ${issue.message}`;
      const place = path.length > 0 ? `${path.join('.')}.` : '';
      const allowed = allowedKeys(schema, issue.path).join(', ');
      return `${source}: ${issue.keys.map((key) => `${place}${key}`).join(', ')}: is not known here; allowed: ${allowed}`;
    })
    .join('\n');
}

/** The keys that a schema knows at a path. */
function allowedKeys(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  const inner = unwrapped(schema);
  const [key, ...rest] = path;
  if (key === undefined)
    return [...new Set(inner.flatMap((one) => (one instanceof z.ZodObject ? Object.keys(one.shape) : [])))];
  return [
    ...new Set(
      inner.flatMap((one) => {
        if (one instanceof z.ZodArray) return allowedKeys(one.element as z.ZodType, rest);
        const next = one instanceof z.ZodObject ? (one.shape as Record<PropertyKey, z.ZodType>)[key] : undefined;
        return next ? allowedKeys(next, rest) : [];
      }),
    ),
  ];
}

/** The schemas behind a nullable one or a choice. */
function unwrapped(schema: z.ZodType): z.ZodType[] {
  if (schema instanceof z.ZodNullable || schema instanceof z.ZodOptional)
    return unwrapped(schema.unwrap() as z.ZodType);
  if (schema instanceof z.ZodUnion) return (schema.options as z.ZodType[]).flatMap(unwrapped);
  return [schema];
}

/** Problems of a policy document. */
export const policyProblems = (source: string, error: z.ZodError): string =>
  problems(source, dunningPolicySchema, error);
