import { createHmac } from 'node:crypto';
import { PROBE_USERS } from '../platform/probe-users.js';

/** Messages of one meter, and messages of a gateway. */
export const METER_KINDS = ['ack', 'state', 'reading', 'event'] as const;

/** Where a message from the field belongs. Gateway and meter are 12-digit numbers. */
export type UplinkTopic =
  | { readonly kind: 'status' | 'frames'; readonly gateway: string }
  | { readonly kind: 'ack' | 'state' | 'reading' | 'event'; readonly gateway: string; readonly meter: string };

const STATUS = /^relight\/v1\/([0-9]{12})\/status$/;
const FRAMES = /^relight\/v1\/([0-9]{12})\/up\/\1\/frames$/;
const UP = /^relight\/v1\/([0-9]{12})\/up\/([0-9]{12})\/(ack|state|reading|event)$/;

/** Reads a topic of contract v1; undefined if it is none. */
export function parseUplinkTopic(topic: string): UplinkTopic | undefined {
  const up = UP.exec(topic);
  if (up) return { kind: up[3] as 'ack', gateway: up[1]!, meter: up[2]! };
  const frames = FRAMES.exec(topic);
  if (frames) return { kind: 'frames', gateway: frames[1]! };
  const status = STATUS.exec(topic);
  return status ? { kind: 'status', gateway: status[1]! } : undefined;
}

export const downTopic = (gateway: string, meter: string): string => `relight/v1/${gateway}/down/${meter}`;
export const clockTopic = (gateway: string): string => `relight/v1/${gateway}/clock`;

/** What the head-end listens to. */
export const UP_SUBSCRIPTION = 'relight/v1/+/up/+/+';
export const STATUS_SUBSCRIPTION = 'relight/v1/+/status';

/** The name under which sessions shared a filter before it was a secret. */
export const FORMER_SHARE = 'relight';

/**
 * The name under which the head-end's sessions share what comes up: known only to who knows the head-end's password. Mosquitto 2.0 admits any subscription, deals a share of
 * the messages to it and then drops what its rules deny: a gateway that could name the share would make the words of others vanish.
 */
export const shareName = (password: string): string =>
  createHmac('sha256', password).update('relight uplink share').digest('hex').slice(0, 32);

/** The same filter, each message to one of the sessions of that name (MQTT 5 §4.8.2; mosquitto and EMQX give it to 3.1.1 clients too). */
export const sharedSubscription = (share: string, filter: string): string => `$share/${share}/${filter}`;

/** What the probe says while it tries the broker's rules: heard by every head-end, and of no meaning. */
export const isProbeTopic = (topic: string): boolean =>
  PROBE_USERS.some((user) => topic.startsWith(`relight/v1/${user}/`));
