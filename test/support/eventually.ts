/**
 * Waits until `probe` returns something other than undefined or false; never a fixed sleep.
 * @throws Error with `what` and the last value when it takes longer than `timeoutMs`
 */
export async function eventually<T>(
  what: string,
  probe: () => Promise<T | undefined | false> | T | undefined | false,
  timeoutMs = 15_000,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const value = await probe();
    if (value !== undefined && value !== false) return value;
    if (Date.now() > deadline) throw new Error(`waited ${timeoutMs} ms in vain for: ${what}`);
    await new Promise((resume) => setTimeout(resume, 15));
  }
}
