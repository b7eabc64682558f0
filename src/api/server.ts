import type { AddressInfo } from 'node:net';
import { fastifyApolloHandler } from '@as-integrations/fastify';
import Fastify, { type FastifyInstance } from 'fastify';
import { createAuthenticator } from './auth/authenticate.js';
import { createContext, type Api } from './context.js';
import type { ApiDeps } from './deps.js';
import { createApollo } from './http/apollo.js';
import { serveContract } from './http/contract.js';
import { serveGraphiql } from './http/graphiql.js';
import { answerErrors, serveOperations } from './http/routes.js';
import { OperationCheck } from './operation-check.js';
import { BoardReader } from './read/board.js';
import { buildApiSchema } from './schema.js';
import { ChangeFeed } from './subscriptions/change-feed.js';
import { MeterWatch } from './subscriptions/meter-watch.js';
import { serveWebSocket } from './websocket.js';

/** Longer than any statement of ours may take. */
const REQUEST_TIMEOUT_MS = 90_000;

/** A running API. */
export interface RunningApi {
  /** Address a client on this machine uses, without a path. */
  readonly url: string;
  readonly port: number;
  /** Takes no more requests, lets the running ones end, says goodbye to every WebSocket. */
  close(): Promise<void>;
}

/**
 * Starts the API: GraphQL over HTTP and WebSocket at /graphql, GraphiQL at /, the MQTT contract at /contract, /health, /ready, and in simulation mode
 * /simulation/fleet.
 *
 * @throws the error of `listen`, with `code` EADDRINUSE when the port is taken
 */
export async function startApi(deps: ApiDeps): Promise<RunningApi> {
  const { db, nudges, clock } = deps.flows;
  const api: Api = {
    deps,
    feed: new ChangeFeed(db, nudges, deps.log),
    meterWatch: new MeterWatch(db, nudges, deps.log),
    board: new BoardReader(db, clock),
  };
  const schema = buildApiSchema();
  const check = new OperationCheck(schema, deps.limits);
  const authenticator = createAuthenticator(deps.auth);
  const apollo = createApollo(schema, deps, check);
  await apollo.start();

  const server = Fastify({
    bodyLimit: deps.limits.requestBytes.value,
    requestTimeout: REQUEST_TIMEOUT_MS,
    forceCloseConnections: 'idle',
  });
  answerErrors(server, deps);
  secureHeaders(server);
  serveOperations(server, deps, authenticator);
  serveContract(server);
  await serveGraphiql(server);
  server.route({
    method: ['GET', 'POST'],
    url: '/graphql',
    handler: fastifyApolloHandler(apollo, {
      context: async (request) => createContext(api, await authenticator.authenticate(request.headers.authorization)),
    }),
  });
  const sockets = serveWebSocket(server.server, { api, schema, authenticator, check });
  await server.listen({ host: deps.host, port: deps.port });

  const { port } = server.server.address() as AddressInfo;
  const isAnyAddress = deps.host === '0.0.0.0' || deps.host === '::';
  return {
    url: `http://${isAnyAddress ? 'localhost' : deps.host.includes(':') ? `[${deps.host}]` : deps.host}:${port}`,
    port,
    async close() {
      api.meterWatch.stop();
      await api.feed.stop();
      await sockets.close();
      await server.close();
      await apollo.stop();
    },
  };
}

/** Answers are for the caller alone, and for no sniffing or framing. */
function secureHeaders(server: FastifyInstance): void {
  server.addHook('onSend', (_request, reply, _payload, done) => {
    void reply
      .header('x-content-type-options', 'nosniff')
      .header('referrer-policy', 'no-referrer')
      .header('x-frame-options', 'DENY');
    done();
  });
}
