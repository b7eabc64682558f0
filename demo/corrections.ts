import type { FlowContext } from '../src/flows/context.js';
import { correctReading } from '../src/flows/correct-reading.js';
import { addMonths, startOfLocalDay } from '../src/platform/local-date.js';
import type { Field } from './field.js';
import type { Household } from './people.js';
import type { Scenario } from './scenario.js';

/** What a wrong reading shows too much, Wh: a month's use of a household, and still not absurd for one day. */
const TOO_MUCH_WH = 260_000;
const READER = { kind: 'PERSON', id: 'meter-reader-1' } as const;

interface ReadingMessage {
  readonly readings: readonly { readonly at: string; readonly energyWh: number }[];
}

/** Some registers are told wrong on the first of the month; what was true is known here until somebody asks. */
export class Corrections {
  private readonly truths = new Map<string, bigint>();
  private readonly readAt: Date;

  constructor(
    private readonly ctx: FlowContext,
    scenario: Scenario,
    field: Field,
    households: readonly Household[],
  ) {
    const settlementDay = addMonths(`${scenario.starts.slice(0, 7)}-01`, 1);
    this.readAt = startOfLocalDay(settlementDay, ctx.timeZone);
    const wrong = new Set(
      households.filter(({ behaviour }) => behaviour === 'wrongReading').map(({ serial }) => serial),
    );
    field.tamper = (topic, payload) => (topic.endsWith('/reading') ? this.misread(wrong, topic, payload) : payload);
  }

  /** Puts the true register on record; the bill is corrected by the product. */
  async correct({ meterId, serial, accountNumber }: Household): Promise<void> {
    const energyWh = this.truths.get(serial);
    if (energyWh === undefined) return;
    await correctReading(
      this.ctx,
      {
        meterId,
        readAt: this.readAt,
        energyWh,
        reason: 'the register was told wrong',
        evidence: `photo ${accountNumber}`,
        idempotencyKey: `demo-correct-${accountNumber}`,
      },
      READER,
    );
  }

  private misread(wrong: ReadonlySet<string>, topic: string, payload: string): string {
    const serial = topic.split('/')[4]!;
    if (!wrong.has(serial)) return payload;
    const message = JSON.parse(payload) as ReadingMessage;
    const at = this.readAt.toISOString();
    const entry = message.readings.find((reading) => reading.at === at);
    if (!entry) return payload;
    this.truths.set(serial, BigInt(entry.energyWh));
    const told = message.readings.map((reading) =>
      reading === entry ? { ...reading, energyWh: reading.energyWh + TOO_MUCH_WH } : reading,
    );
    return JSON.stringify({ ...message, readings: told });
  }
}
