import { createServer, request } from 'node:http';

/** What happens at the door to a cut that asks for its signature; everything else always goes through. */
export type DoorMode = 'through' | 'refused' | 'killed' | 'mute';

/** A door before the guard, so that a test can act between SENT and the signature. */
export interface GuardDoor {
  readonly url: string;
  mode: DoorMode;
  /** Cuts that asked for their signature. */
  readonly asked: number;
  close(): Promise<void>;
}

/** @param kill ends the guard behind the door; called in mode `killed`, before the cut's question is lost */
export async function openGuardDoor(
  behind: string,
  path: string,
  kill: () => Promise<void> = () => Promise.resolve(),
): Promise<GuardDoor> {
  const server = createServer((incoming, outgoing) => {
    const isCut = incoming.url === '/sign';
    if (isCut) door.asked += 1;
    if (isCut && door.mode === 'mute') return;
    if (isCut && door.mode === 'killed') {
      void kill().then(() => outgoing.destroy());
      return;
    }
    if (isCut && door.mode === 'refused') {
      outgoing.writeHead(409, { 'content-type': 'application/json' });
      outgoing.end(JSON.stringify({ code: 'BLOCKED', message: 'a test says so' }));
      return;
    }
    const { method, url, headers } = incoming;
    const onward = request({ socketPath: behind, path: url, method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(outgoing);
    });
    onward.once('error', () => outgoing.destroy());
    incoming.pipe(onward);
  });
  const door = {
    url: `unix:${path}`,
    mode: 'through' as DoorMode,
    asked: 0,
    close: () =>
      new Promise<void>((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
  await new Promise<void>((listening) => server.listen(path, listening));
  return door;
}
