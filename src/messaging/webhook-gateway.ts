import { createHmac } from 'node:crypto';
import { z } from 'zod';
import type { Clock } from '../platform/clock.js';
import type { Logger } from '../platform/log.js';
import type { GatewayAnswer, Message, MessageGateway } from './gateway.js';

/** Where messages are posted, and with which secret they are signed. */
export interface WebhookSettings {
  readonly url: string;
  readonly secret: string;
  readonly timeoutMs: number;
}

/** Tries within one hand-over, a little apart; what then still fails waits in the database and is tried again, ever more rarely. */
const TRIES = 3;
const BETWEEN_TRIES_MS = 200;
/** A longer answer is not one of ours. */
const ANSWER_BYTES = 65_536;

const ANSWER = z.object({ id: z.string().min(1).max(200) });
const REFUSAL = z.object({ code: z.string().regex(/^[A-Z0-9_-]{1,64}$/) });

/** The signature of a body sent at a wall time: HMAC-SHA256 over `<seconds>.<body>`, hex. */
export const signatureOf = (secret: string, seconds: number, body: string): string =>
  createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex');

/**
 * Posts each message as JSON, with `Idempotency-Key` (the message id) and `Relight-Signature: t=<seconds>,v1=<hex>`. 2xx accepts (the body
 * may name the provider's `id`), 4xx but 408, 409, 425 and 429 refuses for good (the body may name a `code`); everything else is tried again.
 */
export class WebhookGateway implements MessageGateway {
  private readonly stopping = new AbortController();

  constructor(
    private readonly settings: WebhookSettings,
    private readonly clock: Pick<Clock, 'wallNow'>,
    private readonly log: Logger,
  ) {}

  async send(message: Message): Promise<GatewayAnswer> {
    for (let attempt = 1; ; attempt += 1) {
      const answer = await this.post(message);
      if (answer.kind === 'ACCEPTED' || answer.permanent || attempt >= TRIES || this.stopping.signal.aborted)
        return answer;
      await new Promise((resume) => setTimeout(resume, BETWEEN_TRIES_MS * 2 ** (attempt - 1)));
    }
  }

  close(): Promise<void> {
    this.stopping.abort();
    return Promise.resolve();
  }

  private async post(message: Message): Promise<GatewayAnswer> {
    const body = JSON.stringify(message);
    const seconds = Math.floor(this.clock.wallNow().getTime() / 1_000);
    try {
      const response = await fetch(this.settings.url, {
        method: 'POST',
        body,
        redirect: 'error',
        headers: {
          'content-type': 'application/json',
          'idempotency-key': message.messageId,
          'relight-signature': `t=${seconds},v1=${signatureOf(this.settings.secret, seconds, body)}`,
        },
        signal: AbortSignal.any([AbortSignal.timeout(this.settings.timeoutMs), this.stopping.signal]),
      });
      return answerTo(response.status, (await response.text()).slice(0, ANSWER_BYTES), message);
    } catch (error) {
      const { name } = error as Error;
      this.log.warn({ messageId: message.messageId, error: name }, 'the message gateway does not answer');
      return {
        kind: 'REFUSED',
        code: name === 'TimeoutError' ? 'GATEWAY_TIMEOUT' : 'GATEWAY_UNREACHABLE',
        permanent: false,
      };
    }
  }
}

/** Statuses of the client's kind that another try may mend. */
const TRY_AGAIN = [408, 409, 425, 429];

function answerTo(status: number, text: string, message: Message): GatewayAnswer {
  const body = parse(text);
  if (status >= 200 && status < 300) {
    const named = ANSWER.safeParse(body);
    return { kind: 'ACCEPTED', gatewayMessageId: named.success ? named.data.id : message.messageId };
  }
  const named = REFUSAL.safeParse(body);
  const permanent = status >= 400 && status < 500 && !TRY_AGAIN.includes(status);
  return { kind: 'REFUSED', code: named.success ? named.data.code : `HTTP_${status}`, permanent };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
