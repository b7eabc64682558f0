/**
 * Looks every `everyMs` until the condition holds.
 * @throws Error naming the condition when it does not come true in time
 */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  options: { readonly timeoutMs?: number; readonly everyMs?: number } = {},
): Promise<void> {
  const { timeoutMs = 60_000, everyMs = 20 } = options;
  const startedAtMs = performance.now();
  while (!(await holds())) {
    if (performance.now() - startedAtMs > timeoutMs) throw new Error(`waited ${timeoutMs / 1000} s in vain: ${what}`);
    await new Promise((resume) => setTimeout(resume, everyMs));
  }
}

export const pause = (ms: number): Promise<void> => new Promise((resume) => setTimeout(resume, ms));
