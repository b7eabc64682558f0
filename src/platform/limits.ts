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
  metersPerGateway: {
    value: 2_000,
    unit: 'meters',
    reason: 'contract v1: what one concentrator carries on one connection',
  },
  uplinkGroup: {
    value: 500,
    unit: 'messages',
    reason: 'messages that share one transaction: large enough to amortise a commit, small enough to keep latency low',
  },
  ordersInGroup: {
    value: 64,
    unit: 'orders',
    reason: 'contract v1: orders of one concentrator under one signature; with their frames about 50 KiB',
  },
  readingGapPage: {
    value: 5_000,
    unit: 'installations',
    reason: 'looked through for missing midnights in one transaction: a tenth of a second, and no reading waits longer',
  },
  readingGapsAsked: {
    value: 200,
    unit: 'meters',
    reason:
      'asked for missing midnights in one round; the rounds are a second apart, so that everything else goes before',
  },
  readingGapsPerGateway: {
    value: 5,
    unit: 'meters',
    reason: 'asked at once behind one concentrator: its serial line answers a few freezes a second',
  },
  noticeGroup: { value: 250, unit: 'notices', reason: 'notices claimed by one statement and handed to the gateway' },
  dispatchGroup: { value: 250, unit: 'commands', reason: 'commands claimed by one statement' },
  restoresUnderWay: {
    value: 4_000,
    unit: 'commands',
    reason: 'more restores sent and unanswered than meters answer within the ack timeout would only be asked about',
  },
  lateEvidence: {
    value: 20,
    unit: 'entries',
    reason: 'different answers kept of a meter to a command that has ended; an honest one gives two or three',
  },
  auditBatch: {
    value: 5_000,
    unit: 'entries',
    reason: 'audit entries sealed by one transaction: 200 KB of hashes, and a tenth of a second of work',
  },
  weatherReports: {
    value: 500,
    unit: 'reports',
    reason: 'weather reports handed in at once share one statement and one lock; a feed sends the next group after it',
  },
  openingHours: { value: 28, unit: 'openings', reason: 'four openings on each day of a week; no counter has more' },
  billingPage: {
    value: 500,
    unit: 'service points',
    reason: 'billed in one transaction: large enough to amortise it, and no payment waits longer than that takes',
  },
  billingPagesAtOnce: {
    value: 3,
    unit: 'pages',
    reason: 'while the database writes one page the next is computed; more would take its connections from payments',
  },
  compensationMinor: {
    value: 1_000_000,
    unit: 'minor units',
    reason: 'the most that two persons grant for a cut or a late restore; more is for a court or an insurer',
  },
  periodDays: {
    value: 366,
    unit: 'days',
    reason:
      'figures of a period are counted over its rows while the caller waits; a leap year is the longest asked for',
  },
  dryRunPage: {
    value: 500,
    unit: 'service points',
    reason: 'judged at once in a dry run: some megabytes, and a fraction of a second of work',
  },
  daysAheadOfCuts: {
    value: 14,
    unit: 'days',
    reason: 'what is known about a day further off is worth neither a proposal nor a dry run',
  },
  daysToRecordService: {
    value: 2,
    unit: 'days',
    reason:
      'a slip is brought in the same or the next day; dated back further, the days of a notice would be over at once',
  },
  dryRunKeptDays: {
    value: 40,
    unit: 'days',
    reason: 'the review of a month still finds every dry run of it; a line has about a kilobyte',
  },
  billsRecomputed: {
    value: 120,
    unit: 'bills',
    reason: 'ten years of monthly bills after one wrong reading; an older mistake is settled by hand',
  },
  transactionRetries: {
    value: 4,
    unit: 'attempts',
    reason: 'a deadlock or serialization failure is retried, then reported',
  },
  paymentMinor: { value: 10 ** 15, unit: 'minor units', reason: 'keeps every sum far inside 64 bits' },
  lateFeeWaiverAlone: {
    value: 10_000,
    unit: 'minor units',
    reason:
      'what one supervisor may waive of the late fee of a bill, all waivers together; above 100 yuan two people look',
  },
  reasonCharacters: { value: 1_000, unit: 'characters', reason: 'a reason is a sentence, not a file' },
  urgentCutsPerPersonPerDay: {
    value: 10,
    unit: 'cuts',
    reason: 'a cut for danger needs no approval and takes restores away; one person sees few dangers in a day',
  },
} as const;

export type LimitName = keyof typeof LIMITS;
