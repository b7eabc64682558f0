import { fork, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PaymentInput } from '../../src/flows/receive-payment.js';
import type { BrokerAccess } from '../../src/head-end/uplink-connection.js';
import type { SwitchTimings } from '../../src/switching/switch-timings.js';

/** What the process needs to know, handed over as JSON. */
export interface ProcessSettings {
  readonly databaseUrl: string;
  readonly broker: BrokerAccess;
  readonly keyFile: string;
  /** Where the guard answers; without one there are no cuts. */
  readonly guardUrl?: string;
  readonly timings: SwitchTimings;
  /** policiesAsJson of what it decides by. */
  readonly policies: readonly unknown[];
}

export interface PaymentRequest {
  readonly number: number;
  readonly input: PaymentInput;
}

/** What the payer was told. */
export interface PaymentAnswer {
  readonly paymentId: string;
  readonly replayed: boolean;
}

interface Reply extends Partial<PaymentAnswer> {
  readonly ready?: true;
  readonly number?: number;
  readonly failed?: string;
}

/** The process went away before it answered: the payer does not know what became of the payment. */
export class NoAnswer extends Error {}

/** The product in a child process; whoever starts it kills it. */
export class RelightProcess {
  private readonly waiting = new Map<number, { resolve: (reply: Reply) => void; reject: (error: Error) => void }>();
  private count = 0;
  /** Resolves with the signal that ended the process, or with its exit code. */
  readonly ended: Promise<string>;
  readonly ready: Promise<void>;

  private constructor(private readonly child: ChildProcess) {
    this.ended = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        for (const { reject } of this.waiting.values()) reject(new NoAnswer('the process ended'));
        this.waiting.clear();
        resolve(signal ?? `exit ${code}`);
      });
    });
    this.ready = new Promise((resolve, reject) => {
      child.on('message', (reply: Reply) => {
        if (reply.ready) resolve();
        else if (reply.number !== undefined) this.answer(reply.number, reply);
      });
      child.once('exit', () => reject(new Error('the process ended before it was ready')));
    });
    this.ready.catch(() => undefined);
  }

  /** @param crashAt as in CRASH_AT: `point:n` */
  static start(settings: ProcessSettings, crashAt = ''): RelightProcess {
    const child = fork(join(import.meta.dirname, 'relight-process.ts'), {
      execArgv: ['--no-warnings'],
      env: { ...process.env, RELIGHT_PROCESS: JSON.stringify(settings), CRASH_AT: crashAt },
      serialization: 'advanced',
    });
    return new RelightProcess(child);
  }

  /** @throws NoAnswer when the process ends first */
  async pay(input: PaymentInput): Promise<PaymentAnswer> {
    const number = (this.count += 1);
    const reply = await new Promise<Reply>((resolve, reject) => {
      if (this.child.exitCode !== null || this.child.signalCode !== null || !this.child.connected) {
        reject(new NoAnswer('the process has ended'));
        return;
      }
      this.waiting.set(number, { resolve, reject });
      this.child.send({ number, input } satisfies PaymentRequest, () => undefined);
    });
    if (reply.failed !== undefined) throw new Error(reply.failed);
    return { paymentId: reply.paymentId!, replayed: reply.replayed! };
  }

  /** Resident memory, MB (10⁶ bytes). Linux only. */
  residentMb(): number {
    const status = readFileSync(`/proc/${this.child.pid}/status`, 'utf8');
    return (Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? NaN) * 1_024) / 1e6;
  }

  /** SIGKILL, by its own pid. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.ended;
  }

  private answer(number: number, reply: Reply): void {
    this.waiting.get(number)?.resolve(reply);
    this.waiting.delete(number);
  }
}
