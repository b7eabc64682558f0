import type { Broker } from './broker-url.js';

/** What a connection of a gateway needs to know, and whom it tells. */
export interface LinkOptions {
  broker: Broker;
  clientId: string;
  username: string;
  password: string;
  keepaliveSeconds: number;
  will: { topic: string; payload: string };
  subscriptions: string[];
  /** A message came. `acknowledge` sends its PUBACK; after the connection has ended it does nothing. */
  onMessage(topic: string, payload: Buffer, acknowledge: () => void): void;
  /** Connected and subscribed. */
  onUp(): void;
  /** An attempt failed or a connection ended; never called after `close`. */
  onDown(reason: string): void;
  /** The broker has acknowledged a message, this long after it was handed to `publish`, ms. */
  onAcknowledged?(afterMs: number): void;
  /** A queued message had to be dropped. */
  onOverflow(): void;
}

/** One connection to a broker, as its owner sees it: over a socket (`MqttLink`), or inside this process (scenarios). */
export interface Link {
  /** Messages the broker has not acknowledged yet. */
  readonly pending: number;
  open(nowMs: number): void;
  publish(topic: string, payload: string): void;
  publishPresence(topic: string, payload: string): void;
  drop(): void;
  close(waitMs: number): Promise<void>;
  tick(nowMs: number): void;
}
