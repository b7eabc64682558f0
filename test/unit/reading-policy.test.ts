import fc from 'fast-check';
import { REGISTER_MODULUS_WH, energyBetween, judgeReading } from '../../src/metering/reading-policy.js';
import type { ReadingFlag, RegisterReading } from '../../src/metering/reading-policy.js';

const NOW = Date.UTC(2026, 2, 2, 0, 0, 0);
const HOUR_MS = 3_600_000;
const FUTURE_TOLERANCE_MS = 15 * 60_000;
const MAX_W = 10_000;
const LAST_WH = REGISTER_MODULUS_WH - 10n;

/** A reading some hours from now. */
const reading = (hours: number, registerWh: bigint): RegisterReading => ({
  at: new Date(NOW + hours * HOUR_MS),
  registerWh,
});

const judge = (candidate: RegisterReading, previous?: RegisterReading, next?: RegisterReading) =>
  judgeReading({
    previous,
    next,
    candidate,
    nowVirtual: new Date(NOW),
    maxPlausibleW: MAX_W,
    futureToleranceMs: FUTURE_TOLERANCE_MS,
  });

type Row = [
  what: string,
  candidate: RegisterReading,
  previous: RegisterReading | undefined,
  next: RegisterReading | undefined,
  flags: ReadingFlag[],
  usable: boolean,
];

const day = -24;
test.each<Row>([
  ['the first reading', reading(-1, 0n), undefined, undefined, [], true],
  ['the greatest the register can show', reading(-1, LAST_WH), undefined, undefined, [], true],
  ['no use', reading(0, 500n), reading(day, 500n), undefined, [], true],
  ['one Wh', reading(0, 501n), reading(day, 500n), undefined, [], true],
  ['one Wh back', reading(0, 499n), reading(day, 500n), undefined, ['BACKWARDS'], false],
  ['back to zero from a low register', reading(0, 0n), reading(day, 500_000n), undefined, ['BACKWARDS'], false],
  ['full load all day, and a register step', reading(0, 240_010n), reading(day, 0n), undefined, [], true],
  ['one Wh more than full load and a step', reading(0, 240_011n), reading(day, 0n), undefined, ['IMPLAUSIBLE'], false],
  ['the same instant, the same register', reading(day, 500n), reading(day, 500n), undefined, [], true],
  ['the same instant, one step on', reading(day, 510n), reading(day, 500n), undefined, [], true],
  ['the same instant, another register', reading(day, 511n), reading(day, 500n), undefined, ['IMPLAUSIBLE'], false],
  ['over the end of the register', reading(0, 10n), reading(day, LAST_WH), undefined, ['ROLLOVER'], true],
  ['over the end to exactly zero', reading(0, 0n), reading(day, LAST_WH), undefined, ['ROLLOVER'], true],
  ['over the end at full load and a step', reading(0, 240_000n), reading(day, LAST_WH), undefined, ['ROLLOVER'], true],
  ['over the end too fast is a fall', reading(0, 240_001n), reading(day, LAST_WH), undefined, ['BACKWARDS'], false],
  [
    'a fall after ten years, by just under half the register, is a rollover',
    reading(0, 299_999_999n),
    reading(-87_600, 800_000_000n),
    undefined,
    ['ROLLOVER'],
    true,
  ],
  [
    'by half the register it is not',
    reading(0, 300_000_000n),
    reading(-87_600, 800_000_000n),
    undefined,
    ['BACKWARDS'],
    false,
  ],
  ['a register beyond eight digits', reading(0, REGISTER_MODULUS_WH), undefined, undefined, ['IMPLAUSIBLE'], false],
  ['a negative register', reading(0, -1n), undefined, undefined, ['IMPLAUSIBLE'], false],
  ['exactly as early as tolerated', reading(0.25, 500n), reading(day, 500n), undefined, [], true],
  [
    'a millisecond earlier than tolerated',
    { at: new Date(NOW + FUTURE_TOLERANCE_MS + 1), registerWh: 500n },
    reading(day, 500n),
    undefined,
    ['FAR_FUTURE'],
    false,
  ],
  [
    'years ahead and backwards',
    reading(87_600, 499n),
    reading(day, 500n),
    undefined,
    ['FAR_FUTURE', 'BACKWARDS'],
    false,
  ],
  ['late, between its neighbours', reading(-12, 600n), reading(day, 500n), reading(0, 700n), [], true],
  ['late, equal to the one after', reading(-12, 700n), reading(day, 500n), reading(0, 700n), [], true],
  ['late, above the one after', reading(-12, 701n), reading(day, 500n), reading(0, 700n), ['BACKWARDS'], false],
  ['late, below the one before', reading(-12, 499n), reading(day, 500n), reading(0, 700n), ['BACKWARDS'], false],
  [
    'late, leaving too much for after it',
    reading(-1, 0n),
    reading(day, 0n),
    reading(0, 10_011n),
    ['IMPLAUSIBLE'],
    false,
  ],
  [
    'late, before the one after rolled over',
    reading(-12, LAST_WH),
    reading(day, LAST_WH - 100n),
    reading(0, 50n),
    ['ROLLOVER'],
    true,
  ],
  ['late, older than all', reading(day, 500n), undefined, reading(0, 700n), [], true],
])('%s', (_what, candidate, previous, next, flags, usable) => {
  const verdict = judge(candidate, previous, next);
  expect({ flags: verdict.flags, usable: verdict.usable }).toEqual({ flags, usable });
  expect(verdict.reason).not.toBe('');
});

test('the reason says how much and against what', () => {
  expect(judge(reading(0, 499n), reading(day, 500n)).reason).toBe(
    'the register falls by 1 Wh since the reading before',
  );
  expect(judge(reading(0, 240_011n), reading(day, 0n)).reason).toMatch(/240011 Wh .* more than 10000 W/);
  expect(judge(reading(1, 0n)).reason).toMatch(/3600000 ms in the future, more than the 900000 ms/);
});

test('the tolerance for the future is fifteen minutes unless told otherwise', () => {
  const facts = { nowVirtual: new Date(NOW), maxPlausibleW: MAX_W };
  expect(judgeReading({ ...facts, candidate: reading(0.25, 0n) }).usable).toBe(true);
  expect(judgeReading({ ...facts, candidate: reading(0.26, 0n) }).usable).toBe(false);
});

test('neighbours on the wrong side are a mistake of the caller', () => {
  expect(() => judge(reading(0, 500n), reading(1, 500n))).toThrow(/time order/);
  expect(() => judge(reading(0, 500n), undefined, reading(-1, 500n))).toThrow(/time order/);
});

test('a meter that obeys its own limits is always believed, wherever its register stands', () => {
  fc.assert(
    fc.property(
      fc.bigInt({ min: 0n, max: REGISTER_MODULUS_WH - 1n }),
      fc.integer({ min: 1, max: 1_000 }),
      fc.integer({ min: 0, max: MAX_W }),
      (startWh, hours, powerW) => {
        const usedWh = BigInt(hours * powerW);
        const previous = reading(-hours, startWh);
        const candidate = reading(0, (startWh + usedWh) % REGISTER_MODULUS_WH);
        expect(judge(candidate, previous).usable).toBe(true);
        expect(energyBetween(previous, candidate)).toBe(usedWh);
      },
    ),
  );
});
