/** What an account was told, as its history has it. */
import type { Story } from './histories-story.js';

/** A notice, the bills it speaks of (those unpaid when it was made), and its fate. */
export interface Told {
  readonly id: string;
  readonly step: string;
  readonly madeMs: number;
  readonly bills: ReadonlySet<string>;
  state: 'OPEN' | 'SERVED' | 'FAILED' | 'WITHDRAWN';
  servedMs: number | null;
  failedMs: number | null;
  /** The authority has its copy. */
  copied: boolean;
}

/** Proofs that count for each step; none named: it counts when sent. */
export const PROOFS: Readonly<Record<string, readonly string[]>> = {
  ARREARS_NOTICE: ['SIGNATURE', 'SEAL'],
  CUT_NOTICE: ['SIGNATURE', 'SEAL', 'RECEIPT'],
  BELOW_ZERO: ['DELIVERY_REPORT', 'CALL_RECORD'],
};
export const lastCallProofs = (prepaid: boolean): readonly string[] =>
  prepaid ? ['DELIVERY_REPORT', 'CALL_RECORD'] : ['CALL_RECORD', 'DELIVERY_REPORT', 'SIGNATURE'];
export const proofsFor = (step: string, prepaid: boolean): readonly string[] =>
  step === 'LAST_CALL' ? lastCallProofs(prepaid) : (PROOFS[step] ?? []);

/** Every notice up to a moment, in order; copies only mark their original. */
export function noticesOf(story: Story, ms: number): Told[] {
  const all = new Map<string, Told>();
  const originals = new Map<string, string>();
  for (const event of story.events) {
    if (event.ms > ms) continue;
    if (event.what === 'notice') {
      if (event.copyOf !== null) originals.set(event.id, event.copyOf);
      else
        all.set(event.id, {
          id: event.id,
          step: event.step,
          madeMs: event.ms,
          bills: event.bills,
          state: 'OPEN',
          servedMs: null,
          failedMs: null,
          copied: false,
        });
    }
    if (event.what !== 'served' && event.what !== 'failed' && event.what !== 'withdrawn') continue;
    const original = originals.get(event.id);
    if (original !== undefined) {
      if (event.what === 'served') all.get(original)!.copied = true;
      continue;
    }
    const notice = all.get(event.id)!;
    if (event.what === 'withdrawn') notice.state = 'WITHDRAWN';
    if (event.what === 'failed') {
      notice.state = 'FAILED';
      notice.failedMs = event.ms;
    }
    if (event.what === 'served') {
      const accepted = proofsFor(notice.step, story.prepaid);
      if (accepted.length > 0 && !(event.proof && accepted.includes(event.proof))) continue;
      notice.state = 'SERVED';
      notice.servedMs = event.whenMs;
    }
  }
  return [...all.values()];
}
