import type { SwitchCommandState, SwitchOperation } from './switch-command.js';
import type { SwitchTimings } from './switch-timings.js';

/** An open command whose wait is over. Instants ending in WallAt are wall clock, `notAfter` is product time. */
export interface WaitingCommand {
  readonly operation: SwitchOperation;
  readonly state: SwitchCommandState;
  readonly reads: number;
  readonly giveUpWallAt: Date;
  /** A reason keeps the power off at its service point. */
  readonly interrupted: boolean;
}

/** What to do when nothing was heard in time. `waitMs` is wall clock. */
export type AttentionDecision =
  | { readonly act: 'read'; readonly to: SwitchCommandState; readonly waitMs: number }
  | {
      readonly act: 'end';
      readonly to: 'FIELD_VISIT' | 'FAILED' | 'EXPIRED' | 'CANCELLED';
      readonly code: string;
      readonly text: string;
    };

/**
 * Decides what silence means: never "failed", never "done", and never a blind repeat. The meter is asked, more and more
 * rarely, until the remote rung's window ends. Pure.
 */
export function decideAttention(command: WaitingCommand, wallNow: Date, timings: SwitchTimings): AttentionDecision {
  const over = wallNow >= command.giveUpWallAt;
  if (command.state === 'QUEUED') {
    // Ordered while the reason was being opened: it was held back, and nobody may be sent out to bring the power back.
    if (command.operation === 'RESTORE' && command.interrupted) {
      return { act: 'end', to: 'CANCELLED', code: 'INTERRUPTED', text: 'power is not due here: a reason keeps it off' };
    }
    return command.operation === 'RESTORE'
      ? {
          act: 'end',
          to: 'FIELD_VISIT',
          code: 'NOT_SENT',
          text: 'the restore could not be sent in time; bring power back on site',
        }
      : {
          act: 'end',
          to: 'EXPIRED',
          code: 'NOT_SENT',
          text: 'the cut could not be sent in time; request it anew if it is still right',
        };
  }
  if (over && command.state === 'ARMED') {
    return { act: 'end', to: 'FIELD_VISIT', code: 'ARM_EXPIRED', text: 'nobody pressed the button in time' };
  }
  if (over) {
    return command.operation === 'RESTORE'
      ? {
          act: 'end',
          to: 'FIELD_VISIT',
          code: 'NO_ANSWER',
          text: `no proof that power is back after ${command.reads} questions to the meter`,
        }
      : {
          act: 'end',
          to: 'FAILED',
          code: 'NO_ANSWER',
          text: 'no proof that the cut happened; it counts as not done and power is ordered back',
        };
  }
  if (command.state === 'ARMED') return { act: 'read', to: 'ARMED', waitMs: timings.armedReadMs };
  const waitMs = Math.min(timings.readTimeoutMs * 2 ** Math.min(command.reads, 16), timings.maxReadWaitMs);
  return { act: 'read', to: 'UNKNOWN', waitMs };
}
