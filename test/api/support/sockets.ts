import { createClient, type Client } from 'graphql-ws';
import WebSocket from 'ws';
import type { TestApi } from './test-api.js';

const clients = new Set<Client>();

/** Ends every client of this test file, whatever became of the test. */
export async function disposeClients(): Promise<void> {
  await Promise.all([...clients].map((client) => client.dispose()));
  clients.clear();
}

/** A GraphQL client over WebSocket with a token (or none). It does not reconnect by itself. */
export function socketClient(
  api: TestApi,
  token: string | undefined,
  onClosed?: (code: number, reason: string) => void,
): Client {
  const client = createClient({
    url: `${api.url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: token === undefined ? {} : { authorization: `Bearer ${token}` },
    retryAttempts: 0,
    lazyCloseTimeout: 0,
    onNonLazyError: () => undefined,
    on: { closed: (event) => onClosed?.((event as CloseEvent).code, (event as CloseEvent).reason) },
  });
  clients.add(client);
  return client;
}

interface CloseEvent {
  readonly code: number;
  readonly reason: string;
}

/** One event, or the code of the error that ended the subscription. */
export type Heard<Data> = { readonly data: Data } | { readonly error: string };

/** A subscription that a test reads event by event. */
export interface Listening<Data> {
  /** The next event, or the code of the error instead of it. Waits at most `timeoutMs`. */
  next(timeoutMs?: number): Promise<Heard<Data>>;
  /** True when nothing has come that was not read yet. */
  readonly idle: boolean;
  stop(): void;
}

/** Subscribes and gathers what comes. */
export function listen<Data>(client: Client, query: string, variables?: Record<string, unknown>): Listening<Data> {
  const heard: Heard<Data>[] = [];
  let wake: (() => void) | undefined;
  const put = (one: Heard<Data>): void => {
    heard.push(one);
    wake?.();
  };
  const stop = client.subscribe<Data>(
    { query, variables },
    {
      next: ({ data, errors }) =>
        put(errors ? { error: String(errors[0]!.extensions?.['code']) } : { data: data as Data }),
      error: (error) => put({ error: codeOf(error) }),
      complete: () => put({ error: 'COMPLETE' }),
    },
  );
  return {
    async next(timeoutMs = 10_000) {
      if (heard.length === 0) {
        await new Promise<void>((resolve, reject) => {
          const timer = setTimeout(() => reject(new Error(`no event within ${timeoutMs} ms`)), timeoutMs);
          wake = () => {
            clearTimeout(timer);
            wake = undefined;
            resolve();
          };
        });
      }
      return heard.shift()!;
    },
    get idle() {
      return heard.length === 0;
    },
    stop,
  };
}

/** GraphQL errors come as a list, a closed socket as its close event. */
function codeOf(error: unknown): string {
  if (Array.isArray(error)) return String((error[0] as { extensions?: { code?: string } }).extensions?.code);
  return `closed ${(error as CloseEvent).code}`;
}
