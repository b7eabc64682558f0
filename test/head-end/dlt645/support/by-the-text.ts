/**
 * What a frame is, written once more from the text of the standard as the house has it, and from nothing of the product: 68, six address bytes (BCD,
 * or the wildcard AA), 68, C, L, L bytes, CS = the sum modulo 256 of all before it, 16. L is at most 200 for reading (functions 11H and 12H), else 50.
 */
export function frameLengthByTheText(bytes: Uint8Array, from: number): number | 'cut off' | 'no frame' {
  const at = (index: number) => bytes[from + index];
  if (at(0) !== 0x68) return 'no frame';
  if (at(7) !== undefined && at(7) !== 0x68) return 'no frame';
  if (at(8) === undefined || at(9) === undefined) return 'cut off';
  const reads = at(8)! % 32 === 17 || at(8)! % 32 === 18;
  if (at(9)! > (reads ? 200 : 50)) return 'no frame';
  for (let index = 1; index <= 6; index += 1) {
    const [high, low] = [Math.floor(at(index)! / 16), at(index)! % 16];
    if (at(index) !== 170 && (high > 9 || low > 9)) return 'no frame';
  }
  const length = 12 + at(9)!;
  if (from + length > bytes.length) return 'cut off';
  let sum = 0;
  for (let index = 0; index < length - 2; index += 1) sum = (sum + at(index)!) % 256;
  return at(length - 2) === sum && at(length - 1) === 0x16 ? length : 'no frame';
}

/** Where the frames of a finished stream stand: from the left, none inside another. */
export function framesByTheText(bytes: Uint8Array): { from: number; length: number }[] {
  const found: { from: number; length: number }[] = [];
  for (let from = 0; from < bytes.length;) {
    const length = frameLengthByTheText(bytes, from);
    if (typeof length === 'number') found.push({ from, length });
    from += typeof length === 'number' ? length : 1;
  }
  return found;
}
