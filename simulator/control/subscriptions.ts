import { setInterval as every } from 'node:timers';
import { GraphQLError } from 'graphql';
import type { FeedEvents, RunningFleet } from '../fleet.js';
import { EventQueue } from './event-queue.js';
import { countersOf, difference, faultOf, loadOf, meterMovementOf, scenarioOf, summaryOf } from './views.js';

/** Subscriptions at once, of all clients together; each costs work for every event. */
export const MAX_SUBSCRIPTIONS = 64;
/** Movements are collected so long before they are told, ms. */
const COLLECT_MS = 200;
/** Movements told at a time; a mass cut moves more in a moment than anybody reads. */
const MAX_MOVEMENTS = 1_000;
/** Faults or scenario steps waiting for a slow client; beyond that the oldest is dropped. */
const MAX_WAITING = 1_000;
const ACTIVITY_EVERY_MS = 1_000;

/** The fields of `Subscription`: each gives values as they come, until the client goes. */
export function subscriptions(fleet: RunningFleet) {
  let open = 0;
  const stream = <Value>(start: (queue: EventQueue<Value>) => () => void, maxWaiting: number) => {
    if (open >= MAX_SUBSCRIPTIONS) {
      throw new GraphQLError(`${MAX_SUBSCRIPTIONS} subscriptions are open; end one first.`, {
        extensions: { code: 'TOO_MANY_SUBSCRIPTIONS' },
      });
    }
    open += 1;
    const queue = new EventQueue<Value>(maxWaiting, () => {
      open -= 1;
      stop();
    });
    const stop = start(queue);
    return queue;
  };
  return {
    relayMovements: ({ meter, gateway }: { meter?: string | null; gateway?: string | null }) =>
      stream((queue) => collectMovements(fleet, queue, meter, gateway), 1),
    activity: () => stream((queue) => tellActivity(fleet, queue), 1),
    faultChanges: () =>
      stream(
        (queue) =>
          fleet.on('fault', ({ fault, inForce }) => queue.add({ faultChanges: { fault: faultOf(fault), inForce } })),
        MAX_WAITING,
      ),
    scenarioProgress: () =>
      stream(
        (queue) => fleet.on('scenario', (progress) => queue.add({ scenarioProgress: scenarioOf(progress) })),
        MAX_WAITING,
      ),
    loadProgress: () => stream((queue) => tellLoad(fleet, queue), 1),
  };
}

/** While the client has not taken the last collection, this one goes on growing. */
function collectMovements(
  fleet: RunningFleet,
  queue: EventQueue<unknown>,
  meter: string | null | undefined,
  gateway: string | null | undefined,
): () => void {
  let movements: FeedEvents['relay'][] = [];
  let leftOut = 0;
  const stopListening = fleet.on('relay', (event) => {
    if ((meter && event.meter !== meter) || (gateway && event.gateway !== gateway)) return;
    if (movements.length < MAX_MOVEMENTS) movements.push(event);
    else leftOut += 1;
  });
  const timer = every(() => {
    if (movements.length === 0 || queue.waiting > 0) return;
    queue.add({ relayMovements: { movements: movements.map(meterMovementOf), leftOut } });
    movements = [];
    leftOut = 0;
  }, COLLECT_MS);
  return () => {
    clearInterval(timer);
    stopListening();
  };
}

function tellActivity(fleet: RunningFleet, queue: EventQueue<unknown>): () => void {
  let before = fleet.summary();
  let beforeMs = performance.now();
  const timer = every(() => {
    if (queue.waiting > 0) return;
    const summary = fleet.summary();
    const nowMs = performance.now();
    const change = countersOf(difference(summary, before));
    queue.add({
      activity: { summary: summaryOf(summary, fleet.progress()), intervalMs: Math.round(nowMs - beforeMs), change },
    });
    before = summary;
    beforeMs = nowMs;
  }, ACTIVITY_EVERY_MS);
  return () => clearInterval(timer);
}

/** Also PUBACKs that come after the end are news. */
function tellLoad(fleet: RunningFleet, queue: EventQueue<unknown>): () => void {
  let told = JSON.stringify(fleet.load());
  const timer = every(() => {
    const view = fleet.load();
    const text = JSON.stringify(view);
    if (!view || text === told) return;
    told = text;
    queue.add({ loadProgress: loadOf(view) });
  }, ACTIVITY_EVERY_MS);
  return () => clearInterval(timer);
}
