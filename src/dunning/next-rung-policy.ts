/** What follows when a rung of a restore (复电梯级) has not brought power back. */
import type { DunningPolicy } from './policy-schema.js';

/** How a rung ended. Silence: the meter was not heard; ARM_EXPIRED: it waited for its button in vain. */
export type RungEnd = 'SILENCE' | 'ARM_EXPIRED';

/** What the choice rests on. */
export interface NextRungFacts {
  readonly end: RungEnd;
  /** How often this restore was armed again. */
  readonly rearms: number;
  /** A code was issued for this restore before, whatever became of it. */
  readonly codeIssued: boolean;
  /** Undefined: a code could be issued and would reach the customer; else why not. */
  readonly noCodeBecause: string | undefined;
  /** An outage explains the silence; null: there is none. */
  readonly outage: string | null;
}

/** The next rung. WAIT: the restore goes on by itself when the outage ends. */
export type NextRung =
  | { readonly rung: 'REARM'; readonly text: string }
  | { readonly rung: 'CODE'; readonly text: string }
  | { readonly rung: 'WAIT'; readonly text: string }
  | { readonly rung: 'VISIT'; readonly text: string };

/** Chooses the next rung: nobody drives out for what a button, a code or the end of an outage may bring. Pure. */
export function nextRung(
  facts: NextRungFacts,
  policy: Pick<DunningPolicy, 'arming' | 'restoreCode'> | undefined,
): NextRung {
  if (facts.end === 'ARM_EXPIRED') {
    if (facts.rearms < (policy?.arming.rearms ?? 0))
      return { rung: 'REARM', text: 'nobody pressed the button in time: the meter is armed once more' };
    const times = facts.rearms + 1;
    return {
      rung: 'VISIT',
      text: `nobody pressed the button, though the meter was armed ${times === 1 ? 'once' : `${times} times`}; bring power back on site`,
    };
  }
  if (facts.outage !== null) return { rung: 'WAIT', text: `the meter is silent because of an outage: ${facts.outage}` };
  if (!policy?.restoreCode.automatic) return { rung: 'VISIT', text: 'the meter does not answer' };
  if (facts.codeIssued) return { rung: 'VISIT', text: 'the meter does not answer, and its restore code was not used' };
  if (facts.noCodeBecause !== undefined)
    return { rung: 'VISIT', text: `the meter does not answer, and no restore code can help: ${facts.noCodeBecause}` };
  return { rung: 'CODE', text: 'the meter does not answer: the customer gets its restore code' };
}
