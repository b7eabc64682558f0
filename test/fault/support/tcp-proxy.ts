import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A line between two parties that a test can cut, freeze and mend. */
export interface TcpProxy {
  readonly port: number;
  /** Connections tried since the start, refused ones included. */
  readonly attempts: number;
  /** Ends every connection, and every new one at once, until `mend`. */
  cut(): void;
  /** Lets nothing through in either direction, without a word, until `mend`. */
  freeze(): void;
  mend(): void;
  close(): Promise<void>;
}

/** Listens on a free port of this machine and passes bytes on to `target`. */
export async function startTcpProxy(target: { host: string; port: number }): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  let state: 'open' | 'cut' | 'frozen' = 'open';
  let attempts = 0;
  const hold = (socket: Socket, other: () => Socket): void => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      sockets.delete(socket);
      other().destroy();
    });
    if (state === 'frozen') socket.pause();
  };
  const server = createServer((near) => {
    attempts += 1;
    if (state === 'cut') {
      near.on('error', () => undefined);
      near.destroy();
      return;
    }
    const far = connect(target);
    near.pipe(far);
    far.pipe(near);
    hold(near, () => far);
    hold(far, () => near);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    get attempts() {
      return attempts;
    },
    cut() {
      state = 'cut';
      sockets.forEach((socket) => socket.destroy());
    },
    freeze() {
      state = 'frozen';
      sockets.forEach((socket) => socket.pause());
    },
    mend() {
      if (state === 'frozen') sockets.forEach((socket) => socket.resume());
      state = 'open';
    },
    async close() {
      sockets.forEach((socket) => socket.destroy());
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** The address of a proxy in the place of `url`'s own. */
export function throughProxy(url: string, proxy: TcpProxy): string {
  const through = new URL(url);
  through.hostname = '127.0.0.1';
  through.port = String(proxy.port);
  return through.href;
}
