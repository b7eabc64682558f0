import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError, type CliIo } from './io.js';
import { text, type ParsedArgs } from './options.js';
import { CONTROL_FILE } from './run.js';

/** Options every command has that talks to a running simulator. */
export const CONTROL_OPTIONS = {
  'data-dir': { type: 'string' },
  control: { type: 'string' },
  'control-token': { type: 'string' },
} as const;

/** Asks a running simulator. @throws Error with its own words when it refuses. */
export async function askControl(
  parsed: ParsedArgs,
  io: CliIo,
  method: string,
  path: string,
  body?: unknown,
): Promise<unknown> {
  const { url, token } = whereTo(parsed, io);
  let response: Response;
  try {
    response = await fetch(new URL(path, url), {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: io.signal,
    });
  } catch {
    throw new Error(`No simulator answers at ${url}; is it running?`);
  }
  const answer = (await response.json()) as { error?: string };
  if (!response.ok) throw new Error(answer.error ?? `The simulator answers ${response.status}.`);
  return answer;
}

function whereTo(parsed: ParsedArgs, io: CliIo): { url: string; token: string } {
  const dataDir = text(parsed, 'data-dir');
  if (dataDir) {
    try {
      return JSON.parse(readFileSync(join(dataDir, CONTROL_FILE), 'utf8')) as { url: string; token: string };
    } catch {
      throw new Error(
        `No simulator runs with --data-dir ${dataDir}; start one, or give --control and --control-token.`,
      );
    }
  }
  const url = text(parsed, 'control') ?? io.env.RELIGHT_SIMULATOR_CONTROL;
  const token = text(parsed, 'control-token') ?? io.env.RELIGHT_SIMULATOR_TOKEN;
  if (!url || !token) {
    throw new UsageError(
      'Say which simulator: --data-dir, or --control and --control-token (printed when it started).',
    );
  }
  if (!URL.canParse(url)) throw new UsageError(`--control is an address like http://127.0.0.1:4100, not ${url}.`);
  return { url, token };
}
