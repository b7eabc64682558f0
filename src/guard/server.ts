import { createHash, timingSafeEqual } from 'node:crypto';
import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { dirname } from 'node:path';
import type { Logger } from '../platform/log.js';
import { socketAddress } from '../platform/unix-socket.js';
import type { BudgetedCut } from './budget-policy.js';
import { MAX_PAYLOAD_BYTES } from './cut-payload.js';
import type { Guard } from './guard.js';
import { GuardRefusal } from './refusal.js';
import { GuardStartError } from './start-error.js';

/** Where the guard listens: a Unix socket of its owner, or a port, which needs a shared secret. */
export type GuardListen =
  | { readonly socketPath: string; readonly token?: string }
  | { readonly host: string; readonly port: number; readonly token: string };

export interface GuardServer {
  /** As GUARD_URL names it. */
  readonly url: string;
  close(): Promise<void>;
}

/** A question and its answer are a few hundred bytes; whoever takes longer is no head-end, ms. */
const REQUEST_TIMEOUT_MS = 5_000;
const MAX_CONNECTIONS = 256;

/**
 * Answers over HTTP: `GET /health`, `POST /room` (is there budget for such a cut), `POST /sign` (the exact bytes of a cut). A refusal is 409
 * with its code and message.
 * @throws GuardStartError when somebody listens there already
 */
export async function serveGuard(guard: Guard, listen: GuardListen, log: Logger): Promise<GuardServer> {
  const server = createServer((request, response) => {
    answer(guard, listen.token, request).then(
      ({ status, body }) => send(response, status, body),
      (error: Error) => {
        log.error({ err: error }, 'a request to the guard failed');
        send(response, 500, { code: 'UNAVAILABLE', message: 'the guard failed; see its log' });
      },
    );
  });
  server.requestTimeout = REQUEST_TIMEOUT_MS;
  server.headersTimeout = REQUEST_TIMEOUT_MS;
  server.maxConnections = MAX_CONNECTIONS;
  const url = 'socketPath' in listen ? await onSocket(server, listen.socketPath) : await onPort(server, listen);
  return {
    url,
    close: () =>
      new Promise((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
}

async function onSocket(server: Server, path: string): Promise<string> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const address = socketAddress(path);
  if (await answers(address)) throw new GuardStartError(`a guard is running at ${path} already; stop it first`);
  // What a killed guard left behind.
  rmSync(path, { force: true });
  await listening(server, () => server.listen({ path: address }));
  chmodSync(path, 0o600);
  return `unix:${path}`;
}

async function onPort(server: Server, { host, port }: { host: string; port: number }): Promise<string> {
  await listening(server, () => server.listen(port, host));
  const { port: taken } = server.address() as AddressInfo;
  return `http://${host.includes(':') ? `[${host}]` : host}:${taken}`;
}

const listening = (server: Server, start: () => void): Promise<void> =>
  new Promise((done, fail) => {
    server.once('error', (error: Error) => fail(new GuardStartError(`the guard cannot listen: ${error.message}`)));
    server.once('listening', () => done());
    start();
  });

const answers = (address: string): Promise<boolean> =>
  new Promise((done) => {
    const socket = connect(address);
    socket.once('connect', () => {
      socket.destroy();
      done(true);
    });
    socket.once('error', () => done(false));
  });

interface Answer {
  readonly status: number;
  readonly body: object;
}

async function answer(guard: Guard, token: string | undefined, request: IncomingMessage): Promise<Answer> {
  if (token !== undefined && !carries(request, token))
    return { status: 401, body: { code: 'UNAUTHENTICATED', message: 'GUARD_TOKEN is missing or another one' } };
  const body = await bodyOf(request);
  if (body === undefined) return { status: 413, body: { code: 'MALFORMED', message: 'too many bytes' } };
  try {
    switch (`${request.method} ${request.url}`) {
      case 'GET /health':
        return { status: 200, body: { key: guard.key, ...(await health(guard)) } };
      case 'POST /room': {
        const waitMs = await guard.roomFor(readRoomQuestion(body));
        return { status: 200, body: { room: waitMs === 0, waitMs: waitMs ?? null } };
      }
      case 'POST /sign':
        return { status: 200, body: await guard.sign(body) };
      default:
        return { status: 404, body: { code: 'MALFORMED', message: 'GET /health, POST /room, POST /sign' } };
    }
  } catch (error) {
    if (!(error instanceof GuardRefusal)) throw error;
    return { status: 409, body: { code: error.code, message: error.message } };
  }
}

const health = (guard: Guard): Promise<object> =>
  guard.ready().then(
    () => ({ ready: true }),
    (error: GuardRefusal) => ({ ready: false, code: error.code, message: error.message }),
  );

function readRoomQuestion(body: Buffer): BudgetedCut {
  try {
    const { district, requester, urgent } = JSON.parse(body.toString('utf8')) as Record<string, unknown>;
    if (typeof district === 'string' && typeof requester === 'string' && typeof urgent === 'boolean')
      return { district, requester, urgent };
  } catch {
    // Said below.
  }
  throw new GuardRefusal('MALFORMED', 'ask with {"district": "…", "requester": "…", "urgent": false}');
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

const carries = ({ headers }: IncomingMessage, token: string): boolean =>
  timingSafeEqual(digest(headers.authorization ?? ''), digest(`Bearer ${token}`));

async function bodyOf(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += (chunk as Buffer).length;
    if (bytes > MAX_PAYLOAD_BYTES) return undefined;
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json', connection: 'close' });
  response.end(JSON.stringify(body));
}
