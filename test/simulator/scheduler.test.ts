import { ConnectGate } from '../../simulator/run/connect-gate.js';
import { HeapScheduler } from '../../simulator/run/scheduler.js';
import { until } from './support/broker.js';

describe('the scheduler', () => {
  test('runs what is due, in order of time', async () => {
    const scheduler = new HeapScheduler();
    const ran: number[] = [];
    const delays = Array.from({ length: 500 }, (_, index) => (index * 7919) % 97);
    const startMs = scheduler.nowMs();
    for (const delayMs of delays) scheduler.after(delayMs, () => ran.push(delayMs));
    const givingTookMs = scheduler.nowMs() - startMs;
    expect(ran).toEqual([]);
    await until('all', () => ran.length === 500);
    expect(scheduler.nowMs() - startMs).toBeGreaterThanOrEqual(96);
    // Two delays count from the instants they were given, so they may change places by as much as giving them all took.
    ran.reduce((before, delayMs) => {
      expect(delayMs).toBeGreaterThanOrEqual(before - givingTookMs);
      return delayMs;
    });
    scheduler.stop();
  });

  test('what a task gives it runs too; after stop nothing runs and nothing is taken', async () => {
    const scheduler = new HeapScheduler();
    const ran: string[] = [];
    scheduler.after(0, () => {
      ran.push('first');
      scheduler.after(0, () => ran.push('second'));
    });
    await until('both', () => ran.length === 2);
    scheduler.after(0, () => {
      ran.push('last');
      scheduler.stop();
    });
    scheduler.after(0, () => ran.push('never'));
    await until('the last', () => ran.length === 3);
    scheduler.after(0, () => ran.push('never'));
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    expect(ran).toEqual(['first', 'second', 'last']);
  });

  test('lets others have their turn: much work is cut into pieces', async () => {
    const scheduler = new HeapScheduler();
    let turn = 0;
    let counting = true;
    const count = (): void => {
      turn += 1;
      if (counting) setImmediate(count);
    };
    count();
    const turns: number[] = [];
    for (let task = 0; task < 200; task += 1) {
      scheduler.after(0, () => {
        const endMs = performance.now() + 1;
        while (performance.now() < endMs);
        turns.push(turn);
      });
    }
    await until('all', () => turns.length === 200);
    counting = false;
    scheduler.stop();
    // 200 ms of work in pieces of 10 ms; a busy machine makes the pieces smaller, never larger.
    expect(new Set(turns).size).toBeGreaterThanOrEqual(15);
  });
});

test('the connect gate lets only so many in at once, in order', () => {
  const gate = new ConnectGate(2);
  const entered: number[] = [];
  for (let index = 1; index <= 5; index += 1) gate.enter(() => entered.push(index));
  expect(entered).toEqual([1, 2]);
  gate.leave();
  expect(entered).toEqual([1, 2, 3]);
  for (let index = 0; index < 4; index += 1) gate.leave();
  expect(entered).toEqual([1, 2, 3, 4, 5]);
  gate.enter(() => entered.push(6));
  gate.enter(() => entered.push(7));
  expect(entered).toEqual([1, 2, 3, 4, 5, 6, 7]);
});
