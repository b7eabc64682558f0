import { readFileSync } from 'node:fs';
import { parse, YAMLParseError } from 'yaml';
import { z } from 'zod';
import { projectPath } from '../src/platform/project-path.js';

const share = z.number({ error: 'must be a share from 0 to 1' }).min(0).max(1);
const weight = z.number({ error: 'must be a weight from 0 to 1000' }).min(0).max(1_000);
const count = (least: number, most: number) =>
  z
    .int({ error: `must be a whole number from ${least} to ${most}` })
    .min(least)
    .max(most);
const time = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, { error: 'must be a time like 08:30' });
const day = z.iso.date({ error: 'must be a day like 2026-03-31' });
const span = z
  .tuple([z.number().min(0), z.number().min(0)], { error: 'must be two numbers: from, to' })
  .refine(([from, to]) => from <= to, { error: 'must begin before it ends' });

/** One concentrator has at most so many meters, and the story is that of one district. */
const MOST_ACCOUNTS = 2_000;
const MOST_DAYS = 62;

/** What those do who owe nothing when the month begins: about the bill of this month. Weights. */
const customers = z.strictObject({
  /** Pays in the first days. */
  prompt: weight,
  afterFirstReminder: weight,
  afterSecondReminder: weight,
  afterDemand: weight,
  /** Finds the bill too high: its reading was wrong, and is corrected. */
  wrongReading: weight,
  never: weight,
});
/** What those do who owe older bills when the month begins. Weights. */
const debtors = z.strictObject({
  afterReminder: weight,
  afterArrearsNotice: weight,
  afterCutNotice: weight,
  onLastCall: weight,
  /** Pays after the cut: within minutes, on the same evening, days later. */
  minutesAfterCut: weight,
  eveningAfterCut: weight,
  daysAfterCut: weight,
  /** Brings a guarantee after the cut, and pays later. */
  guaranteeAfterCut: weight,
  /** Pays half after the cut notice, the rest after the cut. */
  inParts: weight,
  planKept: weight,
  planBroken: weight,
  disputeUpheld: weight,
  disputeRejected: weight,
  /** The bank debits days late. */
  bankLate: weight,
  never: weight,
});

export type CustomerBehaviour = keyof z.infer<typeof customers>;
export type DebtorBehaviour = keyof z.infer<typeof debtors>;

/** A scenario (剧本): who lives in the district, what people do, what goes wrong on the wire. */
const scenarioSchema = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9-]{0,40}$/, { error: 'must be a short name like month' }),
  about: z.string().min(1).max(400),
  /** Same seed, same month, byte for byte. */
  seed: count(0, 2 ** 32 - 1),
  /** First local day; the month before it is billed already. */
  starts: day,
  days: count(1, MOST_DAYS),
  accounts: count(10, MOST_ACCOUNTS),
  /** Part of the accounts that owe older bills when the month begins, and part of these that owe the latest one alone. */
  arrears: z.strictObject({ share, latestBillOnly: share }),
  customers,
  debtors,
  /** After the cut: minutes, the hour of the evening, days. */
  afterCut: z.strictObject({ minutes: span, evening: time, days: span }),
  /** Messages that do not arrive; visits at which nobody signs. */
  contacts: z.strictObject({ messageLost: share, visitFails: share }),
  staff: z.strictObject({
    approveAt: time,
    /** The hotline calls and the meter reader walks at these times of a working day. */
    callAt: time,
    visitAt: time,
    /** Days from the preparation of a written notice to the visit. */
    visitAfterDays: count(0, 7),
    /** Disputes are ruled on so many days after they were opened. */
    rulingAfterDays: count(0, 14),
    /** A crew is on site so many hours after a work order was opened. */
    crewAfterHours: count(0, 72),
    /** The kill switch is engaged once, for so long; null: never. */
    killSwitch: z.strictObject({ day, at: time, minutes: count(1, 600) }).nullable(),
  }),
  wire: z.strictObject({
    /** From Relight to a meter, and back, each; s. */
    latencySeconds: span,
    /** From the order to the movement of the contacts, ms. */
    relayMs: count(0, 60_000),
    /** Acks and commands that are lost. */
    lostAcks: share,
    lostCommands: share,
    /** Part of the meters whose relay does not close again, and part whose relay does not open. */
    stuckOpen: share,
    stuckClosed: share,
    /** A customer whose meter is armed presses the button after so many minutes. */
    buttonAfterMinutes: span,
  }),
});

export type Scenario = Readonly<z.infer<typeof scenarioSchema>>;

/** Why a scenario cannot be played; told as it stands. */
export class ScenarioError extends Error {
  override readonly name = 'ScenarioError';
}

/** The scenarios that come with the demo. */
export const scenarioPath = (name: string): string => projectPath('demo', 'scenarios', `${name}.yaml`);

/** Checks a scenario. @throws ScenarioError naming each place and what would be right */
export function checkScenario(input: unknown, source: string): Scenario {
  const parsed = scenarioSchema.safeParse(input);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => {
    const place = issue.path.join('.');
    if (issue.code !== 'unrecognized_keys') return `${place || 'it'} ${issue.message}`;
    return issue.keys.map((key) => `${place ? `${place}.` : ''}${key} is no key of a scenario`).join('; ');
  });
  throw new ScenarioError(`${source}: ${problems.join('; ')}.`);
}

/** Reads a scenario from a YAML file. @throws ScenarioError naming file, place, and what would be right */
export function loadScenario(path: string): Scenario {
  let document: unknown;
  try {
    document = parse(readFileSync(path, 'utf8'));
  } catch (error) {
    const { message } = error as Error;
    throw new ScenarioError(
      error instanceof YAMLParseError ? `${path}: ${message}` : `${path} cannot be read: ${message}`,
    );
  }
  return checkScenario(document, path);
}
