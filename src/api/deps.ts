import type { SqlEntityManager } from '@mikro-orm/postgresql';
import type { FlowContext } from '../flows/context.js';
import type { LimitName } from '../platform/limits.js';
import type { Logger } from '../platform/log.js';
import type { AuthSettings } from './auth/authenticate.js';

/** The table of platform/limits.ts, or one with smaller bounds in tests. */
export type Limits = Readonly<
  Record<LimitName, { readonly value: number; readonly unit: string; readonly reason: string }>
>;

/** Whether this process can do its work, part by part. Messages go to whoever asks: no addresses, no secrets. */
export interface HealthReport {
  readonly ready: boolean;
  readonly checks: Readonly<Record<string, { readonly ok: boolean; readonly message?: string }>>;
}

/** A public key a meter obeys: `x` is the raw Ed25519 key, base64url. */
export interface DownlinkKey {
  readonly kid: string;
  readonly role: 'head-end' | 'guard';
  readonly x: string;
}

/** All that the API needs from outside; nothing is looked up. */
export interface ApiDeps {
  readonly flows: FlowContext;
  /** A fresh entity manager for one request. */
  readonly em: () => SqlEntityManager;
  readonly auth: AuthSettings;
  readonly limits: Limits;
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly log: Logger;
  /** Present in simulation mode only. */
  readonly simulation?: { fleetManifest(): Promise<unknown> };
  /** The public keys that meters must know: the head-end's, and the guard's where there is one. */
  readonly downlinkKeys: () => Promise<readonly DownlinkKey[]>;
  health(): Promise<HealthReport>;
}
