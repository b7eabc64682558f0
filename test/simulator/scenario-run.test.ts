import { junitXml, reportText } from '../../simulator/scenario/report.js';
import { runScenario } from '../../simulator/scenario/runner.js';
import { lawBreaches } from './support/broken-meters.js';
import { checkText, failures, planOf, run, small } from './support/scenarios.js';

describe('a scenario can fail', () => {
  test('and then says what was expected and what was found, on the terminal, in JSON and in JUnit', async () => {
    const report = await run(
      small('timeline:\n  - at: 1m\n    cut: { of: { first: 2 } }\nexpect:\n  - relays: { open: 3, closed: all }'),
    );
    expect(report.passed).toBe(false);
    expect(report.checks.map(checkText)).toEqual([
      'relays open: expected 3, got 2',
      'relays closed: expected all 6, got 4',
    ]);
    expect(reportText(report)).toMatch(/FAIL +2025-06-10 08:30:00 +relays open +3 +2\n/);
    expect(reportText(report)).toContain('FAILED 2 of 8');
    const xml = junitXml([report]);
    expect(xml).toContain('<testsuite name="small" tests="8" failures="2"');
    expect(xml).toContain('<failure message="expected 3, found 2 (expect/0)"/>');
  });

  test('when something does not become so in time', async () => {
    const text = (within: string): string =>
      small(
        `headEnd: { perSecond: 1 }\ntimeline:\n  - at: 1m\n    cut: {}\n  - at: 1m\n    expect:\n      - relays: { open: all }\n        within: ${within}`,
      );
    expect(failures(await run(text('2s')))).toEqual(['relays open: expected all 6, got 2']);
    const passing = await run(text('10s'));
    expect(failures(passing)).toEqual([]);
    expect(passing.checks[0]?.tookMs).toBeGreaterThan(4_000);
  });
});

describe('the laws find what breaks them', () => {
  test.each([
    ['lawfulOnly', 'a relay that opens without an order of the head-end'],
    ['oneTogglePerCommand', 'a command carried out twice'],
    ['inOrder', 'an old cut carried out after a restore'],
    ['registerStands', 'a register that counts while the relay is open'],
    ['protectedStay', 'a protected meter that is cut'],
    ['honestMeters', 'an ack signed by another meter'],
  ] as const)('%s: %s', async (law, _how) => {
    expect(await lawBreaches('nothing')).toEqual([]);
    expect(await lawBreaches(law)).toContain(law);
  });
});

describe('virtual time', () => {
  const text = small(
    'timeline:\n  - at: 1m\n    cut: {}\n  - at: 2m\n    restore: {}\nexpect:\n  - relays: { closed: all }',
  );

  test('the same file and seed give the same bytes, another seed gives others', async () => {
    const first = await run(text);
    const again = await run(text);
    const other = await runScenario(planOf(text, { seed: 6 }));
    expect(again.digest).toEqual(first.digest);
    expect(again.checks).toEqual(first.checks);
    expect(other.digest.sha256).not.toBe(first.digest.sha256);
  });

  test('and so does another speed', async () => {
    const fast = await run(text);
    const paced = await runScenario(planOf(text, { speed: 3_000 }));
    expect(paced.digest).toEqual(fast.digest);
    // Half an hour at 3,000 times takes 0.6 s.
    expect(paced.wallMs).toBeGreaterThan(500);
    expect(fast.wallMs).toBeLessThan(paced.wallMs);
  });

  test('a virtual day of a thousand meters takes at most ten seconds', async () => {
    const day = `name: small
shows: a day
seed: 1
fleet: { concentrators: 10, metersPerConcentrator: 100 }
time: { start: 2025-06-10T08:00, duration: 24h }
timeline: [{ at: 12h, cut: { of: { share: 0.1 } } }, { at: 13h, restore: { of: { share: 0.1 } } }]
expect: [{ freezes: { perMeter: 1 } }]`;
    const report = await run(day);
    expect(failures(report)).toEqual([]);
    expect(report.speed).toBeGreaterThan(8_640);
  });
});
