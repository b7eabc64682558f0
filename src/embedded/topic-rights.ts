/** Who a connection is, as the caller's `authenticate` has found out. */
export type Principal = { kind: 'head-end' } | { kind: 'gateway'; gateway: string };

/**
 * A topic of the contract with its variable levels: `{gateway}` is the gateway's own number, `{device}` any 12 decimal digits,
 * `{kind}` what a meter sends up, `{any-kind}` that and what a concentrator sends up.
 */
export type TopicPattern = string;

export interface TopicRights {
  readonly publish: readonly { readonly topic: TopicPattern; readonly mayRetain: boolean }[];
  readonly subscribe: readonly TopicPattern[];
}

/** What a meter sends up, each on a topic of its own. */
export const METER_KINDS = ['ack', 'state', 'reading', 'event'] as const;

/**
 * The table of schema/mqtt/README.md, once for every broker: the embedded one asks it (broker-acl.ts), mosquitto and EMQX are told in
 * their own words (config/). Everything that does not stand here is denied.
 */
export const TOPIC_RIGHTS: Readonly<Record<Principal['kind'], TopicRights>> = {
  gateway: {
    publish: [
      { topic: 'relight/v1/{gateway}/up/{device}/{kind}', mayRetain: false },
      { topic: 'relight/v1/{gateway}/up/{gateway}/frames', mayRetain: false },
      { topic: 'relight/v1/{gateway}/status', mayRetain: true },
    ],
    subscribe: ['relight/v1/{gateway}/down/{device}', 'relight/v1/{gateway}/clock'],
  },
  'head-end': {
    // A retained command would be carried out again at every reconnect.
    publish: [
      { topic: 'relight/v1/{device}/down/{device}', mayRetain: false },
      { topic: 'relight/v1/{device}/clock', mayRetain: true },
    ],
    subscribe: ['relight/v1/{device}/up/{device}/{any-kind}', 'relight/v1/{device}/status'],
  },
};

/** One pattern for each of the kinds that `{kind}` stands for. */
export const spellOutKinds = (topic: TopicPattern): TopicPattern[] =>
  topic.includes('{kind}') ? METER_KINDS.map((kind) => topic.replace('{kind}', kind)) : [topic];

/** The pattern as an MQTT filter, with the gateway's own number written as this broker writes "the user's name". */
export const asFilter = (topic: TopicPattern, userName: string): string =>
  topic.replaceAll('{gateway}', userName).replaceAll(/\{(device|kind|any-kind)\}/g, '+');
