import { connect, type Socket } from 'node:net';
import { once } from 'node:events';

/** The answer to one request, its body whole. */
export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
  /** When its last byte had come, ms on the clock of `performance`. */
  readonly atMs: number;
}

const HEAD_END = Buffer.from('\r\n\r\n');

/**
 * One keep-alive connection that posts GraphQL, one request at a time. Written out by hand because it shares two cores with what it
 * measures: a full HTTP client costs as much as some servers.
 */
export class HttpConnection {
  private received: Buffer = Buffer.alloc(0);
  private waiting:
    { readonly resolve: (answer: HttpAnswer) => void; readonly reject: (error: Error) => void } | undefined;

  private constructor(
    private readonly socket: Socket,
    private readonly head: string,
  ) {
    socket.on('data', (chunk: Buffer) => this.take(chunk));
    socket.on('error', (error) => this.fail(error));
    socket.on('close', () => this.fail(new Error('the server closed the connection')));
  }

  static async open(url: string, token: string): Promise<HttpConnection> {
    const { hostname, port, host } = new URL(url);
    const socket = connect({ host: hostname, port: Number(port), noDelay: true });
    await once(socket, 'connect');
    return new HttpConnection(
      socket,
      `POST /graphql HTTP/1.1\r\nhost: ${host}\r\nauthorization: Bearer ${token}\r\ncontent-type: application/json\r\naccept: application/graphql-response+json\r\nconnection: keep-alive\r\n`,
    );
  }

  /** Posts a query with its variables. */
  post(query: string, variables: object): Promise<HttpAnswer> {
    if (this.waiting) throw new Error('one request at a time on a connection');
    const body = JSON.stringify({ query, variables });
    return new Promise((resolve, reject) => {
      this.waiting = { resolve, reject };
      this.socket.write(`${this.head}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
    });
  }

  close(): void {
    this.waiting = undefined;
    this.socket.destroy();
  }

  private take(chunk: Buffer): void {
    this.received = this.received.length === 0 ? chunk : Buffer.concat([this.received, chunk]);
    const headLength = this.received.indexOf(HEAD_END);
    if (headLength < 0) return;
    const head = this.received.toString('latin1', 0, headLength);
    const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1];
    if (length === undefined) return this.fail(new Error(`an answer without content-length:\n${head}`));
    const end = headLength + HEAD_END.length + Number(length);
    if (this.received.length < end) return;
    const answer = {
      status: Number(head.slice(9, 12)),
      body: this.received.toString('utf8', headLength + HEAD_END.length, end),
      atMs: performance.now(),
    };
    this.received = this.received.subarray(end);
    const { resolve } = this.waiting ?? {};
    this.waiting = undefined;
    resolve?.(answer);
  }

  private fail(error: Error): void {
    this.waiting?.reject(error);
    this.waiting = undefined;
  }
}

/**
 * The data of a GraphQL answer.
 * @throws Error with the answer when it is anything but data
 */
export function dataOf<Data>(answer: HttpAnswer): Data {
  const { data, errors } = JSON.parse(answer.body) as { data?: Data | null; errors?: unknown };
  if (answer.status !== 200 || !data || errors)
    throw new Error(`the API answered ${answer.status}: ${answer.body.slice(0, 1_000)}`);
  return data;
}

/** The payload of a mutation named `change`, which must have no user errors. */
export function changeOf<Payload>(answer: HttpAnswer): Payload {
  const { change } = dataOf<{ change: Payload & { userErrors: { code: string; message: string }[] } }>(answer);
  if (change.userErrors.length > 0)
    throw new Error(change.userErrors.map(({ code, message }) => `${code}: ${message}`).join('; '));
  return change;
}
