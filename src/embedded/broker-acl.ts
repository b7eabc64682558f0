import { assert } from '../platform/errors.js';

/** Who a connection is, as the caller's `authenticate` has found out. */
export type Principal = { kind: 'head-end' } | { kind: 'gateway'; gateway: string };

/**
 * What a principal may do; everything else is denied. A level of a pattern is a literal, `{device}` (12 decimal
 * digits) or `{kind}` (what a meter sends up).
 */
export interface Rules {
  readonly publish: readonly { readonly levels: readonly string[]; readonly mayRetain: boolean }[];
  readonly subscribe: readonly (readonly string[])[];
}

const DEVICE = /^\d{12}$/;
const KINDS = new Set(['ack', 'state', 'reading', 'event', 'frames']);

/** The table of schema/mqtt/README.md, for one principal. A retained command would be carried out again at every reconnect. */
export function rulesFor(principal: Principal): Rules {
  // Anything else, a wildcard above all, would turn one gateway's rules into everybody's.
  if (principal.kind === 'gateway') assert(DEVICE.test(principal.gateway), 'a gateway is named by 12 decimal digits');
  return principal.kind === 'head-end'
    ? {
        publish: [
          { levels: levelsOf('relight/v1/{device}/down/{device}'), mayRetain: false },
          { levels: levelsOf('relight/v1/{device}/clock'), mayRetain: true },
        ],
        subscribe: ['relight/v1/{device}/up/{device}/{kind}', 'relight/v1/{device}/status'].map(levelsOf),
      }
    : {
        publish: [
          { levels: levelsOf(`relight/v1/${principal.gateway}/up/{device}/{kind}`), mayRetain: false },
          { levels: levelsOf(`relight/v1/${principal.gateway}/status`), mayRetain: true },
        ],
        subscribe: [`relight/v1/${principal.gateway}/down/{device}`, `relight/v1/${principal.gateway}/clock`].map(
          levelsOf,
        ),
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
  return pattern === level;
}

function isFilterLevelOf(pattern: string, level: string, isLast: boolean): boolean {
  const isVariable = pattern.startsWith('{');
  return (isVariable && (level === '+' || (level === '#' && isLast))) || isLevelOf(pattern, level);
}

const levelsOf = (topic: string): string[] => topic.split('/');
