import { UserError } from '../platform/errors.js';
import { Loop } from '../platform/loop.js';
import { crashPoint } from '../platform/crash-points.js';
import { systemActor, type FlowContext } from '../flows/context.js';
import { claimNotices, giveUpNotices, recordSent } from '../flows/send-notices.js';
import { takeDeliveryReport, type DeliveryReport } from '../flows/take-delivery-report.js';
import { LIMITS } from '../platform/limits.js';
import type { MessageGateway } from './gateway.js';
import type { ReportFiles } from './report-files.js';

const ACTOR = systemActor('messaging');
/** Looks by itself this often, so that a lost nudge only delays. */
const LOOK_MS = 1_000;
/** Files of reports and messages without an answer are looked for this often. */
const SLOW_LOOK_MS = 5_000;

/** The running messaging edge. */
export interface Messaging {
  /** Looks for notices to send now. */
  wake(): void;
  stop(): Promise<void>;
}

/** Where delivery reports come from besides the API. */
export interface ReportSources {
  readonly files?: ReportFiles | undefined;
  /** In simulation: what phones would answer. */
  readonly simulated?: (() => Promise<DeliveryReport[]>) | undefined;
}

/**
 * Sends what is prepared and takes what is reported. Rows are the queue: a claim, the sending outside any transaction, the record. Killed
 * in between, the same message goes out again under the same id after the lease.
 */
export function startMessaging(ctx: FlowContext, gateway: MessageGateway, sources: ReportSources): Messaging {
  const sending = new Loop('notices', () => sendRound(ctx, gateway, () => reporting.wake()), LOOK_MS, ctx.log);
  const reporting = new Loop('delivery-reports', () => reportRound(ctx, sources), SLOW_LOOK_MS, ctx.log);
  const unlisten = ctx.nudges.listen('notices', () => sending.wake());
  sending.wake();
  reporting.wake();
  return {
    wake: () => sending.wake(),
    async stop() {
      unlisten();
      await gateway.close();
      await Promise.all([sending.stop(), reporting.stop()]);
    },
  };
}

async function sendRound(ctx: FlowContext, gateway: MessageGateway, sent: () => void): Promise<number> {
  const claimed = await claimNotices(ctx);
  if (claimed.length === 0) return LOOK_MS;
  crashPoint('notices/claimed');
  const results = await Promise.all(
    claimed.map(async (notice) => {
      const { messageId, channel, to, language, body } = notice;
      return { notice, outcome: await gateway.send({ messageId, channel, to, language, body }) };
    }),
  );
  crashPoint('notices/sent');
  await recordSent(ctx, results);
  sent();
  return claimed.length < LIMITS.noticeGroup.value ? LOOK_MS : 0;
}

async function reportRound(ctx: FlowContext, { files, simulated }: ReportSources): Promise<number> {
  const take = async (report: DeliveryReport): Promise<void> => {
    try {
      await takeDeliveryReport(ctx, report, ACTOR);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      ctx.log.warn({ messageId: report.messageId, code: error.code }, 'a delivery report names no message of ours');
    }
  };
  await files?.takeAll(take);
  const due = (await simulated?.()) ?? [];
  for (const report of due) await take(report);
  const givenUp = await giveUpNotices(ctx);
  return due.length >= LIMITS.noticeGroup.value || givenUp >= LIMITS.noticeGroup.value ? 0 : SLOW_LOOK_MS;
}
