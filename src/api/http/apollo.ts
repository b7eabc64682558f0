import { ApolloServer, type ApolloServerPlugin, type GraphQLRequestContext } from '@apollo/server';
import { ApolloServerPluginCacheControlDisabled } from '@apollo/server/plugin/disabled';
import { ApolloServerPluginInlineTraceDisabled } from '@apollo/server/plugin/disabled';
import { ApolloServerPluginLandingPageDisabled } from '@apollo/server/plugin/disabled';
import { ApolloServerPluginSchemaReportingDisabled } from '@apollo/server/plugin/disabled';
import { ApolloServerPluginUsageReportingDisabled } from '@apollo/server/plugin/disabled';
import type { GraphQLFormattedError, GraphQLSchema } from 'graphql';
import type { ApiContext } from '../context.js';
import type { ApiDeps } from '../deps.js';
import { ApiError, presentError, type ApiErrorCode } from '../errors.js';
import type { OperationCheck } from '../operation-check.js';
import { isTooLong, tooLong } from '../token-count.js';

/** More of the same mistake does not help the caller, and long lists of errors are a way to load us. */
const MOST_ERRORS = 3;

/**
 * Headers that a browser sends across origins only after asking us first (we say no), so that their presence proves that no other
 * site made the request. Authorization is one of them, and nothing here works without it.
 */
const CSRF_HEADERS = ['authorization', 'x-apollo-operation-name', 'apollo-require-preflight'];

/** The GraphQL engine with everything switched off that a production API should not offer. */
export function createApollo(schema: GraphQLSchema, deps: ApiDeps, check: OperationCheck): ApolloServer<ApiContext> {
  return new ApolloServer<ApiContext>({
    schema,
    allowBatchedHttpRequests: false,
    cache: 'bounded',
    csrfPrevention: { requestHeaders: CSRF_HEADERS },
    executionOptions: { maxCoercionErrors: MOST_ERRORS },
    formatError: (_formatted, error) => presentError(error, deps.log),
    hideSchemaDetailsFromClientErrors: true,
    includeStacktraceInErrorResponses: false,
    // Gated by login: nothing at all is answered without a token.
    introspection: true,
    logger: deps.log,
    nodeEnv: 'production',
    parseOptions: { maxTokens: deps.limits.queryTokens.value },
    persistedQueries: false,
    stopOnTerminationSignals: false,
    validationOptions: { maxErrors: MOST_ERRORS },
    plugins: [
      ApolloServerPluginCacheControlDisabled(),
      ApolloServerPluginInlineTraceDisabled(),
      ApolloServerPluginLandingPageDisabled(),
      ApolloServerPluginSchemaReportingDisabled(),
      ApolloServerPluginUsageReportingDisabled(),
      operationPlugin(check, deps),
    ],
  });
}

/** What can be wrong with a document itself, as opposed to the request around it. */
const DOCUMENT_FAULTS: ReadonlySet<unknown> = new Set<ApiErrorCode>([
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'QUERY_TOO_LONG',
  'QUERY_TOO_DEEP',
  'QUERY_TOO_COMPLEX',
  'TOO_MANY_ALIASES',
  'TOO_MANY_DIRECTIVES',
  'PAGE_TOO_LARGE',
]);

const faultOf = ({ errors }: { readonly errors?: readonly GraphQLFormattedError[] }): unknown =>
  errors?.[0]?.extensions?.['code'];

function operationPlugin(check: OperationCheck, deps: ApiDeps): ApolloServerPlugin<ApiContext> {
  const listener = {
    async didResolveOperation({
      document,
      operation,
      request,
      contextValue,
    }: GraphQLRequestContext<ApiContext>): Promise<void> {
      if (!document || !operation) return;
      if (operation.operation === 'subscription') {
        throw new ApiError(
          'SUBSCRIPTION_NEEDS_WEBSOCKET',
          'Subscriptions are served over WebSocket at this same address (protocol graphql-transport-ws).',
          400,
        );
      }
      check.check(document, operation, request.variables, contextValue.viewer);
    },
    async willSendResponse(context: GraphQLRequestContext<ApiContext>): Promise<void> {
      const { body, http } = context.response;
      if (body?.kind !== 'single') return;
      const { singleResult } = body;
      if (
        singleResult.errors?.[0]?.extensions?.['code'] === 'GRAPHQL_PARSE_FAILED' &&
        isTooLong(context.source, deps.limits)
      ) {
        singleResult.errors = [presentError(tooLong(deps.limits), deps.log)];
      }
      if (singleResult.errors && singleResult.errors.length > MOST_ERRORS)
        singleResult.errors = singleResult.errors.slice(0, MOST_ERRORS);
      // GraphQL over HTTP: a client that asks for the older application/json reads what is wrong with its document from the body, and
      // takes any other status than 200 for a broken connection.
      if (http?.status === 400 && DOCUMENT_FAULTS.has(faultOf(singleResult)) && !acceptsGraphqlResponse(context))
        http.status = 200;
    },
  };
  return { requestDidStart: () => Promise.resolve(listener) };
}

const acceptsGraphqlResponse = ({ request }: GraphQLRequestContext<ApiContext>): boolean =>
  request.http?.headers.get('accept')?.includes('application/graphql-response+json') ?? false;
