import type { FlowContext } from '../src/flows/context.js';
import {
  claimNotices,
  giveUpNotices,
  recordSent,
  type OutgoingNotice,
  type SendResult,
} from '../src/flows/send-notices.js';
import { takeDeliveryReport, type DeliveryReport } from '../src/flows/take-delivery-report.js';
import type { GatewayAnswer, Message, MessageGateway } from '../src/messaging/gateway.js';
import { statement } from '../src/platform/database.js';
import { inLanes } from './lanes.js';
import { drawn } from './random.js';
import type { Scenario } from './scenario.js';

const GATEWAY = { kind: 'SYSTEM', id: 'messaging' } as const;

const SUBJECTS = statement(
  'demo-phones-subjects',
  `SELECT n.id AS "noticeId", a.account_number AS "accountNumber", coalesce(n.step_code, 'LAST_CALL') AS step FROM notice n JOIN account a ON a.id = n.account_id
   WHERE n.id = ANY($1::uuid[]) ORDER BY a.account_number, step, n.channel`,
);

interface Subject {
  readonly noticeId: string;
  readonly accountNumber: string;
  readonly step: string;
}

/** A provider that takes every message: what became of it says its report. */
class Provider implements MessageGateway {
  send({ messageId }: Message): Promise<GatewayAnswer> {
    return Promise.resolve({ kind: 'ACCEPTED', gatewayMessageId: messageId });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** Messages to customers, and what their phones answer. */
export class Phones {
  private readonly provider: MessageGateway = new Provider();

  constructor(
    private readonly ctx: FlowContext,
    private readonly scenario: Scenario,
    /** No message reaches these accounts. */
    private readonly unreachable: ReadonlySet<string>,
    /** Called for each message that has reached its customer. */
    private readonly onDelivered: (accountNumber: string, step: string) => void,
  ) {}

  /** Sends what is prepared, group by group, and takes the reports. Returns how many messages went out. */
  async work(): Promise<number> {
    let sent = 0;
    for (;;) {
      const claimed = await claimNotices(this.ctx);
      if (claimed.length === 0) return sent;
      sent += claimed.length;
      const results: SendResult[] = [];
      for (const notice of claimed) results.push({ notice, outcome: await this.provider.send(notice) });
      await recordSent(this.ctx, results);
      await this.report(claimed);
    }
  }

  /** Gives up what nobody served before its deadline. */
  async giveUp(): Promise<void> {
    while ((await giveUpNotices(this.ctx)) > 0);
  }

  private async report(claimed: readonly OutgoingNotice[]): Promise<void> {
    const messages = new Map(claimed.map((notice) => [notice.noticeId, notice]));
    const subjects = await this.ctx.db.rows<Subject>(SUBJECTS, [[...messages.keys()]]);
    await inLanes(subjects, async ({ noticeId, accountNumber, step }) => {
      const { messageId, channel } = messages.get(noticeId)!;
      const attempt = messageId.slice(messageId.indexOf('.') + 1);
      const report = this.answerOf(messageId, accountNumber, `message ${accountNumber} ${step} ${channel} ${attempt}`);
      await takeDeliveryReport(this.ctx, report, GATEWAY);
      if (report.outcome === 'DELIVERED') this.onDelivered(accountNumber, step);
    });
  }

  private answerOf(messageId: string, accountNumber: string, about: string): DeliveryReport {
    if (this.unreachable.has(accountNumber)) return { messageId, outcome: 'FAILED', code: 'INVALID_NUMBER' };
    if (drawn(this.scenario.seed, about) < this.scenario.contacts.messageLost)
      return { messageId, outcome: 'FAILED', code: 'NOT_DELIVERED' };
    return { messageId, outcome: 'DELIVERED' };
  }
}
