import { createLogger } from '../../src/platform/log.js';
import { Loop } from '../../src/platform/loop.js';
import { eventually } from '../support/eventually.js';

/** A promise with its resolve outside: holds a round until the test lets it go. */
function gate() {
  let open!: () => void;
  const passed = new Promise<void>((resolve) => (open = resolve));
  return { passed, open };
}

const log = createLogger('silent');
const AN_HOUR_MS = 3_600_000;
const loops: Loop[] = [];
const loopOf = (work: () => Promise<number>, maxSleepMs = AN_HOUR_MS) => {
  const loop = new Loop('test', work, maxSleepMs, log);
  loops.push(loop);
  return loop;
};
afterEach(async () => {
  await Promise.all(loops.splice(0).map((loop) => loop.stop()));
});

test('does nothing before it is woken', async () => {
  let rounds = 0;
  const loop = loopOf(() => Promise.resolve(((rounds += 1), AN_HOUR_MS)));
  await new Promise((resume) => setImmediate(resume));
  expect(rounds).toBe(0);
  loop.wake();
  await eventually('one round', () => rounds === 1);
});

test('a wake-up while it runs makes it run once more, however many they are', async () => {
  const gates = [gate(), gate()];
  let rounds = 0;
  const loop = loopOf(async () => {
    rounds += 1;
    await gates[rounds - 1]?.passed;
    return AN_HOUR_MS;
  });
  loop.wake();
  for (let i = 0; i < 5; i += 1) loop.wake();
  expect(rounds).toBe(1);
  gates[0]!.open();
  await eventually('the second round', () => rounds === 2);
  gates[1]!.open();
  await loop.stop();
  expect(rounds).toBe(2);
});

test('rounds never overlap', async () => {
  let running = 0;
  let most = 0;
  let rounds = 0;
  const loop = loopOf(async () => {
    running += 1;
    most = Math.max(most, running);
    await new Promise((resume) => setImmediate(resume));
    running -= 1;
    rounds += 1;
    return rounds < 20 ? 0 : AN_HOUR_MS;
  });
  for (let i = 0; i < 10; i += 1) loop.wake();
  await eventually('20 rounds', () => rounds >= 20);
  expect(most).toBe(1);
});

test('zero means: at once again', async () => {
  let rounds = 0;
  const loop = loopOf(() => Promise.resolve(++rounds < 50 ? 0 : AN_HOUR_MS));
  loop.wake();
  await eventually('50 rounds', () => rounds === 50);
});

test('looks by itself after the sleep it asked for, and never sleeps longer than the slow look', async () => {
  let rounds = 0;
  const asked = loopOf(() => Promise.resolve(((rounds += 1), 5)));
  asked.wake();
  await eventually('three rounds without a wake-up', () => rounds >= 3);
  let looks = 0;
  const slow = loopOf(() => Promise.resolve(((looks += 1), AN_HOUR_MS)), 5);
  slow.wake();
  await eventually('three looks without a wake-up', () => looks >= 3);
});

test('an error is not the end: the round is tried again', async () => {
  let rounds = 0;
  const loop = loopOf(() => {
    rounds += 1;
    return rounds < 3 ? Promise.reject(new Error('the database is away')) : Promise.resolve(AN_HOUR_MS);
  });
  loop.wake();
  await eventually('the third round', () => rounds === 3);
});

test('work that throws before its first await is tried again too', async () => {
  let rounds = 0;
  const loop = loopOf(() => {
    rounds += 1;
    if (rounds === 1) throw new Error('thrown, not rejected');
    return Promise.resolve(AN_HOUR_MS);
  });
  loop.wake();
  await eventually('the second round', () => rounds === 2);
});

test('stop waits for the round that runs, and no other begins', async () => {
  const hold = gate();
  let rounds = 0;
  const loop = loopOf(async () => {
    rounds += 1;
    await hold.passed;
    return 0;
  });
  loop.wake();
  let stopped = false;
  const stopping = loop.stop().then(() => (stopped = true));
  await new Promise((resume) => setImmediate(resume));
  expect(stopped).toBe(false);
  hold.open();
  await stopping;
  loop.wake();
  await new Promise((resume) => setImmediate(resume));
  expect(rounds).toBe(1);
});
