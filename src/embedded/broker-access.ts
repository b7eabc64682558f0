import type { AedesOptions, AuthenticateError, Client } from 'aedes';
import { LIMITS } from '../platform/limits.js';
import { mayReceive, rulesFor, whyNotPublish, whyNotSubscribe, type Rules } from './broker-acl.js';
import type { EmbeddedLog } from './embedded-log.js';
import { FailedLogins } from './failed-logins.js';
import type { Principal } from './topic-rights.js';

/**
 * Tells who a user name and password belong to, or null. It must compare in constant time (`crypto.timingSafeEqual`
 * over hashes); the broker only bounds how often one may guess. An error it throws is answered with "server unavailable".
 */
export type Authenticate = (username: string, password: string) => Promise<Principal | null>;

/** Guesses by one address at one user name; a device with a wrong password tries every few seconds. */
const FAILED_LOGINS_PER_WINDOW = 20;
const FAILED_LOGIN_WINDOW_MS = 60_000;
/** A connection that is denied over and over is told of once in this time, so that it cannot fill the log. */
const DENIAL_LOG_INTERVAL_MS = 10_000;
const LOGGED_TOPIC_CHARACTERS = 100;
/** Where refused messages go: nobody may subscribe to it, and wildcards do not reach topics that begin with `$`. */
const REFUSED_TOPIC = '$refused';
/** CONNACK codes of MQTT 3.1.1 §3.2.2.3. Mosquitto answers a wrong password with 5 too. */
const [SERVER_UNAVAILABLE, NOT_AUTHORIZED] = [3, 5];

type Hooks = Required<
  Pick<AedesOptions, 'preConnect' | 'authenticate' | 'authorizePublish' | 'authorizeSubscribe' | 'authorizeForward'>
>;

/** What aedes asks about a connection, answered from the rules of the principal behind it. */
export function accessControl(authenticate: Authenticate, log: EmbeddedLog): Hooks {
  const rulesOf = new WeakMap<Client, Rules>();
  const login = loginWith(authenticate, rulesOf);
  const logDenied = denialLog(log);

  return {
    preConnect(_client, packet, done) {
      // Sessions belong to a user. Otherwise a gateway that takes its neighbour's identifier would push it off the line
      // and be handed what the broker kept for it. An empty one stays empty: aedes then makes one up.
      if (packet.clientId) packet.clientId = `${packet.username ?? ''}/${packet.clientId}`;
      done(null, true);
    },
    authenticate(client, username, password, done) {
      login(client, username ?? '', password?.toString() ?? '').then(
        (refusal) => done(refusal, refusal === null),
        (error: unknown) => {
          log.error({ err: error, clientId: client.id }, 'broker: cannot tell whether a login is right');
          done(connackError('server unavailable', SERVER_UNAVAILABLE), null);
        },
      );
    },
    authorizePublish(client, packet, done) {
      if (packet.payload.length > LIMITS.mqttPayloadBytes.value) {
        return done(new Error(`MQTT payload too long: it may have ${LIMITS.mqttPayloadBytes.value} bytes`));
      }
      const rules = client && rulesOf.get(client);
      const reason = rules ? whyNotPublish(rules, packet.topic, packet.retain) : 'not logged in';
      if (reason) {
        logDenied(client, { act: 'publish', topic: packet.topic, reason });
        Object.assign(packet, { topic: REFUSED_TOPIC, payload: Buffer.alloc(0), retain: false });
      }
      done(null);
    },
    authorizeSubscribe(client, subscription, done) {
      const rules = rulesOf.get(client);
      const reason = rules ? whyNotSubscribe(rules, subscription.topic) : 'not logged in';
      if (reason) logDenied(client, { act: 'subscribe', topic: subscription.topic, reason });
      done(null, reason ? null : subscription);
    },
    authorizeForward(client, packet) {
      // Asked again at delivery: aedes 1.2 stores a persistent session's whole SUBSCRIBE packet, denied filters with
      // it, and would hand over what it queued for them at the next connect.
      const rules = rulesOf.get(client);
      return rules && mayReceive(rules, packet.topic) ? packet : null;
    },
  };
}

/** Resolves to null when the login is right, else to the error aedes turns into a CONNACK code. */
function loginWith(authenticate: Authenticate, rulesOf: WeakMap<Client, Rules>) {
  const failedLogins = new FailedLogins(FAILED_LOGINS_PER_WINDOW, FAILED_LOGIN_WINDOW_MS);
  return async (client: Client, username: string, password: string): Promise<AuthenticateError | null> => {
    const address = 'remoteAddress' in client.conn ? client.conn.remoteAddress : '';
    const key = `${address} ${username}`;
    if (failedLogins.isBlocked(key)) return connackError('too many failed logins; wait a minute', SERVER_UNAVAILABLE);

    const principal = await authenticate(username, password);
    if (!principal) {
      failedLogins.record(key);
      return connackError('user name or password is wrong', NOT_AUTHORIZED);
    }
    rulesOf.set(client, rulesFor(principal));
    return null;
  };
}

function connackError(message: string, returnCode: number): AuthenticateError {
  return Object.assign(new Error(message), { returnCode });
}

interface Denial {
  act: 'publish' | 'subscribe';
  topic: string;
  reason: string;
}

/** Writes who was denied what, never a payload. */
function denialLog(log: EmbeddedLog): (client: Client | null, denial: Denial) => void {
  const silentUntilMs = new WeakMap<Client, number>();
  return (client, { act, topic, reason }) => {
    if (client) {
      if (performance.now() < (silentUntilMs.get(client) ?? 0)) return;
      silentUntilMs.set(client, performance.now() + DENIAL_LOG_INTERVAL_MS);
    }
    log.warn({ clientId: client?.id, act, topic: topic.slice(0, LOGGED_TOPIC_CHARACTERS), reason }, 'broker: denied');
  };
}
