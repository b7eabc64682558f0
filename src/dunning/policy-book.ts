import { laidOver, PolicyError, policyProblems, readPolicyFile, withAmounts } from './policy-file.js';
import { dunningPolicySchema, type DunningPolicy } from './policy-schema.js';
import { PRESET_BOOKS } from './presets/index.js';

export { PolicyError } from './policy-file.js';

/** The policies of one company: at most one for each class of customers and way of paying. Where none fits, nobody is cut. */
export interface PolicyBook {
  readonly name: string;
  /** Of every policy of the book: a company has one calendar on its wall, and one currency. */
  readonly place: string;
  readonly timeZone: string;
  readonly currency: string;
  readonly policies: readonly DunningPolicy[];
}

/** The books that come with Relight. */
export const PRESET_NAMES: readonly string[] = Object.keys(PRESET_BOOKS);

/**
 * The book of a preset's name (CHINA, NEW_YORK, TEXAS, UK, AUSTRALIA, INDIA), or of a YAML or JSON file. Read once, at the start.
 * @throws PolicyError naming file, place, and what would be right
 */
export function loadPolicyBook(nameOrFile: string): PolicyBook {
  const preset = PRESET_BOOKS[nameOrFile];
  if (preset)
    return bookOf(
      nameOrFile,
      preset.map((document) => checked(document, `preset ${document.code}`)),
    );
  if (!/[./\\]/.test(nameOrFile))
    throw new PolicyError(
      `${nameOrFile}: no such preset; use one of ${PRESET_NAMES.join(', ')}, or the path of a .yaml or .json file.`,
    );
  const { name, policies } = readPolicyFile(nameOrFile);
  return bookOf(
    name,
    policies.map((document, index) => fromFile(document, `${nameOrFile}: policies.${index}`)),
    nameOrFile,
  );
}

/** A policy of a file: whole, or laid over a preset named by `extends`. */
function fromFile(document: unknown, source: string): DunningPolicy {
  const { extends: base, ...own } = document as Record<string, unknown>;
  if (base === undefined) return checked(withAmounts(own, currencyOf(own), source), source);
  const preset = Object.values(PRESET_BOOKS)
    .flat()
    .find(({ code }) => code === base);
  if (!preset) {
    const known = Object.values(PRESET_BOOKS).flatMap((book) => book.map(({ code }) => code));
    throw new PolicyError(`${source}: extends: no such policy; use one of ${known.join(', ')}`);
  }
  return checked(laidOver(preset, withAmounts(own, currencyOf(own, preset.currency), source)), source);
}

const currencyOf = (document: Record<string, unknown>, otherwise = ''): string =>
  typeof document['currency'] === 'string' ? document['currency'] : otherwise;

function checked(document: unknown, source: string): DunningPolicy {
  const parsed = dunningPolicySchema.safeParse(document);
  if (!parsed.success) throw new PolicyError(policyProblems(source, parsed.error));
  return parsed.data;
}

/** Puts policies together into a book; each pair of class and way of paying belongs to one of them. */
export function bookOf(name: string, policies: readonly DunningPolicy[], source = name): PolicyBook {
  const [first] = policies;
  if (!first) throw new PolicyError(`${source}: policies: holds none.`);
  const takenBy = new Map<string, string>();
  for (const policy of policies) {
    for (const key of ['place', 'timeZone', 'currency'] as const)
      if (policy[key] !== first[key])
        throw new PolicyError(
          `${source}: ${policy.code}: ${key} is ${policy[key]}, but ${first[key]} in ${first.code}; one book is for one company in one place.`,
        );
    for (const customerClass of policy.customerClasses) {
      const selector = `${customerClass}, ${policy.paymentMode}`;
      const other = takenBy.get(selector);
      if (other)
        throw new PolicyError(`${source}: ${policy.code} and ${other} are both for ${selector}; only one may be.`);
      takenBy.set(selector, policy.code);
    }
  }
  if (new Set(policies.map(({ code }) => code)).size < policies.length)
    throw new PolicyError(`${source}: two policies have the same code.`);
  const { place, timeZone, currency } = first;
  return { name, place, timeZone, currency, policies };
}

/** A policy as JSON holds it: amounts as whole numbers of the minor unit. Reading it again gives the same policy. */
export const documentOf = (policy: DunningPolicy): unknown =>
  JSON.parse(JSON.stringify(policy, (_key, value: unknown) => (typeof value === 'bigint' ? Number(value) : value)));
