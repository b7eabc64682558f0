import { examineRaces } from '../support/wire-model-exam.js';

// RACE_SEED=7003 npm run -s test:jest -- test/fault/payment-races-cut replays the one race of that seed.
const replay = process.env['RACE_SEED'];
const plan = replay
  ? { firstSeed: Number(replay), tables: 2, racesPerTable: 25 }
  : { firstSeed: 7_000, tables: 2, racesPerTable: 25 };

test('a payment racing a cut: no wrong relay, no cut sent to a paid account, however the wire behaves', async () => {
  const { interleavings, stages } = await examineRaces(plan);
  if (replay) return;
  expect(interleavings).toBeGreaterThanOrEqual(2_000);
  // The exam must have met the cut everywhere: waiting, queued, sent, heard but not known, accepted, done.
  for (const stage of [
    'CUT PENDING_APPROVAL, relay closed',
    'CUT QUEUED, relay closed',
    'CUT SENT, relay closed',
    'CUT SENT, relay open',
    'CUT ACCEPTED, relay closed',
    'CUT ACCEPTED, relay open',
    'CUT UNKNOWN, relay closed',
    'CUT VERIFIED, relay open',
  ]) {
    expect({ stage, enough: (stages.get(stage) ?? 0) >= 10 }).toEqual({ stage, enough: true });
  }
}, 600_000);
