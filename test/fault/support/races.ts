import { examineRaces } from '../../support/wire-model-exam.js';

/** Where the payment must have met the cut: waiting, queued, sent, heard but not known, accepted, done. */
const STAGES = [
  'CUT PENDING_APPROVAL, relay closed',
  'CUT QUEUED, relay closed',
  'CUT SENT, relay closed',
  'CUT SENT, relay open',
  'CUT ACCEPTED, relay closed',
  'CUT ACCEPTED, relay open',
  'CUT UNKNOWN, relay closed',
  'CUT VERIFIED, relay open',
];
const FIRST_SEED = 7_000;

/**
 * Plays tables of payments racing cuts from the first seed on, each race in some forty interleavings; RACE_SEED begins at another seed.
 * Fails where a relay is wrong or a cut went to a paid account, and where the exam met too little.
 */
export async function expectNoWrongRelay(
  plan: { tables: number; racesPerTable: number },
  atLeast: { interleavings: number; perStage: number },
): Promise<void> {
  const replay = process.env['RACE_SEED'];
  const firstSeed = replay ? Number(replay) : FIRST_SEED;
  const { interleavings, stages } = await examineRaces({ firstSeed, ...plan });
  if (replay) return;
  expect(interleavings).toBeGreaterThanOrEqual(atLeast.interleavings);
  for (const stage of STAGES)
    expect({ stage, enough: (stages.get(stage) ?? 0) >= atLeast.perStage }).toEqual({ stage, enough: true });
}
