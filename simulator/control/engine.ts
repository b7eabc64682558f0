import {
  execute,
  getOperationAST,
  GraphQLError,
  parse,
  validate,
  type DocumentNode,
  type ExecutionArgs,
} from 'graphql';
import type { RunningFleet } from '../fleet.js';
import { mutations, queries } from './resolvers.js';
import { controlSchema, tooLarge } from './schema.js';
import { subscriptions } from './subscriptions.js';

/** Tokens of one request; parsing stops there. */
const MAX_TOKENS = 5_000;

/** What goes back over HTTP. */
export interface Answer {
  status: number;
  body: unknown;
}

interface Request {
  query: string;
  variables?: Record<string, unknown> | null;
  operationName?: string | null;
}

/** The control API without its sockets: requests in, answers out. */
export class ControlEngine {
  readonly #schema = controlSchema();
  readonly #roots: Record<'query' | 'mutation' | 'subscription', object>;

  constructor(fleet: RunningFleet) {
    this.#roots = { query: queries(fleet), mutation: mutations(fleet), subscription: subscriptions(fleet) };
  }

  /** Answers a query or mutation that came as the JSON body of a POST. */
  async answer(body: unknown): Promise<Answer> {
    if (!isRequest(body)) {
      return refused([new GraphQLError('Send {"query":"…"}, with "variables" and "operationName" where needed.')]);
    }
    const prepared = this.prepare(body);
    if (Array.isArray(prepared)) return refused(prepared);
    if (getOperationAST(prepared.document, prepared.operationName)?.operation === 'subscription') {
      return refused([new GraphQLError('Subscriptions go over graphql-transport-ws on this path.')]);
    }
    return { status: 200, body: await execute(prepared) };
  }

  /** Checks a request of any kind: what to execute, or what is wrong with it. */
  prepare(request: Request): ExecutionArgs | GraphQLError[] {
    const schema = this.#schema;
    let document: DocumentNode;
    try {
      document = parse(request.query, { maxTokens: MAX_TOKENS });
    } catch (error) {
      return [error as GraphQLError];
    }
    const problems = validate(schema, document);
    if (problems.length > 0) return [...problems];
    const large = tooLarge(document);
    if (large) return [large];
    const operation = getOperationAST(document, request.operationName);
    if (!operation) return [new GraphQLError('Say which operation by "operationName".')];
    return {
      schema,
      document,
      rootValue: this.#roots[operation.operation],
      variableValues: request.variables,
      operationName: request.operationName,
    };
  }
}

const refused = (errors: readonly GraphQLError[]): Answer => ({ status: 400, body: { errors } });

function isRequest(body: unknown): body is Request {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return false;
  const { query, variables, operationName } = body as Record<string, unknown>;
  return (
    typeof query === 'string' &&
    ((variables ?? null) === null || (typeof variables === 'object' && !Array.isArray(variables))) &&
    ((operationName ?? null) === null || typeof operationName === 'string')
  );
}
