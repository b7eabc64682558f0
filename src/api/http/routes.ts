import type { FastifyError, FastifyInstance, FastifyReply } from 'fastify';
import type { GraphQLFormattedError } from 'graphql';
import type { Authenticator } from '../auth/authenticate.js';
import { roleBits } from '../auth/viewer.js';
import type { ApiDeps } from '../deps.js';
import { ApiError, presentError } from '../errors.js';

const TESTER = roleBits(['TESTER']);

/** Liveness, readiness, and for testers the fleet a simulator builds. */
export function serveOperations(server: FastifyInstance, deps: ApiDeps, authenticator: Authenticator): void {
  server.get('/health', () => ({ status: 'ok' }));
  server.get('/ready', async (_request, reply) => {
    const report = await deps.health();
    return reply.code(report.ready ? 200 : 503).send(report);
  });
  const { simulation } = deps;
  if (!simulation) return;
  server.get('/simulation/fleet', async (request, reply) => {
    const viewer = await authenticator.authenticate(request.headers.authorization);
    if ((viewer.bits & TESTER) === 0)
      throw new ApiError('FORBIDDEN', 'The simulated fleet, with its keys, is for TESTER.', 403);
    return reply.header('cache-control', 'no-store').send(await simulation.fleetManifest());
  });
}

/** Errors met before GraphQL runs have the same form as those of GraphQL. */
export function answerErrors(server: FastifyInstance, deps: ApiDeps): void {
  server.setErrorHandler((error: FastifyError | ApiError, _request, reply) =>
    answer(reply, statusOf(error), errorOf(error, deps)),
  );
  server.setNotFoundHandler((_request, reply) =>
    answer(reply, 404, {
      message: 'There is nothing here. The API is at /graphql, GraphiQL at /.',
      extensions: { code: 'NOT_FOUND' },
    }),
  );
}

const answer = (reply: FastifyReply, status: number, error: GraphQLFormattedError): FastifyReply =>
  reply.code(status).send({ errors: [error] });

/** A Host header or path of which no address can be made. */
const isBadAddress = (error: FastifyError | ApiError): boolean => error.code === 'ERR_INVALID_URL';

function statusOf(error: FastifyError | ApiError): number {
  if (isBadAddress(error)) return 400;
  if (error instanceof ApiError) return (error.extensions['http'] as { status?: number } | undefined)?.status ?? 400;
  return error.statusCode ?? 500;
}

function errorOf(error: FastifyError | ApiError, deps: ApiDeps): GraphQLFormattedError {
  if (error instanceof ApiError) return presentError(error, deps.log);
  if (isBadAddress(error))
    return named('BAD_REQUEST', 'The Host header or the path is not a valid address. Correct it.');
  switch (error.statusCode) {
    case 413:
      return named(
        'REQUEST_TOO_LARGE',
        `The request body is larger than ${deps.limits.requestBytes.value} bytes. Send less at once.`,
      );
    case 415:
      return named('UNSUPPORTED_MEDIA_TYPE', 'Send the request as JSON with content-type application/json.');
    case 400:
      return named('MALFORMED_JSON', 'The request body is not valid JSON. Correct it and send it again.');
    default:
      return presentError(error, deps.log);
  }
}

const named = (code: string, message: string): GraphQLFormattedError => ({ message, extensions: { code } });
