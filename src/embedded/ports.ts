import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';

/** A TCP port that somebody else already listens on. The caller moves to another one or tells the user. */
export class PortTakenError extends Error {
  readonly code = 'EADDRINUSE';

  /** @param what the part that wanted the port, for the message */
  constructor(
    what: string,
    host: string,
    readonly port: number,
  ) {
    super(`${what}: port ${port} on ${host} is taken; stop the program that uses it or choose another port`);
    this.name = 'PortTakenError';
  }
}

/** True when nobody listens on this port now. It may be taken a moment later: bind, and be ready for a refusal. */
export async function isPortFree(host: string, port: number): Promise<boolean> {
  return (await tryListen(host, port)) !== undefined;
}

/** A port the operating system calls free at this moment. */
export async function findFreePort(host: string): Promise<number> {
  const port = await tryListen(host, 0);
  if (port === undefined) throw new Error(`no free TCP port on ${host}: close some programs and try again`);
  return port;
}

function tryListen(host: string, port: number): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(undefined);
      else reject(error);
    });
    server.listen(port, host, () => {
      const { port: bound } = server.address() as AddressInfo;
      server.close(() => resolve(bound));
    });
  });
}
