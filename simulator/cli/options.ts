import { parseArgs, type ParseArgsOptionsConfig } from 'node:util';
import { UsageError } from './io.js';

export interface ParsedArgs {
  values: Record<string, string | boolean | string[] | undefined>;
  positionals: string[];
}

/** Reads a command's options; whatever it does not know is a UsageError. */
export function readArgs(args: string[], options: ParseArgsOptionsConfig): ParsedArgs {
  const help = { help: { type: 'boolean', short: 'h' } } as const;
  try {
    const config = {
      args,
      options: { ...options, ...help },
      allowPositionals: true,
      allowNegative: true,
      strict: true,
    };
    const { values, positionals } = parseArgs(config);
    return { values: values as ParsedArgs['values'], positionals };
  } catch (error) {
    throw new UsageError((error as Error).message.replace(/\. To specify a positional.*$/s, '.'));
  }
}

/** A whole number within bounds, or the default when the option is absent. */
export function wholeNumber(parsed: ParsedArgs, name: string, min: number, max: number, fallback: number): number {
  const text = parsed.values[name];
  if (text === undefined) return fallback;
  const value = Number(text);
  if (typeof text !== 'string' || text.trim() === '' || !Number.isInteger(value) || value < min || value > max) {
    throw new UsageError(`--${name} is a whole number from ${min} to ${max}, not ${JSON.stringify(text)}.`);
  }
  return value;
}

/** A text option, or undefined. */
export function text(parsed: ParsedArgs, name: string): string | undefined {
  const value = parsed.values[name];
  if (value === '') throw new UsageError(`--${name} is empty; give a value or leave it out.`);
  return typeof value === 'string' ? value : undefined;
}
