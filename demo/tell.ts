import { formatAmount } from '../src/platform/money.js';
import type { MonthListener, PlayedMonth } from './month.js';
import type { Explanation } from './explain.js';
import type { Scenario } from './scenario.js';
import type { Count, DayFigures } from './totals.js';

const color = process.stdout.isTTY && !process.env['NO_COLOR'];
const paint = (code: number) => (text: string) => (color ? `\u001b[${code}m${text}\u001b[0m` : text);
const bold = paint(1);
const dim = paint(2);
const red = paint(31);
const green = paint(32);
const yellow = paint(33);

const print = (text = ''): void => void process.stdout.write(`${text}\n`);
const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const yuan = (minor: bigint | string): string => formatAmount(BigInt(minor), 'CNY');

const COLUMNS = [
  ['bills', 6],
  ['notices', 8],
  ['payments', 9],
  ['paid, yuan', 12],
  ['proposed', 9],
  ['cut', 5],
  ['restored', 9],
  ['dark', 5],
] as const;

/** Tells a month in the terminal while it is played. */
export class Teller implements MonthListener {
  private told = 0;

  constructor(private readonly scenario: Scenario) {}

  begin(): void {
    print(bold(`One month of one district, ${this.scenario.accounts} households`));
    print(dim(`${this.scenario.about}; seed ${this.scenario.seed}. Same seed, same month.`));
    print();
  }

  opening(share: number): void {
    if (process.stdout.isTTY)
      process.stdout.write(`\r\u001b[K${dim(`opening the district ${Math.round(share * 100)} %`)}`);
  }

  day(day: string, figures: DayFigures): void {
    if (process.stdout.isTTY) process.stdout.write('\r\u001b[K');
    if (this.told === 0)
      print(dim(`${'day'.padEnd(15)}${COLUMNS.map(([name, width]) => name.padStart(width)).join('')}`));
    this.told += 1;
    print(rowOf(day, figures));
    if (process.stdout.isTTY) process.stdout.write(dim(`day ${this.told + 1} of ${this.scenario.days} …`));
  }

  /** The summary, and one customer who was not cut. */
  end({ report, sha256, faults, seconds }: PlayedMonth): void {
    if (process.stdout.isTTY) process.stdout.write('\r\u001b[K');
    const { money, counted, cutRate, latencies, explanation } = report;
    print();
    print(bold('What the month came to'));
    print(
      `  billed      ${yuan(money.billedMinor)} yuan in ${money.bills} bills; ${money.readings} readings, ${money.readingsCorrected} corrected`,
    );
    print(
      `  paid        ${yuan(money.paidMinor)} yuan in ${money.payments} payments; ${yuan(money.stillOwedMinor)} still owed`,
    );
    print(`  late fees   ${yuan(money.lateFeesMinor)} yuan charged, ${yuan(money.lateFeesWaivedMinor)} waived`);
    printCounts('notices', counted.notices);
    printCounts('not taken', counted.stepsNotTaken);
    printCounts('batches', counted.batches);
    printCounts('cuts', counted.cuts);
    printCounts('restores', counted.restores);
    printCounts('holds', counted.holds);
    printCounts('field work', counted.workOrders);
    const rate = cutRate.rate === null ? 'nothing billed' : `${(cutRate.rate * 100).toFixed(2)} %`;
    print(
      `  ${bold('cut rate')}    ${bold(rate)}: ${cutRate.cutPoints} of ${cutRate.billedPoints} places billed were cut`,
    );
    const { restores, restoresOwed, sameDay } = latencies;
    print(
      `  ${bold('pay → power')} ${bold(`median ${span(restores.medianSeconds)}, p95 ${span(restores.p95Seconds)}, longest ${span(restores.maxSeconds)}`)}; ${sameDay} of ${restoresOwed} on the day of the payment`,
    );
    if (explanation) explain(explanation);
    print();
    for (const fault of faults) print(red(`  WRONG  ${fault}`));
    if (faults.length === 0)
      print(green('  Nobody protected, held or paid was cut; the ledger is balanced; everybody who paid has power.'));
    print(
      dim(
        `  report SHA-256 ${sha256}\n  ${seconds.total.toFixed(1)} s: opening ${seconds.opening.toFixed(1)}, month ${seconds.month.toFixed(1)}, report and checks ${seconds.report.toFixed(1)}`,
      ),
    );
  }
}

function rowOf(day: string, figures: DayFigures): string {
  const { bills, served, payments, paidMinor, proposed, cut, restored, dark } = figures;
  const cells = [bills, served, payments, paidMinor === 0n ? 0 : yuan(paidMinor), proposed, cut, restored, dark];
  const shown = cells.map((cell, index) => {
    const text = (cell === 0 ? '·' : String(cell)).padStart(COLUMNS[index]![1]);
    if (cell === 0) return dim(text);
    return index === 5 ? red(text) : index === 6 ? green(text) : index === 7 ? yellow(text) : text;
  });
  const name = `${day} ${WEEKDAYS[new Date(day).getUTCDay()]}`;
  return `${name.padEnd(15)}${shown.join('')}${figures.aborted ? yellow(`  batch aborted: ${figures.aborted}`) : ''}`;
}

/** Counts that fit on some lines of a terminal. */
function printCounts(name: string, counts: readonly Count[]): void {
  const words = counts.map(({ what, count }) => `${count} ${what}`);
  let line = '';
  const lines: string[] = [];
  for (const word of words) {
    if (line.length + word.length > 100) {
      lines.push(line);
      line = '';
    }
    line += `${line === '' ? '' : ', '}${word}`;
  }
  if (line) lines.push(line);
  lines.forEach((text, index) => print(`  ${(index === 0 ? name : '').padEnd(11)} ${text}`));
}

function span(seconds: number | null): string {
  if (seconds === null) return '–';
  if (seconds < 120) return `${seconds.toFixed(0)} s`;
  return seconds < 7_200 ? `${(seconds / 60).toFixed(1)} min` : `${(seconds / 3_600).toFixed(1)} h`;
}

function explain({ accountNumber, at, checks }: Explanation): void {
  print();
  const day = new Date(at).toLocaleDateString('sv-SE', { timeZone: 'Asia/Shanghai' });
  print(bold(`Why account ${accountNumber} is not cut on ${day}, the next day on which anybody may be`));
  for (const { code, passed, evidence, clause } of checks) {
    print(`  ${passed ? green('✓') : red('✗')} ${code.padEnd(18)} ${evidence}${passed ? '' : dim(` [${clause}]`)}`);
  }
}
