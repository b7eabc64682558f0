import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { handleProtocols } from 'graphql-ws';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';
import type { RunningFleet } from '../fleet.js';
import { ControlEngine, type Answer } from './engine.js';

/** Bodies are a request with a fault or less; anything larger is a mistake. */
const MAX_BODY_BYTES = 65_536;
/** Clients with a WebSocket at once. */
const MAX_SOCKETS = 32;
const PATH = '/graphql';

export interface ControlServer {
  /** `http://127.0.0.1:port` */
  url: string;
  /** Bearer token every request needs. */
  token: string;
  close(): Promise<void>;
}

/**
 * Serves the control API (`schema/simulator.graphql`) of a running fleet on 127.0.0.1: POST /graphql, and graphql-transport-ws on the same
 * path for subscriptions. Port 0 takes a free one. Web pages are kept out: a request with an Origin, or for a host name other than
 * this machine's own (DNS rebinding), is refused.
 * @throws when the port is taken.
 */
export async function startControl(fleet: RunningFleet, port: number, givenToken?: string): Promise<ControlServer> {
  const token = givenToken ?? randomBytes(24).toString('base64url');
  const engine = new ControlEngine(fleet);
  const server = createServer((request, response) => {
    serve(engine, token, request)
      .catch((error: Error) => failed(500, 'INTERNAL', error.message))
      .then((answer) => reply(response, answer))
      .catch(() => response.destroy());
  });
  const sockets = new WebSocketServer({ noServer: true, handleProtocols, maxPayload: MAX_BODY_BYTES });
  const subscriptions = useServer({ onSubscribe: (_context, _id, payload) => engine.prepare(payload) }, sockets);
  server.on('upgrade', (request, socket: Duplex, head) => {
    const refused = refusal(token, request) ?? (sockets.clients.size >= MAX_SOCKETS ? full() : undefined);
    if (refused) {
      socket.end(`HTTP/1.1 ${refused.status} Refused\r\nconnection: close\r\n\r\n`);
      return;
    }
    sockets.handleUpgrade(request, socket, head, (client) => sockets.emit('connection', client, request));
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
    close: async () => {
      await subscriptions.dispose();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}

const failed = (status: number, code: string, message: string): Answer => ({
  status,
  body: { errors: [{ message, extensions: { code } }] },
});
const full = (): Answer => failed(503, 'TOO_MANY_CLIENTS', `${MAX_SOCKETS} clients are connected.`);

/** Why whoever asks is not heard at all, or undefined. */
function refusal(token: string, { headers, url }: IncomingMessage): Answer | undefined {
  if (headers.origin !== undefined || !/^(127\.0\.0\.1|localhost)(:\d+)?$/.test(headers.host ?? '')) {
    return failed(403, 'WEB_PAGE', 'This API is for programs on this machine, not for web pages.');
  }
  if (!sameSecret(headers.authorization ?? '', `Bearer ${token}`)) {
    return failed(401, 'UNAUTHORIZED', 'Send "Authorization: Bearer <token>"; the token is printed at start.');
  }
  if (new URL(url ?? '/', 'http://127.0.0.1').pathname !== PATH) {
    return failed(404, 'NOT_FOUND', `There is nothing here; POST to ${PATH} (schema/simulator.graphql).`);
  }
  return undefined;
}

async function serve(engine: ControlEngine, token: string, request: IncomingMessage): Promise<Answer> {
  const refused = refusal(token, request);
  if (refused) return refused;
  if (request.method !== 'POST') return failed(405, 'METHOD', `${PATH} takes POST.`);
  const text = await readBody(request);
  if (text === undefined) return failed(413, 'BODY_TOO_LARGE', `A body has at most ${MAX_BODY_BYTES} bytes.`);
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return failed(400, 'NO_JSON', 'The body is not JSON.');
  }
  return engine.answer(body);
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

function reply(response: ServerResponse, answer: Answer): void {
  const text = JSON.stringify(answer.body);
  response.writeHead(answer.status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
  });
  response.end(text);
}
