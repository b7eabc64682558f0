const startedAtMs = performance.now();
let last = '';

/** Tells what the bench is doing: one line that changes on a terminal, a line per step elsewhere. */
export function step(text: string): void {
  const kind = text.replace(/\d+/g, '');
  const elapsed = `${((performance.now() - startedAtMs) / 1000).toFixed(1).padStart(6)} s`;
  if (process.stdout.isTTY) process.stdout.write(`\r\u001b[K${elapsed} ${text}`);
  // Elsewhere a counter that only counts on would fill the log.
  else if (kind !== last) process.stdout.write(`${elapsed} ${text}\n`);
  last = kind;
}

/** Ends the changing line. */
export function endSteps(): void {
  if (process.stdout.isTTY) process.stdout.write('\r\u001b[K');
  last = '';
}
