import { ConfigError } from './config.js';

/** How many ports after the default are tried. */
const PORTS_TRIED = 50;

/**
 * Listens on the port named, or on the first free one from the default on. A port named by the user is taken at its word.
 * @throws ConfigError when the named port, or all ports tried, are taken
 */
export async function onFreePort<T>(
  setting: string,
  named: number | undefined,
  preferred: number,
  listen: (port: number) => Promise<T>,
  remarks: string[],
): Promise<T> {
  const ports = named !== undefined ? [named] : Array.from({ length: PORTS_TRIED }, (_, step) => preferred + step);
  for (const port of ports) {
    try {
      const listening = await listen(port);
      if (port !== preferred && named === undefined)
        remarks.push(`Port ${preferred} is taken; using ${port} instead. Set ${setting} to choose.`);
      return listening;
    } catch (error) {
      if ((error as { code?: string }).code !== 'EADDRINUSE') throw error;
    }
  }
  throw new ConfigError(
    named !== undefined
      ? `${setting}=${named} is taken by another program. Stop it, or set ${setting} to a free port.`
      : `No free port from ${preferred} to ${preferred + PORTS_TRIED - 1}. Set ${setting} to a free port.`,
  );
}
