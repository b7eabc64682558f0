import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A door between a client and PostgreSQL that a test can slam. */
export interface TcpProxy {
  /** The database URL through the door. */
  readonly url: string;
  /** Connections tried since the start, also those refused. */
  readonly tries: number;
  /** Ends every connection without a word and refuses new ones. */
  shut(): void;
  /** Lets connections through again. */
  open(): void;
  /** Keeps back what the server sends, until {@link flow}: then it arrives all at once. */
  hold(): void;
  flow(): void;
  stop(): Promise<void>;
}

export async function startTcpProxy(databaseUrl: string): Promise<TcpProxy> {
  const target = new URL(databaseUrl);
  const sockets = new Set<Socket>();
  const upstreams = new Set<Socket>();
  let isOpen = true;
  let tries = 0;
  const server = createServer((client) => {
    tries += 1;
    client.on('error', () => undefined);
    if (!isOpen) {
      client.destroy();
      return;
    }
    const upstream = connect(Number(target.port), target.hostname);
    upstream.on('error', () => undefined);
    upstreams.add(upstream);
    upstream.on('close', () => upstreams.delete(upstream));
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(one);
      one.on('close', () => {
        sockets.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const through = new URL(databaseUrl);
  through.hostname = '127.0.0.1';
  through.port = String((server.address() as AddressInfo).port);
  const shut = () => {
    isOpen = false;
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: through.href,
    get tries() {
      return tries;
    },
    shut,
    open() {
      isOpen = true;
    },
    hold() {
      for (const upstream of upstreams) upstream.pause();
    },
    flow() {
      for (const upstream of upstreams) upstream.resume();
    },
    stop() {
      shut();
      return new Promise((closed) => server.close(() => closed()));
    },
  };
}
