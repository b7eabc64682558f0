import { frameAt, START, type Frame } from './frame.js';

/** A frame found in a stream, with the bytes it was read from. */
export interface FoundFrame {
  readonly frame: Frame;
  readonly bytes: Buffer;
}

/**
 * Finds frames in a stream that comes in chunks of any size. Whatever is not a frame (wake-up bytes, noise, halves of frames) is
 * skipped and counted; after it the next frame is found again. Keeps at most one unfinished frame (212 bytes) between chunks, and never throws.
 */
export class StreamParser {
  private kept: Buffer = Buffer.alloc(0);
  /** Bytes that belonged to no frame so far. */
  skippedBytes = 0;

  /** Takes the next chunk and returns the frames that are complete with it, in their order. */
  push(chunk: Buffer): FoundFrame[] {
    const bytes = this.kept.length === 0 ? chunk : Buffer.concat([this.kept, chunk]);
    const found: FoundFrame[] = [];
    const at = this.scan(bytes, 0, found);
    // Copied: a chunk may be a slice of a large buffer that the caller uses again.
    this.kept = Buffer.from(bytes.subarray(at));
    return found;
  }

  /** The line has fallen silent: what is unfinished will not be finished. Frames inside it are still found. */
  end(): FoundFrame[] {
    const found: FoundFrame[] = [];
    let bytes = this.kept;
    while (bytes.length > 0) {
      this.skippedBytes += 1;
      bytes = bytes.subarray(1);
      bytes = bytes.subarray(this.scan(bytes, 0, found));
    }
    this.kept = Buffer.alloc(0);
    return found;
  }

  /** Scans from `at` and returns where an unfinished frame begins, or the end. */
  private scan(bytes: Buffer, at: number, found: FoundFrame[]): number {
    while (at < bytes.length) {
      const start = bytes.indexOf(START, at);
      this.skippedBytes += (start < 0 ? bytes.length : start) - at;
      if (start < 0) return bytes.length;
      const finding = frameAt(bytes, start);
      if (finding.found === 'more') return start;
      if (finding.found === 'nothing') {
        // Only this byte is known to begin nothing; a true frame may begin inside what looked like one.
        this.skippedBytes += 1;
        at = start + 1;
        continue;
      }
      at = start + finding.length;
      found.push({ frame: finding.frame, bytes: Buffer.from(bytes.subarray(start, at)) });
    }
    return at;
  }
}
