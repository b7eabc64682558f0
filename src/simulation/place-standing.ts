import { insertHolds, type NewHold } from '../dunning/holds.js';
import type { ContactMeans, ContactOutcome } from '../dunning/standing.js';
import {
  insertArrearsCauses,
  insertContactProofs,
  type NewArrearsCause,
  type NewContactProof,
} from '../dunning/standings.js';
import type { ArrearsCause } from '../dunning/words.js';
import { systemActor, type FlowContext } from '../flows/context.js';
import type { Tx } from '../platform/database.js';
import { newId } from '../platform/ids.js';
import { addDays, localDate, startOfLocalDay } from '../platform/local-date.js';
import { seededRandom } from './random.js';
import type { SimulatedPremise, WorldPlan } from './world.js';

const ACTOR = systemActor('open-world');

/** A premise that is on record, with the ids a standing hangs on. */
export interface PlacedPremise extends Pick<SimulatedPremise, 'accountNumber' | 'inArrears' | 'loneElderly'> {
  readonly accountId: string;
  readonly mobileContactId: string;
  readonly addressContactId: string;
}

/** How a simulated customer stands; drawn apart from the world, so that a world keeps its people whatever is added here. */
export interface DrawnStanding {
  /** False: nobody asked about protections yet. */
  readonly asked: boolean;
  readonly contact: 'REACHED' | 'NEVER_TRIED' | 'WRONG_PERSON';
  /** Days before the start. */
  readonly contactDaysAgo: number;
  readonly visited: boolean;
  readonly cause: ArrearsCause | null;
  readonly hold: 'DISPUTE' | 'HARDSHIP' | 'PROMISE_TO_PAY' | null;
}

/** Shares of a simulated company: most customers were asked and are reached, a few are not. */
const ASKED = 0.94;
const REACHED = 0.92;
const WRONG_PERSON = 0.03;
const VISITED = 0.15;
const CAUSE_KNOWN = 0.85;
const HELD = 0.06;
const CONTACT_DAYS = 30;
/** Contacts were proven in the first weeks of the history, before anybody had to be reminded. */
const DAYS_OF_MONTH = 28;
/** Most have simply forgotten. */
const CAUSES: readonly ArrearsCause[] = [
  ...Array.from({ length: 7 }, () => 'FORGOT' as const),
  'AWAY',
  'TENANT',
  'HARDSHIP',
  'BANK_LATE',
  'MALICIOUS',
];
const HOLDS = ['DISPUTE', 'HARDSHIP', 'PROMISE_TO_PAY'] as const;
/** What a promise of the simulated world is about, and how long it and a time of hardship last. */
const PROMISED_MINOR = 5_000n;
const HOLD_DAYS = 7;

const GOOD: Omit<DrawnStanding, 'cause'> = {
  asked: true,
  contact: 'REACHED',
  contactDaysAgo: 5,
  visited: true,
  hold: null,
};

/** The standing of one household: a function of the world's seed and the account's number alone. */
export function drawStanding(
  plan: Pick<WorldPlan, 'seed' | 'allInGoodStanding'>,
  { accountNumber, inArrears }: Pick<PlacedPremise, 'accountNumber' | 'inArrears'>,
): DrawnStanding {
  if (plan.allInGoodStanding) return { ...GOOD, cause: inArrears ? 'FORGOT' : null };
  const random = seededRandom((Math.imul(plan.seed, 0x9e3779b1) + Number(accountNumber)) >>> 0);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)]!;
  const asked = random() < ASKED;
  const reach = random();
  const contact = reach < REACHED ? 'REACHED' : reach < REACHED + WRONG_PERSON ? 'WRONG_PERSON' : 'NEVER_TRIED';
  const contactDaysAgo = 1 + Math.floor(random() * CONTACT_DAYS);
  const visited = random() < VISITED;
  const cause = random() < CAUSE_KNOWN ? pick(CAUSES) : null;
  const hold = random() < HELD ? pick(HOLDS) : null;
  return { asked, contact, contactDaysAgo, visited, cause: inArrears ? cause : null, hold: inArrears ? hold : null };
}

/**
 * Puts on record how the customers of one district stand at the start of the world: contacts proven, causes of arrears found out, a few
 * holds. One statement for each kind of fact.
 */
export async function placeStanding(
  ctx: FlowContext,
  tx: Tx,
  premises: readonly PlacedPremise[],
  world: { readonly plan: WorldPlan; readonly startsAt: Date; readonly manager: string },
): Promise<void> {
  const { plan, startsAt } = world;
  const drawn = premises.map((premise) => ({ premise, standing: drawStanding(plan, premise) }));
  const today = localDate(startsAt, ctx.timeZone);
  const by = { at: startsAt, actor: ACTOR };
  await insertContactProofs(
    tx,
    drawn.flatMap(({ premise, standing }) =>
      proofsOf(
        premise,
        standing,
        startOfLocalDay(
          addDays(today, -Math.max(1, plan.months * DAYS_OF_MONTH - standing.contactDaysAgo)),
          ctx.timeZone,
        ),
      ),
    ),
    by,
  );
  await insertArrearsCauses(
    tx,
    drawn.flatMap(({ premise, standing: { cause } }): NewArrearsCause[] =>
      cause ? [{ id: newId(), accountId: premise.accountId, cause, note: '电话了解', evidence: null }] : [],
    ),
    by,
  );
  await insertHolds(
    tx,
    drawn.flatMap(({ premise, standing: { hold } }): NewHold[] => {
      if (!hold) return [];
      const disputed = hold === 'DISPUTE';
      return [
        {
          id: newId(),
          accountId: premise.accountId,
          kind: hold,
          reason: disputed ? '用户对电量有异议' : '用户申请暂缓',
          evidence: null,
          fromDate: today,
          untilDate: disputed ? null : addDays(today, HOLD_DAYS),
          amountMinor: hold === 'PROMISE_TO_PAY' ? PROMISED_MINOR : null,
          rulingOwner: disputed ? world.manager : null,
          rulingDueAt: disputed ? startOfLocalDay(addDays(today, 4), ctx.timeZone) : null,
          instalments: [],
        },
      ];
    }),
    by,
  );
}

function proofsOf(premise: PlacedPremise, standing: DrawnStanding, day: Date): NewContactProof[] {
  const proof = (contactId: string, outcome: ContactOutcome, how: ContactMeans, atHour: number): NewContactProof => ({
    id: newId(),
    contactId,
    at: new Date(day.getTime() + atHour * 3_600_000),
    outcome,
    how,
    reference: null,
  });
  return [
    ...(standing.contact === 'NEVER_TRIED' ? [] : [proof(premise.mobileContactId, standing.contact, 'CALL', 10)]),
    ...(standing.visited ? [proof(premise.addressContactId, 'REACHED', 'VISIT', 15)] : []),
  ];
}
