/**
 * Every bound of the product, with its reason. A limit met is a named error, never a silent cut-off. The API publishes
 * this table (`limits` query), so a client need not guess.
 */
export const LIMITS = {
  pageSize: { value: 100, unit: 'nodes', reason: 'one page is one bounded query; longer lists are paged with cursors' },
  queryDepth: { value: 12, unit: 'levels', reason: 'the deepest useful query here has 9' },
  queryComplexity: {
    value: 6_000,
    unit: 'points',
    reason: 'one point a field, times the page size of each connection above it',
  },
  queryTokens: { value: 2_000, unit: 'tokens', reason: 'bounds parsing; the largest query of our own has about 500' },
  queryAliases: { value: 15, unit: 'aliases', reason: 'stops batching of guesses through aliases' },
  queryDirectives: { value: 5, unit: 'directives', reason: 'stops directive overloading' },
  requestBytes: { value: 262_144, unit: 'bytes', reason: 'the largest mutation input is far below' },
  subscriptionsPerConnection: { value: 50, unit: 'subscriptions', reason: 'one operator console needs about 10' },
  subscriptionBacklog: {
    value: 1_000,
    unit: 'entries',
    reason: 'a resume further back than this reads the history query instead',
  },
  mqttPayloadBytes: { value: 65_536, unit: 'bytes', reason: 'contract v1; the largest lawful message is about 16 KiB' },
  uplinkGroup: {
    value: 500,
    unit: 'messages',
    reason: 'messages that share one transaction: large enough to amortise a commit, small enough to keep latency low',
  },
  dispatchGroup: { value: 250, unit: 'commands', reason: 'commands claimed by one statement' },
  restoresUnderWay: {
    value: 4_000,
    unit: 'commands',
    reason: 'more restores sent and unanswered than meters answer within the ack timeout would only be asked about',
  },
  transactionRetries: {
    value: 4,
    unit: 'attempts',
    reason: 'a deadlock or serialization failure is retried, then reported',
  },
  paymentMinor: { value: 10 ** 15, unit: 'minor units', reason: 'keeps every sum far inside 64 bits' },
  reasonCharacters: { value: 1_000, unit: 'characters', reason: 'a reason is a sentence, not a file' },
} as const;

export type LimitName = keyof typeof LIMITS;
