import type { IncomingMessage, Server as HttpServer } from 'node:http';
import type { Duplex } from 'node:stream';
import {
  getOperationAST,
  GraphQLError,
  parse,
  specifiedRules,
  validate,
  type ExecutionArgs,
  type GraphQLSchema,
} from 'graphql';
import { CloseCode, handleProtocols, makeServer, type Context } from 'graphql-ws';
import { WebSocketServer, type WebSocket } from 'ws';
import { tokenLeftMs, type Authenticator } from './auth/authenticate.js';
import type { Viewer } from './auth/viewer.js';
import { createContext, type Api } from './context.js';
import { ApiError, presentError, safeFacts } from './errors.js';
import type { OperationCheck } from './operation-check.js';
import { isTooLong, tooLong } from './token-count.js';

const PATH = '/graphql';
/** A peer that does not answer a ping for this long is gone. */
const PING_MS = 15_000;
/** Longest delay a timer takes; a token that lives longer is looked at again then. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;
const MOST_ERRORS = 3;

/** What belongs to one socket. */
interface Extra {
  readonly socket: WebSocket;
  viewer?: Viewer;
  expiry?: NodeJS.Timeout;
}

type SocketContext = Context<Record<string, unknown>, Extra>;

/** Serves GraphQL over WebSocket on `/graphql` of this server. `close` says goodbye to every client. */
export function serveWebSocket(
  http: HttpServer,
  parts: {
    readonly api: Api;
    readonly schema: GraphQLSchema;
    readonly authenticator: Authenticator;
    readonly check: OperationCheck;
  },
): { close(): Promise<void> } {
  const { log, limits } = parts.api.deps;
  const sockets = new WebSocketServer({ noServer: true, handleProtocols, maxPayload: limits.requestBytes.value });
  const graphql = makeServer<Record<string, unknown>, Extra>({
    onConnect: (context) => connect(context, parts.authenticator),
    onSubscribe: (context, _id, payload) => prepare(parts, context, payload),
    onError: (_context, _id, _payload, errors) => errors.map((error) => presentError(error, log)),
    onNext: (_context, _id, _payload, _args, result) =>
      result.errors
        ? { ...result, errors: result.errors.slice(0, MOST_ERRORS).map((error) => presentError(error, log)) }
        : undefined,
  });

  const onUpgrade = (request: IncomingMessage, stream: Duplex, head: Buffer): void => {
    if (request.url?.split('?')[0] !== PATH) {
      stream.on('error', (error) => log.info(safeFacts(error), 'a refused WebSocket broke off'));
      stream.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    sockets.handleUpgrade(request, stream, head, (socket) => sockets.emit('connection', socket));
  };
  http.on('upgrade', onUpgrade);

  sockets.on('connection', (socket: WebSocket) => {
    const extra: Extra = { socket };
    socket.on('error', (error) => log.info(safeFacts(error), 'a WebSocket broke its protocol and is closed'));
    const stopPinging = keepAlive(socket);
    const closed = graphql.opened(
      {
        protocol: socket.protocol,
        // Resolves when the bytes have left: a slow peer slows its own subscriptions down, and those are bounded.
        send: (text) => sendBounded(socket, text),
        close: (code, reason) => socket.close(code, reason),
        onMessage: (handle) => takeMessages(socket, (text) => onMessage(socket, handle, text, parts.api)),
      },
      extra,
    );
    socket.once('close', (code, reason) => {
      stopPinging();
      clearTimeout(extra.expiry);
      void closed(code, String(reason));
    });
  });

  return {
    async close() {
      http.off('upgrade', onUpgrade);
      for (const socket of sockets.clients) socket.close(1001, 'Going away');
      await new Promise<void>((done) => sockets.close(() => done()));
    },
  };
}

/** Bytes that may wait for a peer that does not read; past it the peer is gone or hostile. */
const MAX_UNSENT_BYTES = 1_048_576;
/** Messages of one socket being handled at once; past it the socket is not read, and TCP holds the peer back. */
const MAX_UNHANDLED_MESSAGES = 64;

function sendBounded(socket: WebSocket, text: string): Promise<void> {
  if (socket.bufferedAmount > MAX_UNSENT_BYTES) socket.terminate();
  if (socket.readyState !== socket.OPEN) return Promise.resolve();
  // A peer that leaves while something is on its way is no error of ours.
  return new Promise((sent) => socket.send(text, () => sent()));
}

/** Hands messages on, a bounded number at once; what `graphql-ws` answers counts until it has left. */
function takeMessages(socket: WebSocket, handle: (text: string) => Promise<void>): void {
  let unhandled = 0;
  socket.on('message', (data) => {
    unhandled += 1;
    if (unhandled >= MAX_UNHANDLED_MESSAGES) socket.pause();
    void handle(String(data)).finally(() => {
      unhandled -= 1;
      if (unhandled < MAX_UNHANDLED_MESSAGES / 2 && socket.isPaused) socket.resume();
    });
  });
}

async function onMessage(
  socket: WebSocket,
  handle: (text: string) => Promise<void>,
  text: string,
  { deps }: Api,
): Promise<void> {
  try {
    await handle(text);
  } catch (error) {
    if (socket.readyState !== socket.OPEN) return;
    deps.log.error(safeFacts(error), 'a WebSocket message could not be handled');
    socket.close(CloseCode.InternalServerError, 'Internal server error');
  }
}

function keepAlive(socket: WebSocket): () => void {
  let alive = true;
  socket.on('pong', () => (alive = true));
  const timer = setInterval(() => {
    if (!alive) return socket.terminate();
    alive = false;
    socket.ping();
  }, PING_MS);
  return () => clearInterval(timer);
}

/** Checks the token of connection_init; the socket ends when the token does. */
async function connect(context: SocketContext, authenticator: Authenticator): Promise<boolean> {
  const { extra } = context;
  const [, authorization] =
    Object.entries(context.connectionParams ?? {}).find(([name]) => name.toLowerCase() === 'authorization') ?? [];
  try {
    extra.viewer = await authenticator.authenticate(typeof authorization === 'string' ? authorization : undefined);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    // A close reason has at most 123 bytes: the code says it all.
    extra.socket.close(error.code === 'FORBIDDEN' ? CloseCode.Forbidden : CloseCode.Unauthorized, error.code);
    return true;
  }
  endWithToken(extra.viewer, extra);
  return true;
}

function endWithToken(viewer: Viewer, extra: Extra): void {
  const leftMs = tokenLeftMs(viewer);
  if (leftMs <= 0) return extra.socket.close(CloseCode.Unauthorized, 'UNAUTHENTICATED: the access token has expired');
  extra.expiry = setTimeout(() => endWithToken(viewer, extra), Math.min(leftMs, LONGEST_TIMER_MS));
}

/** Parses, validates and judges one operation as HTTP does, and gives it a context of its own. */
function prepare(
  { api, schema, check }: Parameters<typeof serveWebSocket>[1],
  context: SocketContext,
  payload: {
    readonly query: string;
    readonly operationName?: string | null;
    readonly variables?: Record<string, unknown> | null;
  },
): ExecutionArgs | readonly GraphQLError[] {
  const { limits } = api.deps;
  try {
    const most = limits.subscriptionsPerConnection.value;
    if (Object.keys(context.subscriptions).length > most) {
      throw new ApiError(
        'TOO_MANY_SUBSCRIPTIONS',
        `This connection has ${most} operations under way already. Complete some, or open another connection.`,
      );
    }
    const document = parseWithin(payload.query, api);
    const invalid = validate(schema, document, specifiedRules, { maxErrors: MOST_ERRORS, hideSuggestions: true });
    if (invalid.length > 0) return invalid.map((error) => named(error, 'GRAPHQL_VALIDATION_FAILED'));
    const operation = getOperationAST(document, payload.operationName);
    if (!operation) throw new ApiError('BAD_REQUEST', 'Name one operation of the document in `operationName`.');
    check.check(document, operation, payload.variables, context.extra.viewer!);
    return {
      schema,
      document,
      operationName: payload.operationName,
      variableValues: payload.variables,
      contextValue: createContext(api, context.extra.viewer!),
    };
  } catch (error) {
    if (error instanceof GraphQLError) return [error];
    throw error;
  }
}

function parseWithin(query: string, { deps }: Api) {
  try {
    return parse(query, { maxTokens: deps.limits.queryTokens.value });
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error;
    throw isTooLong(query, deps.limits) ? tooLong(deps.limits) : named(error, 'GRAPHQL_PARSE_FAILED');
  }
}

const named = (error: GraphQLError, code: string): GraphQLError =>
  new GraphQLError(error.message, {
    nodes: error.nodes,
    source: error.source,
    positions: error.positions,
    extensions: { code },
  });
