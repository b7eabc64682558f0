import { assert } from '../platform/errors.js';
import { METER_KINDS, TOPIC_RIGHTS, type Principal } from './topic-rights.js';

/**
 * What a principal may do; everything else is denied. A level of a pattern is a literal or a variable of {@link TOPIC_RIGHTS}, with
 * `{gateway}` filled in.
 */
export interface Rules {
  readonly publish: readonly { readonly levels: readonly string[]; readonly mayRetain: boolean }[];
  readonly subscribe: readonly (readonly string[])[];
}

const DEVICE = /^\d{12}$/;
const KINDS: ReadonlySet<string> = new Set(METER_KINDS);
const ANY_KINDS: ReadonlySet<string> = new Set([...METER_KINDS, 'frames']);

/** The rights of one principal. */
export function rulesFor(principal: Principal): Rules {
  // Anything else, a wildcard above all, would turn one gateway's rules into everybody's.
  if (principal.kind === 'gateway') assert(DEVICE.test(principal.gateway), 'a gateway is named by 12 decimal digits');
  const { publish, subscribe } = TOPIC_RIGHTS[principal.kind];
  const own = principal.kind === 'gateway' ? principal.gateway : '';
  const levels = (topic: string): string[] => levelsOf(topic.replaceAll('{gateway}', own));
  return {
    publish: publish.map(({ topic, mayRetain }) => ({ levels: levels(topic), mayRetain })),
    subscribe: subscribe.map(levels),
  };
}

/** The reason a message is refused, or undefined when it may pass. Last wills are judged by the same rule. */
export function whyNotPublish(rules: Rules, topic: string, retain: boolean): string | undefined {
  const rule = rules.publish.find(({ levels }) => covers(levels, levelsOf(topic), isLevelOf));
  if (!rule) return 'this user may not publish to this topic';
  return retain && !rule.mayRetain ? 'messages on this topic are never retained' : undefined;
}

/** The reason a subscription is refused, or undefined. A filter passes when every topic it matches is allowed. */
export function whyNotSubscribe(rules: Rules, filter: string): string | undefined {
  const wanted = levelsOf(filter);
  return rules.subscribe.some((levels) => covers(levels, wanted, isFilterLevelOf))
    ? undefined
    : 'this user may not subscribe to this filter';
}

/** True when a message on this topic may be handed to the principal. */
export function mayReceive(rules: Rules, topic: string): boolean {
  const levels = levelsOf(topic);
  return rules.subscribe.some((allowed) => covers(allowed, levels, isLevelOf));
}

type LevelTest = (allowed: string, level: string, isLast: boolean) => boolean;

/** Our topics have a fixed number of levels, so a filter reaching over several of them (`…/#`) never passes as a whole. */
function covers(allowed: readonly string[], levels: readonly string[], test: LevelTest): boolean {
  return (
    allowed.length === levels.length &&
    allowed.every((pattern, index) => test(pattern, levels[index] as string, index === levels.length - 1))
  );
}

function isLevelOf(pattern: string, level: string): boolean {
  if (pattern === '{device}') return DEVICE.test(level);
  if (pattern === '{kind}') return KINDS.has(level);
  if (pattern === '{any-kind}') return ANY_KINDS.has(level);
  return pattern === level;
}

function isFilterLevelOf(pattern: string, level: string, isLast: boolean): boolean {
  const isVariable = pattern.startsWith('{');
  return (isVariable && (level === '+' || (level === '#' && isLast))) || isLevelOf(pattern, level);
}

const levelsOf = (topic: string): string[] => topic.split('/');
