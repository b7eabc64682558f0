import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { GraphQLError } from 'graphql';
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { UsageError, type CliIo } from './io.js';
import { text, type ParsedArgs } from './options.js';
import { CONTROL_FILE } from './run.js';

/** Options every command has that talks to a running simulator. */
export const CONTROL_OPTIONS = {
  'data-dir': { type: 'string' },
  control: { type: 'string' },
  'control-token': { type: 'string' },
} as const;

/** Where a simulator listens, and the token it wants. */
export interface ControlAddress {
  url: string;
  token: string;
}

/** Asks a running simulator a query or mutation of `schema/simulator.graphql`. @throws Error with its own words when it refuses. */
export async function askControl<Data>(
  { url, token }: ControlAddress,
  io: CliIo,
  query: string,
  variables: Record<string, unknown> = {},
): Promise<Data> {
  let answer: { data?: Data | null; errors?: readonly { message: string }[] };
  try {
    const response = await fetch(new URL('/graphql', url), {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ query, variables }),
      signal: io.signal,
    });
    answer = (await response.json()) as typeof answer;
  } catch {
    throw new Error(`No simulator answers at ${url}; is it running?`);
  }
  if (answer.errors?.[0] || !answer.data)
    throw new Error(answer.errors?.[0]?.message ?? 'The simulator answers nothing.');
  return answer.data;
}

/**
 * Hears a subscription of a running simulator until `io.signal` ends it, the simulator ends (then it throws), or `take` says false.
 */
export async function hearControl<Data>(
  { url, token }: ControlAddress,
  io: CliIo,
  query: string,
  take: (data: Data) => boolean,
): Promise<void> {
  const headers = { authorization: `Bearer ${token}` };
  class Socket extends WebSocket {
    constructor(address: string, protocols: string | string[]) {
      super(address, protocols, { headers });
    }
  }
  const client = createClient({
    url: `${url.replace(/^http/, 'ws')}/graphql`,
    webSocketImpl: Socket,
    retryAttempts: 0,
  });
  const stream = client.iterate({ query });
  const stop = (): void => void stream.return?.();
  io.signal.addEventListener('abort', stop, { once: true });
  try {
    for await (const { data, errors } of stream) {
      if (errors?.[0]) throw errors[0];
      if (data && !take(data as Data)) return;
    }
  } catch (error) {
    if (io.signal.aborted) return;
    if (error instanceof GraphQLError) throw error;
    throw new Error(`The simulator at ${url} has ended.`, { cause: error });
  } finally {
    io.signal.removeEventListener('abort', stop);
    await client.dispose();
  }
}

/** Which simulator a command line means. @throws UsageError or Error when it says none, or none runs there. */
export function controlAddress(parsed: ParsedArgs, io: CliIo): ControlAddress {
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
