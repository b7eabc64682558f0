import { mkdirSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../platform/clock.js';
import type { Logger } from '../platform/log.js';
import type { GatewayAnswer, Message, MessageGateway } from './gateway.js';

interface Waiting {
  readonly line: string;
  readonly done: (written: boolean) => void;
}

/**
 * Writes messages as JSON lines into `outbox/<day>.jsonl`, one file for each day of the machine's clock, for a provider's program to pick up.
 * A message is accepted when it is on the disk; messages that arrive together share one fsync. After a crash a message may stand there twice,
 * with the same id.
 */
export class FileGateway implements MessageGateway {
  private readonly waiting: Waiting[] = [];
  private writing: Promise<void> | undefined;
  private file: { readonly day: string; readonly handle: FileHandle } | undefined;

  constructor(
    private readonly dir: string,
    private readonly clock: Pick<Clock, 'wallNow'>,
    private readonly log: Logger,
  ) {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
  }

  async send(message: Message): Promise<GatewayAnswer> {
    const line = `${JSON.stringify({ ...message, writtenAt: this.clock.wallNow().toISOString() })}\n`;
    const written = await new Promise<boolean>((done) => {
      this.waiting.push({ line, done });
      this.writing ??= this.write();
    });
    return written
      ? { kind: 'ACCEPTED', gatewayMessageId: message.messageId }
      : { kind: 'REFUSED', code: 'OUTBOX_NOT_WRITTEN', permanent: false };
  }

  async close(): Promise<void> {
    await this.writing;
    await this.file?.handle.close();
    this.file = undefined;
  }

  private async write(): Promise<void> {
    // Let messages of the same turn gather.
    await Promise.resolve();
    while (this.waiting.length > 0) {
      const group = this.waiting.splice(0);
      const written = await this.append(group.map(({ line }) => line).join('')).then(
        () => true,
        (error: Error) => {
          this.log.error({ err: error }, 'the outbox could not be written; its messages are tried again');
          return false;
        },
      );
      for (const { done } of group) done(written);
    }
    this.writing = undefined;
  }

  private async append(text: string): Promise<void> {
    const day = this.clock.wallNow().toISOString().slice(0, 10);
    if (this.file?.day !== day) {
      await this.file?.handle.close();
      this.file = undefined;
      // Names and phone numbers are for the owner of the process alone.
      this.file = { day, handle: await open(join(this.dir, `${day}.jsonl`), 'a', 0o600) };
    }
    await this.file.handle.appendFile(text);
    await this.file.handle.sync();
  }
}
