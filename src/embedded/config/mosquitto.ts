import { pbkdf2Sync, randomBytes } from 'node:crypto';
import { LIMITS } from '../../platform/limits.js';
import { PROBE_USERS } from '../../platform/probe-users.js';
import { asFilter, spellOutKinds, TOPIC_RIGHTS, type TopicRights } from '../topic-rights.js';
import type { BrokerLogin } from './logins.js';

/** Where mosquitto finds its parts, and where it listens. */
export interface MosquittoPlace {
  /** After the word `listener`: a port, and an address to bind to if need be. */
  readonly gateways: string;
  readonly headEnd: string;
  readonly passwords: string;
  readonly acl: string;
  /** Ends in a slash. */
  readonly data: string;
  /** When what it has acknowledged reaches its disk; see docs/brokers.md. */
  readonly saves: MosquittoSaves;
  /** Absent: both listeners are in the clear, which is for closed networks only. */
  readonly tls?: {
    /** The authority of client certificates and of the broker's own chain. */
    readonly ca: string;
    readonly certificate: string;
    readonly key: string;
    /** Whether who connects must show a certificate of that authority, beside the password. */
    readonly clientCertificates: boolean;
  };
}

/**
 * `every-change`: after each turn of its loop mosquitto writes all it holds, and a kill -9 loses next to nothing, at some 500 messages a second.
 * `each-second`: fifty times as many, and a kill -9 loses what came in the last second and was not handed on.
 */
export const MOSQUITTO_SAVES = ['every-change', 'each-second'] as const;
export type MosquittoSaves = (typeof MOSQUITTO_SAVES)[number];

/** Paths and ports of the eclipse-mosquitto image, as docker-compose.yml uses them. */
export const IMAGE_PLACE: Omit<MosquittoPlace, 'saves'> = {
  gateways: '1883',
  headEnd: '1884',
  passwords: '/mosquitto/passwords/passwords',
  acl: '/mosquitto/config/acl',
  data: '/mosquitto/data/',
};
export const IMAGE_TLS_PLACE: Omit<MosquittoPlace, 'saves'> = {
  ...IMAGE_PLACE,
  gateways: '8883',
  headEnd: '8884',
  tls: {
    ca: '/mosquitto/tls/ca.crt',
    certificate: '/mosquitto/tls/broker.crt',
    key: '/mosquitto/tls/broker.key',
    clientCertificates: false,
  },
};

const WRITTEN_BY = '# Written by npm run broker-config; change the command, not this file.\n';

/** The access list. */
export function mosquittoAcl(headEndUser: string): string {
  const lines = (word: string, { publish, subscribe }: TopicRights): string[] => [
    ...publish.flatMap(({ topic }) => spellOutKinds(topic)).map((topic) => `${word} write ${asFilter(topic, '%u')}`),
    ...subscribe.map((topic) => `${word} read ${asFilter(topic, '%u')}`),
  ];
  return `${WRITTEN_BY}# Who may touch which topics (schema/mqtt/README.md). With this file in force everything not written here is denied.
# Mosquitto cannot tell retained messages or twelve digits apart: the head-end itself never retains a command and
# quarantines what comes from a topic of the wrong form.

# A gateway's user name is its number: 12 digits, given out by npm run broker-config only. So it is with the two users of
# the head-end's probe, ${PROBE_USERS.join(' and ')}.
${lines('pattern', TOPIC_RIGHTS.gateway).join('\n')}

user ${headEndUser}
${lines('topic', TOPIC_RIGHTS['head-end']).join('\n')}
`;
}

const SAVES_IN_WORDS: Readonly<Record<MosquittoSaves, string>> = {
  'every-change': `# A QoS 1 message is acknowledged once it is in memory, so the database must follow at once: save after every change,
# not every half hour. With the defaults a kill -9 loses everything since the last save. It bounds mosquitto to some 500
# messages a second; npm run broker-config -- --saves each-second is for more meters than that (docs/brokers.md).`,
  'each-second': `# A QoS 1 message is acknowledged once it is in memory; it is saved within a second. A kill -9 of the broker loses what came
# in its last second and was not handed on: orders are rows and are sent again, readings are asked for again, an event is lost.`,
};

/** mosquitto.conf. */
export function mosquittoConf(place: MosquittoPlace): string {
  const tls = place.tls
    ? `cafile ${place.tls.ca}
certfile ${place.tls.certificate}
keyfile ${place.tls.key}
tls_version tlsv1.2
require_certificate ${place.tls.clientCertificates}
`
    : '';
  return `${WRITTEN_BY}# Mosquitto for Relight: deny by default, nothing acknowledged is lost. Tried with mosquitto 2.0.11.

# One set of users and rules for all listeners. Do not set this to true: since 2.0.12 mosquitto then drops messages for
# subscribers that are offline (eclipse-mosquitto/mosquitto#2618), which would be restores.
per_listener_settings false

# Gateways. A connection's session belongs to its user: a gateway that takes its neighbour's client identifier neither
# pushes it off the line nor receives what is kept for it.
listener ${place.gateways}
use_username_as_clientid true
${tls}
# Head-end, several connections with client identifiers of its own choice. Reachable from its own network only.
listener ${place.headEnd}
use_username_as_clientid false
${tls}
allow_anonymous false
password_file ${place.passwords}
acl_file ${place.acl}

${SAVES_IN_WORDS[place.saves]}
persistence true
persistence_location ${place.data}
autosave_on_changes ${place.saves === 'every-change'}
autosave_interval 1
# A gateway away for longer comes back to a clean session; what it has missed has expired long before.
persistent_client_expiration 7d

# Contract v1: a payload has at most 65,536 bytes. A longer one is dropped; a packet that is longer still, topic and
# headers included, ends the connection before it is read.
message_size_limit ${LIMITS.mqttPayloadBytes.value}
max_packet_size ${LIMITS.mqttPayloadBytes.value + 1_024}

# For the head-end, which acknowledges after its transaction: as much under way as one of its groups and a half, and a
# backlog of a few minutes of a city's messages while it restarts. Both bounds hold for every client.
max_inflight_messages 1000
max_queued_messages 100000
max_queued_bytes 67108864

# Commands are small and urgent.
set_tcp_nodelay true

log_dest stdout
log_type error
log_type warning
log_type notice
log_timestamp_format %Y-%m-%dT%H:%M:%S
`;
}

/** Mosquitto's own count. Machine-made passwords have nothing in them to guess faster. */
const ITERATIONS = 101;

/** The password file in mosquitto's format 7: PBKDF2 with SHA-512. */
export function mosquittoPasswords(logins: readonly BrokerLogin[]): string {
  return logins
    .map(({ user, password }) => {
      const salt = randomBytes(12);
      const key = pbkdf2Sync(password, salt, ITERATIONS, 64, 'sha512');
      return `${user}:$7$${ITERATIONS}$${salt.toString('base64')}$${key.toString('base64')}\n`;
    })
    .join('');
}
