import { randomUUID } from 'node:crypto';
import type { MqttClient } from 'mqtt';
import { PROBE_USERS } from '../platform/probe-users.js';
import type { BrokerAccess } from './broker-access.js';
import { listenTo, ProbeLine, publish, subscribe, type ProbeAccess } from './probe-line.js';
import { clockTopic, downTopic, METER_KINDS, sharedSubscription } from './topics.js';

/** What is wrong with a broker. */
export interface BrokerFinding {
  readonly code:
    | 'BROKER_ADMITS_ANYBODY'
    | 'BROKER_ADMITS_ANY_PASSWORD'
    | 'BROKER_PROBE_LOGIN'
    | 'BROKER_LETS_PUBLISH'
    | 'BROKER_LETS_LISTEN'
    | 'BROKER_DEAF';
  /** What was tried, what happened, what to do. */
  readonly text: string;
}

export interface BrokerVerdict {
  /** Empty: gateways are kept apart. */
  readonly findings: readonly BrokerFinding[];
  /** Whether the broker deals messages out to several sessions of one name. */
  readonly sharedSubscriptions: boolean;
}

const ADVICE = 'Write its rules with npm run broker-config and load them (docs/brokers.md).';

const [FORGER, VICTIM] = PROBE_USERS;

/**
 * Tries with the credentials of two gateways that do not exist whether the broker keeps gateways apart: the first publishes on the topics
 * of the second and listens to them, while head-end and second listen. What is let through is heard, or it is not: each
 * direction ends with a lawful message on the same connection, so that silence proves something.
 *
 * @throws BrokerUnreachable when the broker does not answer, or does not admit the head-end
 */
export async function probeBroker(access: BrokerAccess, probe: ProbeAccess): Promise<BrokerVerdict> {
  const clients: MqttClient[] = [];
  const line = new ProbeLine(access, probe, clients);
  try {
    // First of all, so that a broker that is away is told from one that refuses.
    const headEnd = await line.connectHeadEnd('ear');
    const findings = await strangers(line);
    const admitted = await line.tryConnect(VICTIM, probe.password, line.gatewayUrl);
    if (!admitted)
      return {
        findings: [
          ...findings,
          {
            code: 'BROKER_PROBE_LOGIN',
            text: `the broker does not admit the users of the probe (${PROBE_USERS.join(', ')}) with MQTT_PROBE_PASSWORD, so that nothing can be tried. Add them: npm run broker-config writes them too.`,
          },
        ],
        sharedSubscriptions: false,
      };
    findings.push(...(await upwards(line, headEnd, admitted)));
    findings.push(...(await downwards(line, headEnd)));
    return { findings, sharedSubscriptions: await dealsOut(line) };
  } finally {
    await Promise.all(clients.map((client) => client.endAsync(true).catch(() => undefined)));
  }
}

/** Who must not come in at all. */
async function strangers(line: ProbeLine): Promise<BrokerFinding[]> {
  const findings: BrokerFinding[] = [];
  for (const url of new Set([line.access.url, line.gatewayUrl]))
    if (await line.tryConnect(undefined, undefined, url))
      findings.push({
        code: 'BROKER_ADMITS_ANYBODY',
        text: `the broker at ${new URL(url).host} admits clients without user name and password. Turn that off (mosquitto: allow_anonymous false).`,
      });
  for (const [user, url] of [
    [line.access.username, line.access.url],
    [FORGER, line.gatewayUrl],
  ] as const)
    if (await line.tryConnect(user, randomUUID(), url))
      findings.push({
        code: 'BROKER_ADMITS_ANY_PASSWORD',
        text: `the broker admits ${user} with a wrong password. It must check passwords (mosquitto: password_file).`,
      });
  return findings;
}

/** What a gateway can put into another's mouth, and into the head-end's. */
async function upwards(line: ProbeLine, headEnd: MqttClient, victim: MqttClient): Promise<BrokerFinding[]> {
  const heard = listenTo(headEnd, victim);
  await subscribe(headEnd, ['relight/v1/+/up/+/+', 'relight/v1/+/status']);
  await subscribe(victim, [downTopic(VICTIM, VICTIM), clockTopic(VICTIM)]);
  const forged = [
    ...METER_KINDS.map((kind) => `relight/v1/${VICTIM}/up/${VICTIM}/${kind}`),
    `relight/v1/${VICTIM}/up/${VICTIM}/frames`,
    `relight/v1/${VICTIM}/status`,
    downTopic(VICTIM, VICTIM),
    clockTopic(VICTIM),
  ];
  const tried = new Map(forged.map((topic) => [`${topic} ${line.nonce}`, topic]));
  // A last will is published when a second connection of the same name takes the place of the first.
  const will = `relight/v1/${VICTIM}/status`;
  tried.set(`${will} will ${line.nonce}`, `${will} (as a last will)`);
  await line.connectGateway(FORGER, 'forger', {
    will: { topic: will, payload: Buffer.from(`will ${line.nonce}`), qos: 1, retain: false },
  });
  let forger = await line.connectGateway(FORGER, 'forger');
  for (const topic of forged) {
    // A broker may end the connection of who tries: that is a refusal too.
    if (!forger.connected) forger = await line.connectGateway(FORGER, 'forger');
    await publish(forger, topic, line.nonce);
  }
  if (!forger.connected) forger = await line.connectGateway(FORGER, 'forger');
  const own = `relight/v1/${FORGER}/status`;
  await publish(forger, own, `own ${line.nonce}`);
  const last = downTopic(VICTIM, VICTIM);
  await publish(headEnd, last, `last ${line.nonce}`);
  const isWhole = await line.hears(
    () => heard.has(`${own} own ${line.nonce}`) && heard.has(`${last} last ${line.nonce}`),
  );
  const passed = [...heard].flatMap((message) => tried.get(message) ?? []);
  return [
    ...(passed.length > 0
      ? [
          {
            code: 'BROKER_LETS_PUBLISH',
            text: `a gateway's credential (${FORGER}) may publish on another's topics: ${passed.join(', ')}. ${ADVICE}`,
          } as const,
        ]
      : []),
    ...(isWhole
      ? []
      : [
          {
            code: 'BROKER_DEAF',
            text: `what a gateway may say on its own topics, or the head-end on a gateway's, does not arrive (${own}, ${last}). ${ADVICE}`,
          } as const,
        ]),
  ];
}

/** What a gateway can overhear. */
async function downwards(line: ProbeLine, headEnd: MqttClient): Promise<BrokerFinding[]> {
  const forger = await line.connectGateway(FORGER, 'listener');
  const heard = listenTo(forger);
  const filters = [
    '#',
    'relight/#',
    'relight/v1/+/down/+',
    `relight/v1/${VICTIM}/#`,
    downTopic(VICTIM, VICTIM),
    clockTopic(VICTIM),
    'relight/v1/+/up/+/+',
    'relight/v1/+/status',
  ];
  for (const filter of [...filters, downTopic(FORGER, FORGER)]) await subscribe(forger, [filter]);
  const victim = await line.connectGateway(VICTIM, 'victim');
  await publish(victim, `relight/v1/${VICTIM}/up/${VICTIM}/event`, line.nonce);
  await publish(victim, `relight/v1/${VICTIM}/status`, line.nonce);
  await publish(headEnd, downTopic(VICTIM, VICTIM), line.nonce);
  await publish(headEnd, clockTopic(VICTIM), line.nonce);
  await publish(headEnd, downTopic(FORGER, FORGER), line.nonce);
  const isWhole = await line.hears(() => heard.has(`${downTopic(FORGER, FORGER)} ${line.nonce}`));
  const overheard = [...heard]
    .filter((message) => message.startsWith(`relight/v1/${VICTIM}/`))
    .map((message) => message.split(' ')[0]!);
  return [
    ...(overheard.length > 0
      ? [
          {
            code: 'BROKER_LETS_LISTEN',
            text: `a gateway's credential (${FORGER}) may listen to another's topics: ${[...new Set(overheard)].join(', ')}. ${ADVICE}`,
          } as const,
        ]
      : []),
    ...(isWhole
      ? []
      : [
          {
            code: 'BROKER_DEAF',
            text: `an order of the head-end does not reach a gateway that listens to its own topics (${downTopic(FORGER, FORGER)}). ${ADVICE}`,
          } as const,
        ]),
  ];
}

/** Whether of two sessions that share a filter each message is handed to one. */
async function dealsOut(line: ProbeLine): Promise<boolean> {
  const topic = `relight/v1/${FORGER}/status`;
  const filter = sharedSubscription(`probe-${line.nonce}`, topic);
  const ears = [await line.connectHeadEnd('share-1'), await line.connectHeadEnd('share-2')];
  const counts = ears.map((ear) => {
    const heard: string[] = [];
    ear.on('message', (_topic, payload) => heard.push(payload.toString()));
    return heard;
  });
  for (const ear of ears) if (!(await subscribe(ear, [filter]))) return false;
  const gateway = await line.connectGateway(FORGER, 'dealer');
  const messages = Array.from({ length: 8 }, (_, number) => `${number} ${line.nonce}`);
  for (const message of messages) await publish(gateway, topic, message);
  await line.hears(() => counts.flat().length >= messages.length);
  return messages.every((message) => counts.flat().filter((heard) => heard === message).length === 1);
}
