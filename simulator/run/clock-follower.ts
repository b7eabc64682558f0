import { openEnvelope } from '../wire/envelope.js';
import { isClockMessage } from '../wire/schemas.js';
import type { Context } from './context.js';
import type { Freezes } from './freezes.js';

/**
 * A step back smaller than this is two machines disagreeing about now, not somebody setting the clock back. Ms of virtual time at real
 * speed; at a higher scale as many ms of disagreement are more virtual time.
 */
const BACKWARD_TOLERANCE_MS = 1_000;
/** What two machines may disagree by, ms of real time. */
const REAL_TOLERANCE_MS = 100;

/** Follows the head-end's signed clock messages, and keeps registers from running backwards when the clock does. */
export class ClockFollower {
  constructor(
    private readonly context: Context,
    private readonly freezes: Freezes,
  ) {}

  /** A message on a gateway's clock topic. Returns whether the clock changed. */
  hear(gateway: string, bytes: Buffer): boolean {
    const { clock, ring, physics, meters, memory } = this.context;
    // Every gateway brings the same news: a version already followed is not worth a signature check.
    if (peekVersion(bytes) <= clock.version) return false;
    const opened = openEnvelope(bytes, ring);
    if (!opened.ok || opened.second !== 'none' || !isClockMessage(opened.message)) return false;
    if (opened.message.gateway !== gateway) return false;

    const beforeMs = clock.nowMs();
    const scale = Math.max(clock.scaleMillis, opened.message.scaleMillis) / 1000;
    const toleranceMs = Math.max(BACKWARD_TOLERANCE_MS, REAL_TOLERANCE_MS * scale);
    const wasFollowed = clock.followed;
    if (!clock.follow(opened.message)) return false;
    const nowMs = clock.nowMs();
    if (wasFollowed && nowMs < beforeMs - toleranceMs) {
      for (const meter of meters.values()) {
        physics.rebase(meter, beforeMs);
        meter.baseAtMs = nowMs;
      }
      physics.forgetPast();
      this.freezes.clockWentBack();
      for (const meter of meters.values()) memory.write(meter);
    }
    this.freezes.begin();
    return true;
  }
}

/** The version a clock message claims, without trusting it; Infinity when it cannot be read. */
function peekVersion(bytes: Buffer): number {
  try {
    const { payload } = JSON.parse(bytes.toString('utf8')) as { payload: string };
    const { version } = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as { version: number };
    return typeof version === 'number' ? version : Number.POSITIVE_INFINITY;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
