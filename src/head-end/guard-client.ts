import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Logger } from '../platform/log.js';
import type { JwsSignature } from '../platform/signing-key.js';
import { socketAddress } from '../platform/unix-socket.js';
import type { QueuedCut } from '../switching/dispatch.js';
import { URGENT_REASONS } from '../switching/interruption.js';

/** Where the guard answers: `unix:/path`, http://127.0.0.1:port or https://…, and the secret both know. */
export interface GuardAccess {
  readonly url: string;
  readonly token?: string;
}

/** What the guard said to a cut: its signature, or why not. */
export type GuardAnswer =
  | { readonly signature: JwsSignature }
  | { readonly code: 'GUARD_REFUSED' | 'GUARD_UNAVAILABLE'; readonly text: string };

/** Longer than a decision may take the guard, shorter than a meter's answer takes, ms. */
const TIMEOUT_MS = 3_000;
/** An answer has a few hundred bytes. */
const MAX_ANSWER_BYTES = 16_384;

interface Reply {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

/** The head-end's way to the guard. Only cuts go this way; a restore never asks. */
export class GuardClient {
  private told: string | undefined;

  constructor(
    private readonly access: GuardAccess,
    private readonly log: Logger,
  ) {}

  /**
   * The guard's public key, as meters must know it.
   * @throws Error when it does not answer
   */
  async key(): Promise<{ kid: string; x: string }> {
    const { status, body } = await this.ask('GET', '/health');
    const key = body['key'] as { kid?: unknown; x?: unknown } | undefined;
    if (status === 200 && typeof key?.kid === 'string' && typeof key.x === 'string') return { kid: key.kid, x: key.x };
    throw new Error(`the guard at ${this.access.url} does not tell its key (it answered ${status})`);
  }

  /** Whether it would sign such a cut now; if not now but later, after how long, ms of product time. 'closed': it does not answer, or signs nothing. */
  async room(cut: QueuedCut): Promise<'open' | 'closed' | { readonly waitMs: number }> {
    const { district, requestedBy, reason } = cut;
    const question = { district, requester: requestedBy, urgent: URGENT_REASONS.includes(reason) };
    try {
      const { status, body } = await this.ask('POST', '/room', JSON.stringify(question));
      if (status !== 200) return this.tell(`it signs nothing: ${String(body['message'] ?? status)}`);
      this.told = undefined;
      if (body['room'] === true) return 'open';
      return { waitMs: typeof body['waitMs'] === 'number' ? body['waitMs'] : Number.POSITIVE_INFINITY };
    } catch (error) {
      return this.tell((error as Error).message);
    }
  }

  /** Asks for the signature of a cut whose SENT has been committed. Never throws: whatever goes wrong, nothing is published. */
  async sign(payload: string): Promise<GuardAnswer> {
    try {
      const { status, body } = await this.ask('POST', '/sign', payload);
      if (status === 200 && typeof body['protected'] === 'string' && typeof body['signature'] === 'string')
        return { signature: { protected: body['protected'], signature: body['signature'] } };
      const code = String(body['code'] ?? status);
      return {
        code: code === 'UNAVAILABLE' || code === 'BUSY' || status !== 409 ? 'GUARD_UNAVAILABLE' : 'GUARD_REFUSED',
        text: `${code}: ${String(body['message'] ?? 'no reason given')}`,
      };
    } catch (error) {
      return { code: 'GUARD_UNAVAILABLE', text: `the guard does not answer (${(error as Error).message})` };
    }
  }

  /** Once for each reason, not once a second. */
  private tell(reason: string): 'closed' {
    if (this.told !== reason)
      this.log.warn({ guard: this.access.url, reason }, 'cuts wait for the guard; restores go on');
    this.told = reason;
    return 'closed';
  }

  private ask(method: 'GET' | 'POST', path: string, body?: string): Promise<Reply> {
    const { url, token } = this.access;
    const target = url.startsWith('unix:')
      ? { socketPath: socketAddress(url.slice('unix:'.length)), path, host: 'guard' }
      : new URL(path, url);
    const headers = {
      'content-type': 'application/json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }),
    };
    const send = url.startsWith('https:') ? httpsRequest : httpRequest;
    return new Promise((done, fail) => {
      // A connection for each question: nothing old is in the way when the guard is started again.
      const options = { method, headers, agent: false as const, signal: AbortSignal.timeout(TIMEOUT_MS) };
      const request = target instanceof URL ? send(target, options) : send({ ...target, ...options });
      request.once('error', fail);
      request.once('response', (response) => {
        const chunks: Buffer[] = [];
        let bytes = 0;
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes > MAX_ANSWER_BYTES) request.destroy(new Error('the answer is too long'));
          else chunks.push(chunk);
        });
        response.once('error', fail);
        response.once('end', () => {
          try {
            const answer = JSON.parse(Buffer.concat(chunks).toString('utf8')) as Record<string, unknown>;
            done({ status: response.statusCode ?? 0, body: answer });
          } catch {
            fail(new Error('the answer is not JSON'));
          }
        });
      });
      request.end(body);
    });
  }
}
