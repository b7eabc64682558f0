import { createHash, randomBytes } from 'node:crypto';
import { LIMITS } from '../../platform/limits.js';
import { PROBE_USERS } from '../../platform/probe-users.js';
import { asFilter, spellOutKinds, TOPIC_RIGHTS, type TopicRights } from '../topic-rights.js';
import type { BrokerLogin } from './logins.js';

/**
 * acl.conf of EMQX 5.7 or newer (file authorizer): Erlang terms, first match decides, twelve digits and retained messages told apart.
 */
export function emqxAcl(headEndUser: string): string {
  const rules = (who: string, { publish, subscribe }: TopicRights): string[] => [
    ...publish.map(({ topic, mayRetain }) => {
      const act = mayRetain ? 'publish' : '{publish, [{retain, false}]}';
      return `{allow, ${who}, ${act}, [${filters(spellOutKinds(topic))}]}.`;
    }),
    `{allow, ${who}, subscribe, [${filters(subscribe)}]}.`,
  ];
  const filters = (topics: readonly string[]): string =>
    topics.map((topic) => `"${asFilter(topic, '${username}')}"`).join(', ');
  return `%% Written by npm run broker-config; change the command, not this file.
%% Who may touch which topics (schema/mqtt/README.md).

%% A gateway's user name is its number. ${PROBE_USERS.join(' and ')} are the users of the head-end's probe.
${rules('{username, {re, "^[0-9]{12}$"}}', TOPIC_RIGHTS.gateway).join('\n')}

${rules(`{username, "${headEndUser}"}`, TOPIC_RIGHTS['head-end']).join('\n')}

{deny, all}.
`;
}

const SSL_OPTIONS = `ssl_options {
    cacertfile = "/opt/emqx/etc/relight/tls/ca.crt"
    certfile = "/opt/emqx/etc/relight/tls/broker.crt"
    keyfile = "/opt/emqx/etc/relight/tls/broker.key"
    versions = ["tlsv1.3", "tlsv1.2"]
  }`;

/** The part of emqx.conf (HOCON) that Relight needs; paths are those of the emqx image. */
export const emqxConf = (): string => `# Written by npm run broker-config; change the command, not this file.
# For EMQX 5.7 or newer. Put it beside the image's own base configuration: node name, cookie and dashboard are yours to choose.

# Gateways: a session belongs to its user, so that nobody takes over a neighbour's.
zones.gateways.mqtt.use_username_as_clientid = true

mqtt {
  # Contract v1: a payload has at most ${LIMITS.mqttPayloadBytes.value} bytes; beside it come topic and headers.
  max_packet_size = ${LIMITS.mqttPayloadBytes.value + 1_024}B
  # What waits for a gateway, or for a head-end that is being started again, waits as long as it is of use.
  session_expiry_interval = 7d
  # The head-end acknowledges after its transaction: as much under way as one of its groups and a half.
  max_inflight = 1000
  max_mqueue_len = 100000
  mqueue_store_qos0 = false
  retain_available = true
  shared_subscription = true
}

# One after the other, and those who cannot take it are passed over.
mqtt.shared_subscription_strategy = round_robin

listeners.ssl.gateways {
  bind = "0.0.0.0:8883"
  zone = gateways
  max_connections = 200000
  ${SSL_OPTIONS}
}

# Head-end, several connections with client identifiers of its own choice. Reachable from its own network only.
listeners.ssl.head_end {
  bind = "0.0.0.0:8884"
  ${SSL_OPTIONS}
}

# The four that EMQX opens by itself.
listeners.tcp.default.enable = false
listeners.ssl.default.enable = false
listeners.ws.default.enable = false
listeners.wss.default.enable = false

# With a chain of authentication nobody comes in without a password.
authentication = [
  {
    mechanism = password_based
    backend = built_in_database
    user_id_type = username
    password_hash_algorithm { name = sha256, salt_position = prefix }
    # Read once, when the chain is made; later users come by POST /api/v5/authentication/{id}/import_users.
    bootstrap_file = "/opt/emqx/etc/relight/users.csv"
    bootstrap_type = hash
  }
]

authorization {
  no_match = deny
  # As the embedded broker and mosquitto do: refused and acknowledged, so that one message does not cut off 2,000 meters.
  deny_action = ignore
  sources = [{ type = file, enable = true, path = "/opt/emqx/etc/relight/acl.conf" }]
}

# Without this a restart of the broker forgets the sessions of those who are offline, and what waits for them.
durable_sessions.enable = true
`;

/** Users for the built-in database (`bootstrap_type = hash`): SHA-256 over salt and password. */
export function emqxUsers(logins: readonly BrokerLogin[]): string {
  const rows = logins.map(({ user, password }) => {
    const salt = randomBytes(16).toString('hex');
    const hash = createHash('sha256').update(`${salt}${password}`).digest('hex');
    return `${user},${hash},${salt},false\n`;
  });
  return `user_id,password_hash,salt,is_superuser\n${rows.join('')}`;
}
