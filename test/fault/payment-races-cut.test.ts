import { expectNoWrongRelay } from './support/races.js';

// RACE_SEED=7003 npm run -s test:jest -- test/fault/payment-races-cut begins with the race of that seed. The whole exam is in the .long file.
test('a payment racing a cut: no wrong relay, no cut sent to a paid account, however the wire behaves', async () => {
  await expectNoWrongRelay({ tables: 2, racesPerTable: 13 }, { interleavings: 1_000, perStage: 5 });
}, 600_000);
