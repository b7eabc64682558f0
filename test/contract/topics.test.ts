import { rulesFor } from '../../src/embedded/broker-acl.js';
import { parseUplinkTopic } from '../../src/head-end/topics.js';
import { mayReceive, whyNotPublish } from '../../src/embedded/broker-acl.js';
import { readProjectFile } from '../support/source-files.js';
import { contract, examples, topicOf } from './support/contract.js';

/** One topic as one of the two documents tells of it. */
interface Told {
  readonly topic: string;
  readonly publishedBy: 'head-end' | 'gateway';
  readonly qos: number;
  readonly retained: boolean;
  readonly schemas: readonly string[];
  readonly signed: boolean;
}

const byTopic = (a: Told, b: Told): number => (a.topic < b.topic ? -1 : 1);

/** The table of the README. A concentrator is a gateway. */
const readme: Told[] = readProjectFile('schema/mqtt/README.md')
  .split('\n')
  .filter((line) => line.startsWith('| `relight/v1/'))
  .map((line): Told => {
    const [topic, who, qos, retained, payload] = line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim());
    return {
      topic: topic!.replaceAll('`', ''),
      publishedBy: who!.startsWith('head-end') ? 'head-end' : 'gateway',
      qos: Number(qos),
      retained: retained === 'yes',
      schemas: [...payload!.matchAll(/`(\w+)\.schema\.json`/g)].map(([, name]) => name!).sort(),
      signed: payload!.startsWith('envelope'),
    };
  })
  .sort(byTopic);

const asyncapi: Told[] = Object.values(contract.operations)
  .map((operation): Told => {
    const channel = contract.channels[operation.channel.$ref.replace('#/channels/', '')]!;
    const messages = Object.keys(channel.messages).map((key) => contract.components.messages[key]!);
    expect(operation.action).toBe(operation['x-published-by'] === 'head-end' ? 'send' : 'receive');
    return {
      topic: channel.address,
      publishedBy: operation['x-published-by'] as Told['publishedBy'],
      qos: operation.bindings.mqtt.qos,
      retained: operation.bindings.mqtt.retain,
      schemas: messages.map(({ name }) => name).sort(),
      signed: messages.every((message) => message['x-signed-by'] !== undefined),
    };
  })
  .sort(byTopic);

test('the README and the AsyncAPI document tell of the same topics, in every column', () => {
  expect(readme).toHaveLength(9);
  expect(asyncapi).toEqual(readme);
});

const GATEWAY = '370100000001';
const METER = '370200000017';
const rules = {
  'head-end': rulesFor({ kind: 'head-end' }),
  gateway: rulesFor({ kind: 'gateway', gateway: GATEWAY }),
};
const filled = (topic: string): string => topic.replaceAll('{gateway}', GATEWAY).replaceAll('{meter}', METER);

describe.each(readme.map((told) => [told.topic, told] as const))('%s, at the embedded broker', (topic, told) => {
  const other = told.publishedBy === 'head-end' ? 'gateway' : 'head-end';

  test(`is published by the ${told.publishedBy} and by nobody else`, () => {
    expect(whyNotPublish(rules[told.publishedBy], filled(topic), told.retained)).toBeUndefined();
    expect(whyNotPublish(rules[other], filled(topic), false)).toBeDefined();
  });

  test(told.retained ? 'may be retained' : 'is never retained', () => {
    expect(whyNotPublish(rules[told.publishedBy], filled(topic), true) === undefined).toBe(told.retained);
  });

  test(`is heard by the ${other} and by nobody else`, () => {
    expect(mayReceive(rules[other], filled(topic))).toBe(true);
    expect(mayReceive(rules[told.publishedBy], filled(topic))).toBe(false);
  });
});

test("mosquitto's access list has a line for each of these topics on both sides, and no line more", () => {
  const lines = readProjectFile('deploy/mosquitto/acl')
    .split('\n')
    .filter((line) => /^(pattern|topic) /.test(line));
  // Mosquitto writes the gateway's own number as %u, and what it cannot tell apart as +.
  const gatewaySide = (topic: string) => topic.replace('{gateway}', '%u').replace('{meter}', '+');
  const headEndSide = (topic: string) => topic.replaceAll(/\{\w+\}/g, '+');
  const wanted = readme.flatMap(({ topic, publishedBy }) => [
    `pattern ${publishedBy === 'gateway' ? 'write' : 'read'} ${gatewaySide(topic).replace('up/{gateway}', 'up/%u').replace('down/{gateway}', 'down/+')}`,
    publishedBy === 'gateway'
      ? `topic read ${headEndSide(topic).replace(/\/up\/\+\/\w+$/, '/up/+/+')}`
      : `topic write ${headEndSide(topic)}`,
  ]);
  expect([...new Set(wanted)].sort()).toEqual([...lines].sort());
});

test('an example is published on a topic that the head-end can read', () => {
  for (const example of examples.filter(({ address }) => /\/up\/|\/status$/.test(address))) {
    expect([example.id, parseUplinkTopic(topicOf(example))?.gateway]).toEqual([example.id, example.body.gateway]);
  }
});
