/** Raw messages of one gateway kept whole in an hour; a fault shows itself in far fewer. */
const WHOLE_PER_HOUR = 200;
/** What is kept of each further one, bytes: enough to recognise it. */
const EXCERPT_BYTES = 256;
const HOUR_MS = 3_600_000;
const MAX_GATEWAYS = 100_000;

/**
 * How much of a rejected message is kept: everything, until its gateway has had its share of the hour, then an excerpt. So one stolen
 * credential cannot fill the disk that payments are written to. Flow control in memory; the truth is what was stored.
 */
export class QuarantineQuota {
  private readonly spent = new Map<string, number>();
  private hour = 0;

  /** The bytes of `payload` to keep. */
  excerpt(gateway: string, payload: Buffer, nowMs = performance.now()): Buffer {
    const hour = Math.floor(nowMs / HOUR_MS);
    if (hour !== this.hour || this.spent.size > MAX_GATEWAYS) this.spent.clear();
    this.hour = hour;
    const spent = (this.spent.get(gateway) ?? 0) + 1;
    this.spent.set(gateway, spent);
    return spent <= WHOLE_PER_HOUR ? payload : payload.subarray(0, EXCERPT_BYTES);
  }
}
