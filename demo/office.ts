import { approveBatch } from '../src/flows/decide-batch.js';
import type { FlowContext } from '../src/flows/context.js';
import { endHold } from '../src/flows/end-hold.js';
import { recordArrearsCause } from '../src/flows/record-standing.js';
import { renewNotice } from '../src/flows/renew-notice.js';
import { serveNotice } from '../src/flows/serve-notice.js';
import { setKillSwitch } from '../src/flows/set-kill-switch.js';
import type { NoticeChannel, ProofKind } from '../src/dunning/words.js';
import { statement } from '../src/platform/database.js';
import { UserError } from '../src/platform/errors.js';
import { addDays, localDate, startOfLocalDay } from '../src/platform/local-date.js';
import { RANK, type Agenda } from './agenda.js';
import { inLanes } from './lanes.js';
import type { Household } from './people.js';
import { drawn } from './random.js';
import type { Scenario } from './scenario.js';

const MINUTE_MS = 60_000;
const person = (id: string) => ({ kind: 'PERSON', id }) as const;
const HOTLINE = person('hotline-1');
const READER = person('meter-reader-1');
const SUPERVISORS = [person('supervisor-1'), person('supervisor-2')] as const;
const DUTY = person('duty-officer');

const TO_SERVE = statement(
  'demo-office-to-serve',
  `SELECT n.id AS "noticeId", a.account_number AS "accountNumber", n.account_id AS "accountId", coalesce(n.step_code, n.purpose) AS step, n.channel,
          n.accepted_proofs AS "acceptedProofs", n.attempt_key AS "attemptKey", n.created_at AS "createdAt",
          EXISTS (SELECT FROM arrears_cause c WHERE c.account_id = a.id) AS "causeKnown"
   FROM notice n JOIN account a ON a.id = n.account_id WHERE n.state = 'PREPARED' AND NOT n.by_gateway ORDER BY a.account_number, step`,
);
const FAILED_MANDATORY = statement(
  'demo-office-failed',
  `SELECT n.id AS "noticeId", a.account_number AS "accountNumber" FROM notice n JOIN account a ON a.id = n.account_id
   WHERE n.state = 'FAILED' AND n.mandatory AND n.step_code IS NOT NULL AND n.copy_of_id IS NULL AND n.failed_at < $1
     AND NOT EXISTS (SELECT FROM notice o WHERE o.account_id = n.account_id AND o.step_code = n.step_code AND o.created_at > n.created_at)
     AND EXISTS (SELECT FROM notice_bill nb JOIN bill b ON b.id = nb.bill_id WHERE nb.notice_id = n.id AND b.paid_minor < b.total_minor)
   ORDER BY a.account_number`,
);
const OPEN_BATCHES = statement(
  'demo-office-batches',
  `SELECT b.id AS "batchId", b.state FROM cut_batch b JOIN transformer_district d ON d.id = b.district_id
   WHERE b.ended_at IS NULL AND b.planned_for = $1 AND b.state = 'PENDING_APPROVAL' ORDER BY d.code`,
);
const TO_RULE = statement(
  'demo-office-rulings',
  `SELECT h.id AS "holdId", h.kind, a.account_number AS "accountNumber" FROM hold h JOIN account a ON a.id = h.account_id
   WHERE h.closed_at IS NULL AND h.kind IN ('DISPUTE', 'COMPLAINT') AND h.opened_at < $1 ORDER BY a.account_number, h.kind`,
);

interface NoticeToServe {
  readonly noticeId: string;
  readonly accountNumber: string;
  readonly accountId: string;
  readonly step: string;
  readonly channel: NoticeChannel;
  readonly acceptedProofs: readonly ProofKind[];
  readonly attemptKey: number;
  readonly createdAt: Date;
  readonly causeKnown: boolean;
}

/** The people of the company: hotline, meter reader, supervisors, and whoever is on duty. They act through the product's own flows. */
export class Office {
  private acts = 0;

  constructor(
    private readonly ctx: FlowContext,
    private readonly scenario: Scenario,
    private readonly agenda: Agenda,
    private readonly households: ReadonlyMap<string, Household>,
    private readonly told: {
      served(accountNumber: string, step: string): void;
      /** A complaint is about to be upheld: its wrong reading is put right first. */
      correct(household: Household): Promise<void>;
    },
  ) {}

  /** Writes down what is done on a local day. */
  planDay(day: string): void {
    const { staff } = this.scenario;
    const at = (time: string, key: string, act: () => Promise<void>) =>
      this.agenda.add(this.timeOf(day, time), RANK.office, key, act);
    if (staff.killSwitch?.day === day) {
      const { minutes } = staff.killSwitch;
      at(staff.killSwitch.at, 'kill switch', () => this.killSwitch(true));
      this.agenda.add(this.timeOf(day, staff.killSwitch.at) + minutes * MINUTE_MS, RANK.office, 'kill switch', () =>
        this.killSwitch(false),
      );
    }
    if (!this.ctx.holidays.isWorkday(day)) return;
    at(staff.approveAt, 'approve', () => this.approve(day));
    at(staff.callAt, 'call', () => this.serve(['VOICE'], HOTLINE, 0));
    at(staff.callAt, 'renew', () => this.renewFailed(day));
    at(staff.visitAt, 'visit', () => this.serve(['VISIT', 'LETTER'], READER, staff.visitAfterDays));
    at(staff.visitAt, 'rule', () => this.rule(day));
  }

  private async approve(day: string): Promise<void> {
    for (const supervisor of SUPERVISORS) {
      for (const { batchId } of await this.ctx.db.rows<{ batchId: string }>(OPEN_BATCHES, [day])) {
        const decision = { batchId, note: 'looked at each of them', role: 'SUPERVISOR' as const };
        await this.unlessRefused(() =>
          approveBatch(this.ctx, { ...decision, idempotencyKey: this.key('approve') }, supervisor),
        );
      }
    }
  }

  /** Calls and visits what is to be served; where nobody opens, the next way is tried another day. */
  private async serve(channels: readonly NoticeChannel[], actor: typeof READER, afterDays: number): Promise<void> {
    const today = localDate(this.ctx.clock.now(), this.ctx.timeZone);
    const prepared = await this.ctx.db.rows<NoticeToServe>(TO_SERVE);
    const mine = prepared.filter(
      ({ channel, createdAt }) =>
        channels.includes(channel) && addDays(localDate(createdAt, this.ctx.timeZone), afterDays) <= today,
    );
    await inLanes(mine, (notice) => this.unlessRefused(() => this.serveOne(notice, actor)));
  }

  private async serveOne(notice: NoticeToServe, actor: typeof READER): Promise<void> {
    const { noticeId, accountNumber, step, channel, acceptedProofs, attemptKey } = notice;
    const about = `visit ${accountNumber} ${step} ${channel} ${attemptKey} ${localDate(this.ctx.clock.now(), this.ctx.timeZone)}`;
    const household = this.households.get(accountNumber)!;
    const failed =
      channel === 'VOICE'
        ? household.unreachable
        : channel === 'VISIT' && drawn(this.scenario.seed, about) < this.scenario.contacts.visitFails;
    const [proofKind] = failed
      ? []
      : acceptedProofs.filter((kind) => (channel === 'LETTER' ? kind === 'RECEIPT' : true));
    this.acts += 1;
    await serveNotice(
      this.ctx,
      {
        noticeId,
        accountNumber,
        outcome: failed ? 'FAILED' : 'SERVED',
        ...(proofKind ? { proofKind, proofReference: `slip ${this.acts}` } : {}),
        at: this.ctx.clock.now(),
        note: failed ? 'nobody opened' : 'handed over',
        idempotencyKey: this.key('serve'),
      },
      actor,
    );
    if (failed) return;
    if (channel === 'VISIT' && !notice.causeKnown) await this.askWhy(notice);
    this.told.served(accountNumber, step);
  }

  /** Who stands at the door asks why nothing was paid. */
  private async askWhy({ accountId, accountNumber }: NoticeToServe): Promise<void> {
    const cause = drawn(this.scenario.seed, `cause ${accountNumber}`) < 0.85 ? 'FORGOT' : 'HARDSHIP';
    const report = { accountId, cause, note: 'asked at the door', idempotencyKey: this.key('cause') } as const;
    await recordArrearsCause(this.ctx, report, READER);
  }

  private async renewFailed(day: string): Promise<void> {
    const before = startOfLocalDay(day, this.ctx.timeZone);
    for (const { noticeId } of await this.ctx.db.rows<{ noticeId: string }>(FAILED_MANDATORY, [before])) {
      const renewal = { noticeId, note: 'tried again on another day', idempotencyKey: this.key('renew') };
      await this.unlessRefused(() => renewNotice(this.ctx, renewal, READER));
    }
  }

  private async rule(day: string): Promise<void> {
    const openedBefore = startOfLocalDay(addDays(day, 1 - this.scenario.staff.rulingAfterDays), this.ctx.timeZone);
    const open = await this.ctx.db.rows<{ holdId: string; kind: string; accountNumber: string }>(TO_RULE, [
      openedBefore,
    ]);
    for (const { holdId, accountNumber } of open) {
      const household = this.households.get(accountNumber)!;
      const wrong = household.behaviour === 'wrongReading';
      if (wrong) await this.told.correct(household);
      const outcome = wrong || household.behaviour === 'disputeUpheld' ? 'UPHELD' : 'REJECTED';
      const note = outcome === 'UPHELD' ? 'the customer is right' : 'the meter was checked and is right';
      const decision = { holdId, outcome, note, idempotencyKey: this.key('rule') } as const;
      await this.unlessRefused(() => endHold(this.ctx, decision, SUPERVISORS[0]));
    }
  }

  private async killSwitch(engaged: boolean): Promise<void> {
    const note = engaged ? 'a storm over the city: nobody is cut now' : 'the storm has passed';
    await setKillSwitch(this.ctx, { engaged, note, idempotencyKey: this.key('kill-switch') }, DUTY);
  }

  /** The instant at which clocks show `time` on a local day. */
  private timeOf(day: string, time: string): number {
    const [hours = 0, minutes = 0] = time.split(':').map(Number);
    return startOfLocalDay(day, this.ctx.timeZone).getTime() + (hours * 60 + minutes) * MINUTE_MS;
  }

  private key(act: string): string {
    this.acts += 1;
    return `demo-${act}-${String(this.acts).padStart(6, '0')}`;
  }

  /** What the product refuses meanwhile (paid, withdrawn, decided already) was overtaken, and is left. */
  private async unlessRefused(act: () => Promise<unknown>): Promise<void> {
    try {
      await act();
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
    }
  }
}
