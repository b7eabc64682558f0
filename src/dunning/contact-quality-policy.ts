import type { ContactKind } from '../accounts/customer.js';
import { addMonths, type LocalDate } from '../platform/local-date.js';
import type { ContactOutcome } from './standing.js';

/** A proof older than this no longer shows that somebody is reached there: people change their numbers. Relight's own rule. */
export const PROOF_MONTHS = 12;
/** So many attempts in a row that reached nobody outweigh an earlier proof. Relight's own rule. */
export const MISSES_THAT_COUNT = 3;

/** A contact with what its proofs say. Dates are local days. */
export interface ContactFacts {
  readonly contactId: string;
  readonly kind: ContactKind;
  /** False: the company knows that it is no contact any more. */
  readonly valid: boolean;
  readonly lastReachedOn: LocalDate | null;
  readonly lastReachedAt: Date | null;
  /** Outcomes of the latest {@link MISSES_THAT_COUNT} attempts, newest first. */
  readonly latest: readonly ContactOutcome[];
}

export const CONTACT_VERDICTS = [
  'PROVEN',
  'NEVER_PROVEN',
  'PROOF_TOO_OLD',
  'WRONG_PERSON',
  'INVALID',
  'NOT_ANSWERING',
] as const;
/** Whether somebody is reached there, and if not why. */
export type ContactVerdict = (typeof CONTACT_VERDICTS)[number];

/** One contact, judged. */
export interface JudgedContact {
  readonly contactId: string;
  readonly kind: ContactKind;
  readonly verdict: ContactVerdict;
  readonly lastReachedAt: Date | null;
}

/** How well a customer can be reached. */
export interface ContactQuality {
  readonly reachable: number;
  /** The only contacts that are proven are landlines: nobody hears them who is out, and no text arrives. */
  readonly landlineOnly: boolean;
  readonly contacts: readonly JudgedContact[];
}

/** Judges one contact: the latest decisive word counts, and silence only when it repeats. */
function judge(contact: ContactFacts, today: LocalDate): ContactVerdict {
  const { latest, lastReachedOn } = contact;
  if (!contact.valid || latest[0] === 'INVALID') return 'INVALID';
  if (latest[0] === 'WRONG_PERSON') return 'WRONG_PERSON';
  // An attempt that reached nobody does not take back an earlier "this is somebody else's number".
  const decisive = latest.find((outcome) => outcome !== 'NOT_REACHED');
  if (decisive === 'INVALID' || decisive === 'WRONG_PERSON') return decisive;
  if (lastReachedOn === null) return 'NEVER_PROVEN';
  if (latest.length >= MISSES_THAT_COUNT && decisive === undefined) return 'NOT_ANSWERING';
  return lastReachedOn < addMonths(today, -PROOF_MONTHS) ? 'PROOF_TOO_OLD' : 'PROVEN';
}

/** Which contacts of a customer reach somebody, each with its reason. */
export function contactQuality(contacts: readonly ContactFacts[], today: LocalDate): ContactQuality {
  const judged = contacts.map((contact) => ({
    contactId: contact.contactId,
    kind: contact.kind,
    verdict: judge(contact, today),
    lastReachedAt: contact.lastReachedAt,
  }));
  const proven = judged.filter(({ verdict }) => verdict === 'PROVEN');
  return {
    reachable: proven.length,
    landlineOnly: proven.length > 0 && proven.every(({ kind }) => kind === 'LANDLINE'),
    contacts: judged,
  };
}
