import { instantMs, MAX_FUTURE_CUT_MS, type Refusal, type SwitchCommand } from '../wire/contract.js';
import type { SecondSignature } from '../wire/envelope.js';

/** What a meter knows about itself when it judges a command. */
export interface MeterMemory {
  serial: string;
  installation: string;
  lastSequence: number;
  lastCommandId: string;
  /** As the meter reads its own relay. */
  relayClosed: boolean;
  protected: boolean;
}

export type Verdict =
  | { verdict: 'duplicate' }
  | { verdict: 'refused'; refusal: Refusal }
  | { verdict: 'accepted' }
  | { verdict: 'invalid' };

const refused = (refusal: Refusal): Verdict => ({ verdict: 'refused', refusal });

/**
 * Steps 2–9 of "What a meter does with a switch command" (schema/mqtt/README.md), in that order: the first that fails
 * decides. Step 1 (envelope, the head-end's signature, schema) came before. `nowMs` is the meter's own clock.
 */
export function checkSwitch(
  command: SwitchCommand,
  second: SecondSignature,
  memory: MeterMemory,
  nowMs: number,
): Verdict {
  const issuedAtMs = instantMs(command.issuedAt);
  const notAfterMs = instantMs(command.notAfter);
  // The schema checks the shape of an instant only; one that does not exist is still step 1.
  if (issuedAtMs === undefined || notAfterMs === undefined) return { verdict: 'invalid' };

  const cut = command.operation === 'cut';
  if (cut && second !== 'guard') return refused('SECOND_SIGNATURE');
  if (command.commandId === memory.lastCommandId) return { verdict: 'duplicate' };
  if (command.meter !== memory.serial) return refused('WRONG_METER');
  if (command.installation !== memory.installation) return refused('WRONG_INSTALLATION');
  if (command.sequence <= memory.lastSequence) return refused('SEQUENCE');
  if (nowMs > notAfterMs) return refused('EXPIRED');
  // Only a cut: with a slow clock a stale cut could look fresh, while a late restore harms nobody.
  if (cut && issuedAtMs > nowMs + MAX_FUTURE_CUT_MS) return refused('CLOCK');
  if (command.expectedRelay !== 'any' && (command.expectedRelay === 'closed') !== memory.relayClosed) {
    return refused('UNEXPECTED_RELAY');
  }
  if (cut && memory.protected) return refused('PROTECTED');
  // "A cut is always direct" (switch.schema.json): the contract has the word but no step for it, so it comes last.
  if (cut && command.mode !== 'direct') return refused('UNSUPPORTED');
  return { verdict: 'accepted' };
}

/** Whether a second signature may stand on this message at all: on a cut only (schema/mqtt/README.md, Envelope). */
export const guardFits = (command: { kind: string; operation?: string }): boolean =>
  command.kind === 'switch' && command.operation === 'cut';
