import type { FramesAnswer } from '../../simulator/wire/contract.js';

/** The meters whose status word 3, read by their concentrator after a switch, is in this `frames` message. Nothing is checked. */
export function provenIn(envelope: Buffer): string[] {
  const { payload } = JSON.parse(envelope.toString()) as { payload: string };
  const { answers } = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { answers: FramesAnswer[] };
  return answers.filter(({ cause }) => cause === 'poll').map(({ meter }) => meter);
}
