import { join } from 'node:path';
import type { Config } from './config.js';
import type { FlowContext } from './flows/context.js';
import { watchDunning } from './flows/watch-dunning.js';
import { FileGateway } from './messaging/file-gateway.js';
import type { MessageGateway } from './messaging/gateway.js';
import { startMessaging } from './messaging/messaging.js';
import { ReportFiles } from './messaging/report-files.js';
import { simulatedReports } from './messaging/simulated-reports.js';
import { WebhookGateway } from './messaging/webhook-gateway.js';

/** A provider that has not answered by then is asked again, ms. */
const WEBHOOK_TIMEOUT_MS = 10_000;

/** Starts what tells customers: the watch over ladders, the gateway and its reports. Roles all and jobs. */
export function startMessagingPart(config: Config, ctx: FlowContext, undo: (() => Promise<unknown>)[]): void {
  const outbox = join(config.DATA_DIR, 'outbox');
  const gateway: MessageGateway = config.MESSAGE_WEBHOOK_URL
    ? new WebhookGateway(
        { url: config.MESSAGE_WEBHOOK_URL, secret: config.MESSAGE_WEBHOOK_SECRET!, timeoutMs: WEBHOOK_TIMEOUT_MS },
        ctx.clock,
        ctx.log,
      )
    : new FileGateway(outbox, ctx.clock, ctx.log);
  const answersItself = config.simulation && (config.SIMULATED_DELIVERY ?? !config.MESSAGE_WEBHOOK_URL);
  const messaging = startMessaging(ctx, gateway, {
    files: new ReportFiles(join(outbox, 'reports'), ctx.log),
    simulated: answersItself ? () => simulatedReports(ctx, config.SEED) : undefined,
  });
  undo.push(() => messaging.stop());
  const watch = watchDunning(ctx);
  undo.push(() => watch.stop());
}
