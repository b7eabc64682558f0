import { FAULT_NAMES, FAULTS, type FaultName, type Parameter } from './catalogue.js';

/** Whom a fault strikes. `share` and `gatewayShare` pick a seeded part (0–1) of the meters or gateways. */
export type FaultTarget =
  { all: true } | { meter: string } | { gateway: string } | { share: number } | { gatewayShare: number };

/** A fault as given in a file, on the CLI or to the control API; also what is kept, with every default filled in. */
export interface FaultSpec {
  name: FaultName;
  target: FaultTarget;
  parameters: Record<string, number | string>;
  /** Ends by itself after this long (real time); absent: until removed. */
  forMs?: number;
}

/** What was wrong with a fault, and what to do; the text is meant for the person who wrote it. */
export class FaultError extends Error {}

const TARGETS = ['all', 'meter', 'gateway', 'share', 'gatewayShare'];
const MAX_FOR_MS = 30 * 86_400_000;

/** Checks a fault and fills in defaults. Knows no fleet: whether a meter exists is checked by the fault set. @throws FaultError */
export function parseFault(input: unknown): FaultSpec {
  const fault = record(input, 'A fault');
  onlyKeys(fault, ['name', 'target', 'parameters', 'forMs'], 'a fault');
  const name = fault.name;
  if (typeof name !== 'string' || !FAULT_NAMES.includes(name as FaultName)) {
    throw new FaultError(`There is no fault ${JSON.stringify(name)}; choose one of ${FAULT_NAMES.join(', ')}.`);
  }
  const spec: FaultSpec = {
    name: name as FaultName,
    target: parseTarget(fault.target),
    parameters: parseParameters(name as FaultName, record(fault.parameters ?? {}, 'parameters')),
  };
  if (fault.forMs !== undefined) spec.forMs = numberWithin('forMs', fault.forMs, 1, MAX_FOR_MS);
  return spec;
}

function parseTarget(input: unknown): FaultTarget {
  const target = record(input ?? { all: true }, 'target');
  const [key, ...more] = Object.keys(target);
  if (key === undefined || more.length > 0 || !TARGETS.includes(key)) {
    throw new FaultError(`A target has exactly one of ${TARGETS.join(', ')}; for example {"meter":"100000000001"}.`);
  }
  const value = target[key];
  if (key === 'all') {
    if (value !== true) throw new FaultError('Write the target of all meters as {"all":true}.');
    return { all: true };
  }
  if (key === 'meter' || key === 'gateway') {
    if (typeof value !== 'string' || !/^[0-9]{12}$/.test(value)) {
      throw new FaultError(`target.${key} is a number of 12 digits, not ${JSON.stringify(value)}.`);
    }
    return key === 'meter' ? { meter: value } : { gateway: value };
  }
  const part = numberWithin(`target.${key}`, value, 0, 1);
  return key === 'share' ? { share: part } : { gatewayShare: part };
}

function parseParameters(name: FaultName, given: Record<string, unknown>): Record<string, number | string> {
  const known: Record<string, Parameter> = FAULTS[name].parameters;
  onlyKeys(given, Object.keys(known), `fault ${name}`);
  const parameters: Record<string, number | string> = {};
  for (const [key, rule] of Object.entries(known)) {
    const value = given[key] ?? rule.default;
    if (value === undefined) throw new FaultError(`Fault ${name} needs ${key} (${rule.about}).`);
    parameters[key] = parameterOf(key, value, rule);
  }
  if (name === 'delay' && (parameters.minMs as number) > (parameters.maxMs as number)) {
    throw new FaultError(`minMs (${parameters.minMs}) is above maxMs (${parameters.maxMs}); swap them.`);
  }
  return parameters;
}

function parameterOf(key: string, value: unknown, rule: Parameter): number | string {
  if (rule.type === 'number') return numberWithin(key, value, rule.min, rule.max);
  if (rule.type === 'word') return wordOf(key, value, rule.words);
  // On a command line twelve digits look like a number.
  const number = typeof value === 'number' ? String(value).padStart(12, '0') : value;
  if (typeof number !== 'string' || !/^[0-9]{12}$/.test(number)) {
    throw new FaultError(`${key} is a meter's number of 12 digits, not ${JSON.stringify(value)}.`);
  }
  return number;
}

function record(input: unknown, what: string): Record<string, unknown> {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    throw new FaultError(`${what} is a JSON object, for example {"name":"lossUp","target":{"share":0.1}}.`);
  }
  return input as Record<string, unknown>;
}

function onlyKeys(input: Record<string, unknown>, allowed: string[], what: string): void {
  const unknown = Object.keys(input).find((key) => !allowed.includes(key));
  if (unknown !== undefined) {
    const list = allowed.length === 0 ? 'nothing' : allowed.join(', ');
    throw new FaultError(`${what} takes ${list}; leave out ${unknown}.`);
  }
}

function numberWithin(key: string, value: unknown, min: number, max: number): number {
  if (typeof value !== 'number' || !Number.isFinite(value) || value < min || value > max) {
    throw new FaultError(`${key} is a number from ${min} to ${max}, not ${JSON.stringify(value)}.`);
  }
  return value;
}

function wordOf(key: string, value: unknown, words: readonly string[]): string {
  if (typeof value !== 'string' || !words.includes(value)) {
    throw new FaultError(`${key} is one of ${words.join(', ')}, not ${JSON.stringify(value)}.`);
  }
  return value;
}
