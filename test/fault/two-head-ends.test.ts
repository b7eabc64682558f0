import { describeOnMosquitto } from '../support/brokers.js';
import { takeoverExam } from './support/takeover-exam.js';

const LEASE_MS = 3_000;

// The long form, with the figures of the bar, is two-head-ends.long.test.ts.
describeOnMosquitto('two head-ends share the work, and each is killed or stopped in turn', () => {
  test('nothing is lost, nothing is done twice, and the other takes over', async () => {
    const outcome = await takeoverExam({
      broker: 'mosquitto',
      meters: 300,
      commandsPerS: 100,
      durationMs: 13_000,
      leaseMs: LEASE_MS,
      blows: [
        { atMs: 2_000, signal: 'SIGKILL' },
        { atMs: 5_000, signal: 'SIGKILL' },
        // Longer than its lease: when it goes on, another has its place.
        { atMs: 7_500, signal: 'SIGSTOP', forMs: LEASE_MS + 2_000 },
      ],
    });
    const { ordered } = outcome;
    expect(ordered).toBeGreaterThan(500);
    expect(outcome).toMatchObject({ lit: ordered, relayToggles: 2 * ordered, restores: ordered, verified: ordered });
    expect(outcome.longestDarkMs).toBeLessThan(30_000);
  }, 120_000);
});
