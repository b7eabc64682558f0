import { createServer, type AddressInfo, type Socket } from 'node:net';
import { Aedes } from 'aedes';

/** A broker without any rule, as one that somebody has set up wrongly: whatever it lets through, the head-end must bear. */
export interface OpenBroker {
  readonly url: string;
  /** Payloads that a subscriber has acknowledged to the broker (PUBACK), oldest first. */
  readonly acknowledged: string[];
  publish(topic: string, payload: string | Buffer, qos?: 0 | 1): Promise<void>;
  stop(): Promise<void>;
}

export async function startOpenBroker(): Promise<OpenBroker> {
  const broker = await Aedes.createBroker({ concurrency: 0 });
  const acknowledged: string[] = [];
  broker.on('ack', (packet) => {
    if (packet && 'payload' in packet) acknowledged.push(String(packet.payload));
  });
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    broker.handle(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `mqtt://127.0.0.1:${(server.address() as AddressInfo).port}`,
    acknowledged,
    publish: (topic, payload, qos = 1) =>
      new Promise((resolve, reject) => {
        const packet = {
          cmd: 'publish',
          topic,
          payload: Buffer.from(payload),
          qos,
          retain: false,
          dup: false,
        } as const;
        broker.publish(packet, (error) => (error ? reject(error) : resolve()));
      }),
    async stop() {
      await new Promise<void>((resolve) => broker.close(resolve));
      sockets.forEach((socket) => socket.destroy());
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
