import { playMonth, type PlayedMonth } from '../../demo/month.js';
import { checkScenario, loadScenario, scenarioPath, type Scenario } from '../../demo/scenario.js';
import { takeDown, type Undo } from '../../demo/stage.js';
import { Database, statement } from '../../src/platform/database.js';
import { createLogger } from '../../src/platform/log.js';
import { createTestDatabase } from '../support/test-database.js';

/** A small district in which much happens. */
const SMALL: Scenario = {
  ...loadScenario(scenarioPath('month')),
  accounts: 40,
  arrears: { share: 0.6, latestBillOnly: 0.3 },
};

describe('a virtual month', () => {
  const undo: Undo = [];
  let url: string;
  let month: PlayedMonth;

  const emptyDatabase = async (down: Undo): Promise<string> => {
    const database = await createTestDatabase();
    down.push(() => database.drop());
    return database.url;
  };
  const playAndLeave = async (scenario: Scenario): Promise<PlayedMonth> => {
    const down: Undo = [];
    return playMonth(await emptyDatabase(down), scenario, down).finally(() => takeDown(down));
  };

  beforeAll(async () => {
    url = await emptyDatabase(undo);
    month = await playMonth(url, SMALL, undo);
  }, 180_000);
  afterAll(() => takeDown(undo));

  test('goes the whole way: read, billed, reminded, announced, cut, paid, lit; and nobody is wronged', () => {
    expect(month.faults).toEqual([]);
    const { report } = month;
    const told = Object.values(report.timelines).flat().join('\n');
    for (const what of [
      'bill',
      'payment',
      'late fee',
      'notice served',
      'step not taken',
      'hold',
      'hold ended',
      'cut proposed',
      'cut sent',
      'cut ended',
      'power no longer due',
      'restore ordered',
      'restore ended',
      'power due',
    ])
      expect(told).toMatch(new RegExp(` ${what}: `));
    expect(told).toContain('LAST_CALL VOICE CALL_RECORD');
    expect(report.money.bills).toBe(SMALL.accounts);
    expect(report.cutRate.billedPoints).toBe(SMALL.accounts);
    expect(report.cutRate.cutPoints).toBeGreaterThan(2);
    expect(report.latencies.restores.count).toBeGreaterThan(0);
    expect(report.explanation!.checks.some(({ passed }) => !passed)).toBe(true);
  });

  test('a report holds no ids and nothing of the machine’s clock', () => {
    expect(month.text).not.toMatch(/[0-9a-f]{8}-[0-9a-f]{4}-/);
    expect(new Set(month.text.match(/\d{4}-\d{2}-\d{2}T/g)!.map((at) => at.slice(0, 4)))).toEqual(new Set(['2026']));
  });

  test('the same seed gives the same month byte for byte, another seed another one', async () => {
    const again = await playAndLeave(SMALL);
    expect(again.sha256).toBe(month.sha256);
    expect(again.text).toBe(month.text);
    const other = await playAndLeave({ ...SMALL, accounts: 15, seed: SMALL.seed + 1, days: 10 });
    expect(other.faults).toEqual([]);
    expect(other.sha256).not.toBe(month.sha256);
  }, 300_000);

  test('the checks at the end see a protected customer cut, a ledger that does not add up, a paid customer in the dark', async () => {
    const database = new Database(url, createLogger('silent'), 1);
    undo.push(() => database.close());
    const run = (name: string, text: string) => database.rows(statement(`demo-test-${name}`, text));
    await run(
      'protect',
      `INSERT INTO protection (id, customer_id, kind, proof, created_at)
      SELECT gen_random_uuid(), a.customer_id, 'INFANT', 'test', '2026-01-01' FROM switch_command c JOIN account a ON a.id = c.account_id
      WHERE c.operation = 'CUT' AND c.state = 'VERIFIED' LIMIT 1`,
    );
    await run('ledger', `UPDATE account SET due_minor = due_minor + 1 WHERE account_number = '3700000001'`);
    await run(
      'dark',
      `INSERT INTO interruption (id, service_point_id, account_id, reason, opened_at, opened_by)
      SELECT gen_random_uuid(), sp.id, a.id, 'ARREARS', '2026-04-30', 'test' FROM account a JOIN service_point sp ON sp.account_id = a.id
      WHERE NOT EXISTS (SELECT FROM bill b WHERE b.account_id = a.id AND b.paid_minor < b.total_minor) ORDER BY 1 LIMIT 1`,
    );
    const faults = (await month.check()).join('\n');
    expect(faults).toMatch(/protected account \d+ was cut/);
    expect(faults).toMatch(/account 3700000001 says due/);
    expect(faults).toMatch(/owes nothing overdue and is still interrupted/);
  });
});

describe('a scenario', () => {
  const refusal = (change: object): string => {
    try {
      checkScenario({ ...SMALL, ...change }, 'here.yaml');
      return 'accepted';
    } catch (error) {
      return (error as Error).message;
    }
  };

  test('the one that comes with the demo is right', () => {
    expect(refusal({})).toBe('accepted');
  });

  test.each([
    [{ weather: 'rain' }, 'here.yaml: weather is no key of a scenario.'],
    [{ wire: { ...SMALL.wire, lostBytes: 1 } }, 'here.yaml: wire.lostBytes is no key of a scenario.'],
    [{ starts: '2026-02-30' }, 'here.yaml: starts must be a day like 2026-03-31.'],
    [{ accounts: 3 }, 'here.yaml: accounts must be a whole number from 10 to 2000.'],
    [{ arrears: { share: 1.5, latestBillOnly: 0 } }, 'here.yaml: arrears.share must be a share from 0 to 1.'],
    [{ afterCut: { ...SMALL.afterCut, minutes: [9, 3] } }, 'here.yaml: afterCut.minutes must begin before it ends.'],
    [{ staff: { ...SMALL.staff, approveAt: '25:00' } }, 'here.yaml: staff.approveAt must be a time like 08:30.'],
  ])('%j is refused with its place and what would be right', (change, message) => {
    expect(refusal(change)).toBe(message);
  });
});
