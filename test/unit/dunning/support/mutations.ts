/** Slight changes of one parameter of a policy: what a table must notice. */
import { CUSTOMER_CLASSES, PROTECTION_KINDS } from '../../../../src/accounts/customer.js';
import { dunningPolicySchema, type DunningPolicy } from '../../../../src/dunning/policy-schema.js';
import { ARREARS_CAUSES, PROOF_KINDS } from '../../../../src/dunning/words.js';
import { addDays } from '../../../../src/platform/local-date.js';

export interface Mutation {
  /** 'overdue.minDays: 31 → 30'. */
  readonly what: string;
  readonly policy: DunningPolicy;
}

type Path = readonly (string | number)[];
type Change = readonly [told: string, value: unknown];

/** Members that a list could have. */
const MEMBERS: readonly (readonly [path: RegExp, members: readonly unknown[]])[] = [
  [/customerClasses$|ForClasses$/, CUSTOMER_CLASSES],
  [/proof$/, PROOF_KINDS],
  [/causesThatBlock$/, ARREARS_CAUSES],
  [/weekdays$/, [1, 2, 3, 4, 5, 6, 7]],
  [/copyToAuthority$|protections$/, PROTECTION_KINDS],
];

/** Other words that a word could be. */
const WORDS: readonly (readonly [path: RegExp, words: readonly string[]])[] = [
  [/holidayRule$/, ['NONE', 'DAY', 'DAY_AND_EVE']],
  [/notice\.count$/, ['ELAPSED', 'CLEAR']],
  [/maxAge\.from$/, ['DUE_DATE', 'READING_DAY']],
  [/\.mode$/, ['PROHIBIT', 'EXTRA_STEPS']],
  [/\.rule$/, ['PROHIBIT', 'CONTACT_ATTEMPT']],
  [/approval\.role$/, ['DISTRICT_MANAGER', 'OPERATIONS', 'SUPERVISOR']],
  [/timeZone$/, ['Pacific/Auckland']],
];

/** Parameters that other parts decide by, each with its own tests: the ladder, holds, weather, counters, restores, volume caps. */
const DECIDED_ELSEWHERE =
  /^(code|name|place|currency|lateFee|reconnect|arming|restoreCode|compensation|volumeCap|weather|paymentWindow|paymentMode)\b|clause|\.name\.|^steps\.\d+\.(code|purpose|when|actor|channels|recipients|mandatory)|^lastCall\.channels|^holds\.\d+\.maxDays/;

/** Every slight change of a policy's leaves and lists that leaves it valid. */
export function mutationsOf(policy: DunningPolicy): Mutation[] {
  return changesOf(policy, []).flatMap(([path, [told, value]]) => {
    const parsed = dunningPolicySchema.safeParse(jsonLike(withValue(policy, path, value)));
    return parsed.success ? [{ what: `${path.join('.')}: ${told}`, policy: parsed.data }] : [];
  });
}

/** The form that the schema reads: a late fee rule has whole numbers where the policy has bigint. */
const jsonLike = (policy: unknown): unknown =>
  JSON.parse(JSON.stringify(policy, (_key, value: unknown) => (typeof value === 'bigint' ? Number(value) : value)));

function changesOf(value: unknown, path: Path): [Path, Change][] {
  const place = path.join('.');
  if (DECIDED_ELSEWHERE.test(place)) return [];
  const here = leafChanges(value, place).map((change): [Path, Change] => [path, change]);
  // A step that is not mandatory decides no cut.
  if (/^steps\.\d+$/.test(place) && (value as { mandatory: boolean }).mandatory === false) return [];
  if (Array.isArray(value)) {
    const inside = value.flatMap((item, index) => (typeof item === 'object' ? changesOf(item, [...path, index]) : []));
    return [...here, ...inside];
  }
  if (typeof value === 'object' && value !== null)
    return [...here, ...Object.entries(value).flatMap(([key, item]) => changesOf(item, [...path, key]))];
  return here;
}

function leafChanges(value: unknown, place: string): Change[] {
  const to = (other: unknown): Change => [`${String(value)} → ${String(other)}`, other];
  if (typeof value === 'number') return [to(value - 1), to(value + 1)];
  if (typeof value === 'bigint') return [to(value - 1n), to(value + 1n)];
  if (typeof value === 'boolean') return [to(!value)];
  if (typeof value === 'string') return wordChanges(value, place).map(to);
  if (Array.isArray(value)) return listChanges(value, place);
  return [];
}

function wordChanges(value: string, place: string): string[] {
  if (/^\d\d:\d\d$/.test(value)) return [-1, 1].map((minutes) => timeLater(value, minutes));
  if (/^\d\d-\d\d$/.test(value)) return [-1, 1].map((days) => addDays(`2026-${value}`, days).slice(5));
  return (WORDS.find(([path]) => path.test(place))?.[1] ?? []).filter((word) => word !== value);
}

function timeLater(time: string, minutes: number): string {
  const of = Number(time.slice(0, 2)) * 60 + Number(time.slice(3)) + minutes;
  return `${String(Math.floor(of / 60)).padStart(2, '0')}:${String(of % 60).padStart(2, '0')}`;
}

function listChanges(list: readonly unknown[], place: string): Change[] {
  const name = (item: unknown) => {
    const { kind, code } = (typeof item === 'object' ? item : {}) as { kind?: string; code?: string };
    return kind ?? code ?? (typeof item === 'object' ? 'one' : String(item));
  };
  const without = list.map((item, index): Change => [`without ${name(item)}`, list.filter((_one, at) => at !== index)]);
  const members = MEMBERS.find(([path]) => path.test(place))?.[1] ?? [];
  const isOfObjects = list.some((item) => typeof item === 'object');
  const more = isOfObjects ? [] : members.filter((member) => !list.includes(member));
  return [...without, ...more.map((member): Change => [`with ${String(member)}`, [...list, member]])];
}

function withValue(value: unknown, [key, ...rest]: Path, changed: unknown): unknown {
  if (key === undefined) return changed;
  if (Array.isArray(value)) return value.map((item, index) => (index === key ? withValue(item, rest, changed) : item));
  return { ...(value as object), [key]: withValue((value as Record<string, unknown>)[key], rest, changed) };
}
