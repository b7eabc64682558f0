import { expectNoWrongRelay } from './support/races.js';

test('a payment racing a cut, 4,000 interleavings: no wrong relay, no cut sent to a paid account', async () => {
  await expectNoWrongRelay({ tables: 4, racesPerTable: 25 }, { interleavings: 4_000, perStage: 20 });
}, 1_800_000);
