import type { FlowContext } from '../flows/context.js';
import { Leases } from '../platform/leases.js';
import {
  FORMER_SHARE,
  isProbeTopic,
  sharedSubscription,
  shareName,
  STATUS_SUBSCRIPTION,
  UP_SUBSCRIPTION,
} from './topics.js';
import type { BrokerAccess } from './broker-access.js';
import { UplinkConnection, type UplinkDelivery } from './uplink-connection.js';

/**
 * Sessions that share what comes up, where the broker deals it out. As many head-ends take part; more stand by. The number never falls
 * without care: a session that nobody holds goes on being dealt its share.
 */
const SHARED_SESSIONS = 4;
const leaseOf = (session: number): string => `uplink-session-${session}`;

/**
 * The way up, shared by all head-end processes at one database (docs/decisions/0023). A session at the broker belongs to nobody: whoever
 * holds its lease connects under its name, and is handed whatever the one before had not acknowledged. The broker pushes an
 * earlier connection of the same name off the line, so that nobody acknowledges in another's place.
 */
export class UplinkSessions {
  private readonly leases: Leases;
  private readonly connections = new Map<string, UplinkConnection>();
  private readonly shared: boolean;
  private paused = false;

  constructor(
    private readonly ctx: FlowContext,
    private readonly access: BrokerAccess,
    private readonly deliver: (delivery: UplinkDelivery) => void,
  ) {
    this.shared = access.sharedSubscriptions === true;
    const sessions = Array.from({ length: this.shared ? SHARED_SESSIONS : 1 }, (_, session) => session);
    this.leases = new Leases({
      url: ctx.db.url,
      instance: access.clientId,
      names: sessions.map(leaseOf),
      leaseMs: ctx.timings.leaseMs,
      log: ctx.log,
      gained: (name) =>
        this.open(
          name,
          sessions.find((session) => leaseOf(session) === name)!,
        ),
      lost: (name) => this.close(name),
    });
  }

  /** Every session has somebody, and ours are connected. */
  get connected(): boolean {
    return this.leases.allTaken && [...this.connections.values()].every(({ connected }) => connected);
  }

  start(): void {
    this.leases.start();
  }

  /** Back-pressure: while paused, TCP holds the broker back. */
  pause(): void {
    this.paused = true;
    for (const connection of this.connections.values()) connection.pause();
  }

  resume(): void {
    this.paused = false;
    for (const connection of this.connections.values()) connection.resume();
  }

  stop(): Promise<void> {
    return this.leases.stop();
  }

  private open(name: string, session: number): void {
    const up = sharedSubscription(shareName(this.access.password), UP_SUBSCRIPTION);
    // Presence is retained, and what is retained is not dealt out: one session hears all of it.
    const status = session === 0 ? [STATUS_SUBSCRIPTION] : [];
    const connection = new UplinkConnection(
      {
        ...this.access,
        clientId: `relight-uplink-${session}`,
        subscriptions: [this.shared ? up : UP_SUBSCRIPTION, ...status],
        // Of a time when the broker, or the name of the share, was another.
        unsubscriptions: [this.shared ? UP_SUBSCRIPTION : up, sharedSubscription(FORMER_SHARE, UP_SUBSCRIPTION)],
        mayConnect: () => this.leases.holds(name),
      },
      (delivery) => {
        if (isProbeTopic(delivery.topic)) delivery.acknowledge();
        else this.deliver(delivery);
      },
      this.ctx.log,
    );
    this.connections.set(name, connection);
    connection.start();
    if (this.paused) connection.pause();
  }

  private async close(name: string): Promise<void> {
    const connection = this.connections.get(name);
    this.connections.delete(name);
    await connection?.stop();
  }
}
