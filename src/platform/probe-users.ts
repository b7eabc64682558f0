/**
 * Two users of the broker that are no gateways: with them the head-end tries, before it starts, whether a gateway's credential reaches
 * beyond its own topics (docs/brokers.md). The database keeps devices from bearing their numbers.
 */
export const PROBE_USERS = ['000000000000', '999999999999'] as const;
