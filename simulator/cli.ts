import { setFlagsFromString } from 'node:v8';
import { main } from './cli/main.js';

const [major] = process.versions.node.split('.').map(Number);
if ((major ?? 0) < 22) {
  process.stderr.write(
    `The simulator needs Node 22 or newer, this is ${process.versions.node}; start it with "npm run simulate -- …".\n`,
  );
  process.exit(1);
}

// A fleet makes much short-lived garbage and keeps little. Left alone V8 answers by growing its young generation to many
// times what is in use; held at its first size the process needs half the memory at the same speed (docs/simulator.md).
setFlagsFromString('--semi-space-growth-factor=1');

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    // The second signal of somebody who does not want to wait.
    if (stop.signal.aborted) process.exit(130);
    stop.abort(new Error(`stopped by ${signal}`));
  });
}

// For a parent process that starts a simulator: when it dies, however it dies, its end of the pipe closes.
if (process.argv.includes('--until-stdin-ends')) {
  process.stdin.once('close', () => stop.abort(new Error('standard input ended')));
  process.stdin.resume();
}

process.exitCode = await main(process.argv.slice(2), {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  isTerminal: process.stdout.isTTY === true,
  env: process.env,
  signal: stop.signal,
});
