import { randomBytes, timingSafeEqual, createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { RunningFleet } from '../fleet.js';
import { answerControl, type ControlAnswer } from './routes.js';

/** Bodies are a fault or less; anything larger is a mistake. */
const MAX_BODY_BYTES = 65_536;

export interface ControlServer {
  /** `http://127.0.0.1:port` */
  url: string;
  /** Bearer token every request needs. */
  token: string;
  close(): Promise<void>;
}

/**
 * Serves the control API of a running fleet on 127.0.0.1. Port 0 takes a free one. Web pages are kept out: a request with
 * an Origin, or for a host name other than this machine's own (DNS rebinding), is refused.
 * @throws when the port is taken.
 */
export async function startControl(fleet: RunningFleet, port: number, givenToken?: string): Promise<ControlServer> {
  const token = givenToken ?? randomBytes(24).toString('base64url');
  const server = createServer((request, response) => {
    serve(fleet, token, request)
      .catch((error: Error) => ({ status: 500, body: { error: error.message } }))
      .then((answer) => reply(response, answer))
      .catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const taken = error.code === 'EADDRINUSE';
      reject(taken ? new Error(`Port ${port} is taken; give --control-port 0 for a free one.`) : error);
    });
    server.listen(port, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    token,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function serve(fleet: RunningFleet, token: string, request: IncomingMessage): Promise<ControlAnswer> {
  const { method = 'GET', headers } = request;
  if (headers.origin !== undefined || !/^(127\.0\.0\.1|localhost)(:\d+)?$/.test(headers.host ?? '')) {
    return { status: 403, body: { error: 'This API is for programs on this machine, not for web pages.' } };
  }
  if (!sameSecret(headers.authorization ?? '', `Bearer ${token}`)) {
    return { status: 401, body: { error: 'Send "Authorization: Bearer <token>"; the token is printed at start.' } };
  }
  const url = new URL(request.url ?? '/', 'http://127.0.0.1');
  const text = await readBody(request);
  if (text === undefined) return { status: 413, body: { error: `A body has at most ${MAX_BODY_BYTES} bytes.` } };
  let body: unknown;
  try {
    body = text === '' ? undefined : JSON.parse(text);
  } catch {
    return { status: 400, body: { error: 'The body is not JSON.' } };
  }
  return answerControl(fleet, { method, path: url.pathname, query: url.searchParams, body });
}

/** Undefined when the body is too large. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of request) {
    sizeBytes += (chunk as Buffer).length;
    if (sizeBytes > MAX_BODY_BYTES) return undefined;
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Compares in constant time whatever the lengths. */
function sameSecret(given: string, wanted: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(wanted));
}

function reply(response: ServerResponse, answer: ControlAnswer): void {
  const text = JSON.stringify(answer.body);
  response.writeHead(answer.status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
  });
  response.end(text);
}
