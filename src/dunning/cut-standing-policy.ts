import { localDate, type LocalDate } from '../platform/local-date.js';
import { check, type CutCheck } from './cut-checks.js';
import { counted, isWithin, protectionsInForce, type CutCase } from './cut-case.js';
import { creditGrace, type Debts } from './cut-debt-policy.js';
import type { Clause, DunningPolicy } from './policy-schema.js';

const HOUR_MS = 3_600_000;

/** Whether the customer can be reached, why they are in arrears, and what their history grants them. */
export function standingChecks(question: CutCase, debts: Debts): CutCheck[] {
  const { facts, policy } = question;
  const { reachableContact, causeKnown, causesThatBlock, clause } = policy.standing;
  const checks: CutCheck[] = [];
  if (reachableContact)
    checks.push(
      check(
        'CONTACT_REACHABLE',
        facts.reachableContacts > 0,
        `${counted(facts.reachableContacts, 'contact')} proven reachable`,
        clause,
      ),
    );
  const cause = facts.arrearsCause;
  if (causeKnown) checks.push(check('CAUSE_KNOWN', cause !== null, cause ?? 'nobody has found out why', clause));
  if (causesThatBlock.length > 0) {
    const blocks = cause !== null && causesThatBlock.includes(cause);
    checks.push(
      check(
        'CAUSE_ALLOWS',
        !blocks,
        blocks ? `${cause} asks for another treatment than a cut` : `${cause ?? 'no cause'} does not forbid a cut`,
        clause,
      ),
    );
  }
  return policy.prepaid ? checks : [...checks, ...creditGrace(question, debts)];
}

/** Protections that forbid any cut but an urgent one. */
export function protectionCheck(question: CutCase): CutCheck {
  const { policy } = question;
  const inForce = protectionsInForce(question);
  const rules = policy.protections.filter(({ kind, mode }) => mode === 'PROHIBIT' && inForce.includes(kind));
  const text = rules.map(({ kind }) => `${kind}${validity(question, kind)}`).join(', ');
  const others =
    inForce.length > 0 ? `${inForce.join(', ')}, which alone does not forbid a cut` : 'no protection in force';
  const atMeter = question.facts.reportedProtected ? '; the meter itself refuses cuts (保电)' : '';
  return check(
    'NOT_PROTECTED',
    rules.length === 0,
    `${text || others}${atMeter}`,
    rules[0]?.clause ?? protectionClause(policy),
  );
}

const validity = ({ facts }: CutCase, kind: string): string => {
  const until = facts.protections.find((protection) => protection.kind === kind)?.validUntil;
  return until ? ` until ${until}` : '';
};

const protectionClause = (policy: DunningPolicy): Clause =>
  policy.protections[0]?.clause ?? policy.neverAskedProtects.clause;

/** What speaks against a cut for debt of this customer, today: never asked, the season, no attempt to reach them, a hold. */
export function forbearanceChecks(question: CutCase, debts: Debts): CutCheck[] {
  return [...protectionAsked(question), ...seasonChecks(question, debts), holdCheck(question)];
}

function protectionAsked({ facts, policy }: CutCase): CutCheck[] {
  const { customerClasses, clause } = policy.neverAskedProtects;
  if (!customerClasses.includes(facts.customerClass)) return [];
  const askedOn = facts.protectionAskedOn;
  return [
    check(
      'PROTECTION_ASKED',
      askedOn !== null,
      askedOn ? `asked on ${askedOn}` : 'never asked, which is not a "no"',
      clause,
    ),
  ];
}

type Season = DunningPolicy['seasons'][number];

function seasonChecks(question: CutCase, debts: Debts): CutCheck[] {
  const { policy } = question;
  const of = (rule: Season['rule']) => policy.seasons.filter((season) => season.rule === rule);
  const [prohibiting, asking] = [of('PROHIBIT'), of('CONTACT_ATTEMPT')];
  const checks: CutCheck[] = [];
  if (prohibiting[0]) {
    const current = prohibiting.find((season) => concerns(question, season));
    checks.push(check('SEASON', !current, seasonEvidence(question, current), (current ?? prohibiting[0]).clause));
  }
  if (asking[0]) {
    const current = asking.find((season) => concerns(question, season));
    const oldest = debts.unpaid[0]?.dueDate ?? null;
    checks.push(
      current
        ? contactAttempt(question, current, oldest)
        : check('CONTACT_ATTEMPT', true, seasonEvidence(question, current), asking[0].clause),
    );
  }
  return checks;
}

/** Whether a season is on and about this customer. */
const concerns = (question: CutCase, season: Season): boolean =>
  isWithin(question.today, season) &&
  (season.protections.length === 0 || protectionsInForce(question).some((kind) => season.protections.includes(kind)));

const seasonEvidence = ({ today }: CutCase, season: Season | undefined): string =>
  season
    ? `${today} is within ${season.from} to ${season.to}${season.protections.length > 0 ? ` (${season.protections.join(', ')})` : ''}`
    : `${today}: no season that concerns this customer`;

/** An attempt about this debt: not before its oldest bill fell due. */
function contactAttempt({ facts, policy }: CutCase, season: Season, oldestDue: LocalDate | null): CutCheck {
  const at = facts.lastContactAttemptAt;
  const wanted = `in season (${season.from} to ${season.to}) at least ${season.contactHours} hours before the cut`;
  const hours = at ? Math.floor((facts.at.getTime() - at.getTime()) / HOUR_MS) : 0;
  const aboutIt = at !== null && (oldestDue === null || localDate(at, policy.timeZone) >= oldestDue);
  const early = at !== null && facts.at.getTime() - at.getTime() >= season.contactHours * HOUR_MS;
  const text =
    at === null
      ? 'no attempt to reach the customer'
      : aboutIt
        ? `last attempt ${hours} hours ago`
        : `last attempt on ${localDate(at, policy.timeZone)}, before this debt was due`;
  return check('CONTACT_ATTEMPT', aboutIt && early, `${text}; ${wanted}`, season.clause);
}

/** A pause of dunning, or an open hold of a kind that holds here. A hold past its last day holds until somebody has acted on its end. */
function holdCheck({ facts, policy, today }: CutCase): CutCheck {
  const holding = facts.holds.filter(({ kind }) => policy.holds.some((rule) => rule.kind === kind));
  const rule = policy.holds.find(({ kind }) => holding.some((hold) => hold.kind === kind));
  const clause = rule?.clause ?? policy.holds[0]?.clause ?? policy.standing.clause;
  const { pause } = facts;
  if (pause) return check('NO_HOLD', false, `dunning is paused until ${pause.until ?? 'it is resumed'}`, clause);
  const tell = (holds: CutCase['facts']['holds']) =>
    holds
      .map(({ kind, until }) => {
        if (until === null) return `${kind} until it is ended`;
        return `${kind} until ${until}${until < today ? ', and not ended yet' : ''}`;
      })
      .join(', ');
  const free = facts.holds.length > 0 ? `${tell(facts.holds)} does not hold a cut back here` : 'no hold is open';
  return check('NO_HOLD', holding.length === 0, holding.length > 0 ? tell(holding) : free, clause);
}
