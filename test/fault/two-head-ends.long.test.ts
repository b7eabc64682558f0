import { describeOnMosquitto } from '../support/brokers.js';
import { takeoverExam } from './support/takeover-exam.js';

const MINUTES = Number(process.env['TAKEOVER_MINUTES'] ?? 10);

describeOnMosquitto('two head-ends, one struck each minute, at 200 commands/s', () => {
  test(
    `${MINUTES} minutes: 0 lost, 0 doubled, takeover within 30 s`,
    async () => {
      const outcome = await takeoverExam({
        broker: 'mosquitto',
        meters: 2_000,
        commandsPerS: 200,
        durationMs: MINUTES * 60_000,
        leaseMs: 15_000,
        blows: Array.from({ length: MINUTES }, (_, minute) =>
          // Killed, but every fifth time stopped for longer than its lease.
          minute % 5 === 4
            ? { atMs: minute * 60_000 + 20_000, signal: 'SIGSTOP' as const, forMs: 25_000 }
            : { atMs: minute * 60_000 + 20_000, signal: 'SIGKILL' as const },
        ),
      });
      console.log(JSON.stringify(outcome, undefined, 2));
      const { ordered } = outcome;
      expect(outcome).toMatchObject({ lit: ordered, relayToggles: 2 * ordered, restores: ordered, verified: ordered });
      expect(Math.max(...outcome.takeoversMs)).toBeLessThan(30_000);
      expect(outcome.ratePerS).toBeGreaterThanOrEqual(190);
    },
    (MINUTES + 5) * 60_000,
  );
});
