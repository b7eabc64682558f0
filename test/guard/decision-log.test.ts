import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DecisionLog, type Decision } from '../../src/guard/decision-log.js';

const ENTRIES = 5;
const decision = (number: number): Decision => ({
  at: '2026-03-10T02:00:00.000Z',
  machineAt: '2026-11-21T10:00:00.000Z',
  verdict: 'SIGNED',
  commandId: `01900000-0000-7000-8000-00000000000${number}`,
  requester: 'clerk-台区',
});

describe("the guard's record of its decisions", () => {
  let dir: string;
  let path: string;
  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'relight-decisions-'));
    path = join(dir, 'decisions.jsonl');
    const log = await DecisionLog.open(path, () => undefined);
    for (let number = 1; number <= ENTRIES; number += 1) await log.append(decision(number));
    await log.close();
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  const reopen = async (): Promise<Decision[]> => {
    const read: Decision[] = [];
    const log = await DecisionLog.open(path, (one) => read.push(one));
    await log.close();
    return read;
  };
  const lines = (): string[] => readFileSync(path, 'utf8').trimEnd().split('\n');
  const write = (kept: readonly string[]): void => writeFileSync(path, kept.map((line) => `${line}\n`).join(''));

  test('is read again as it was written, and goes on', async () => {
    expect(await reopen()).toEqual([1, 2, 3, 4, 5].map(decision));
    const log = await DecisionLog.open(path, () => undefined);
    expect(log.count).toBe(ENTRIES);
    await log.append(decision(6));
    await log.close();
    expect(await reopen()).toHaveLength(ENTRIES + 1);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test('any single byte changed is found', async () => {
    const whole = readFileSync(path);
    const unnoticed: number[] = [];
    for (let position = 0; position < whole.length; position += 1) {
      const changed = Buffer.from(whole);
      changed[position]! ^= 1 << (position & 7);
      writeFileSync(path, changed);
      await reopen().then(
        () => unnoticed.push(position),
        () => undefined,
      );
    }
    expect(unnoticed).toEqual([]);
  }, 30_000);

  test.each<[string, (all: string[]) => string[]]>([
    ['a line deleted', (all) => all.filter((_, index) => index !== 2)],
    ['the first line deleted', (all) => all.slice(1)],
    ['two lines swapped', ([a, b, ...rest]) => [b!, a!, ...rest]],
    ['a line twice', ([a, ...rest]) => [a!, a!, ...rest]],
    ['the tail cut', (all) => all.slice(0, 3)],
    ['everything cut', () => []],
    ['an empty line', ([a, ...rest]) => [a!, '', ...rest]],
  ])('%s is found, and it is said what to do', async (_, change) => {
    write(change(lines()));
    await expect(reopen()).rejects.toThrow(/was changed.*move .*decisions\.jsonl\.head away/);
  });

  test('the whole file gone, or the note of how far it had come, is found', async () => {
    copyFileSync(path, `${path}.copy`);
    rmSync(path);
    await expect(reopen()).rejects.toThrow(/is missing/);
    copyFileSync(`${path}.copy`, path);
    rmSync(`${path}.head`);
    await expect(reopen()).rejects.toThrow(/head is missing/);
  });

  test('a line torn by a crash was never answered: it is cut off, and the record goes on', async () => {
    const whole = readFileSync(path, 'utf8');
    writeFileSync(path, `${whole}${lines()[4]!.slice(0, 120)}`);
    const log = await DecisionLog.open(path, () => undefined);
    await log.append(decision(6));
    await log.close();
    expect((await reopen()).at(-1)).toEqual(decision(6));
  });

  test('a file that somebody else changes or puts back while the guard runs stops it for good', async () => {
    const early = readFileSync(path);
    const log = await DecisionLog.open(path, () => undefined);
    await log.append(decision(6));
    writeFileSync(path, early);
    await expect(log.append(decision(7))).rejects.toThrow(/somebody else/);
    await expect(log.append(decision(7))).rejects.toThrow(/nothing is signed until/);
    await log.close();
    expect(existsSync(path)).toBe(true);
  });
});
