import { FaultError } from '../faults/fault-spec.js';
import type { RunningFleet } from '../fleet.js';

/** Largest page of `GET /meters`. */
export const MAX_PAGE = 1000;
const DEFAULT_PAGE = 100;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** A request whose body, if any, has been parsed. */
export interface ControlRequest {
  method: string;
  path: string;
  query: URLSearchParams;
  body: unknown;
}

export interface ControlAnswer {
  status: number;
  body: unknown;
}

const ok = (body: unknown, status = 200): ControlAnswer => ({ status, body });
const problem = (status: number, message: string): ControlAnswer => ({ status, body: { error: message } });
const noMeter = (serial: string): ControlAnswer =>
  problem(404, `There is no meter ${serial} in this fleet; GET /meters lists them.`);

interface Route {
  method: string;
  pattern: RegExp;
  answer(fleet: RunningFleet, parameter: string, request: ControlRequest): ControlAnswer;
}

const ROUTES: Route[] = [
  { method: 'GET', pattern: /^\/summary$/, answer: (fleet) => ok({ ...fleet.progress(), ...fleet.summary() }) },
  { method: 'GET', pattern: /^\/meters$/, answer: (fleet, _, request) => listMeters(fleet, request.query) },
  { method: 'GET', pattern: /^\/meters\/([^/]+)$/, answer: showMeter },
  { method: 'POST', pattern: /^\/meters\/([^/]+)\/button$/, answer: pressButton },
  { method: 'POST', pattern: /^\/meters\/([^/]+)\/code$/, answer: enterCode },
  { method: 'POST', pattern: /^\/meters\/([^/]+)\/installation$/, answer: changeInstallation },
  { method: 'GET', pattern: /^\/faults$/, answer: (fleet) => ok({ faults: fleet.faults() }) },
  { method: 'POST', pattern: /^\/faults$/, answer: (fleet, _, request) => ok(fleet.addFault(request.body), 201) },
  { method: 'DELETE', pattern: /^\/faults\/([^/]+)$/, answer: removeFault },
];

/** The control API as a function: request in, answer out. Wrong input gets a 4xx that says what to do. */
export function answerControl(fleet: RunningFleet, request: ControlRequest): ControlAnswer {
  const onPath = ROUTES.filter((route) => route.pattern.test(request.path));
  const route = onPath.find((candidate) => candidate.method === request.method);
  if (!route) {
    if (onPath.length === 0) {
      return problem(404, 'There is nothing here; see /summary, /meters, /faults (docs/simulator.md).');
    }
    return problem(405, `This path takes ${onPath.map((candidate) => candidate.method).join(' or ')}.`);
  }
  try {
    return route.answer(fleet, decodeURIComponent(route.pattern.exec(request.path)?.[1] ?? ''), request);
  } catch (error) {
    if (error instanceof FaultError || error instanceof URIError) return problem(400, error.message);
    throw error;
  }
}

function listMeters(fleet: RunningFleet, query: URLSearchParams): ControlAnswer {
  const first = Number(query.get('first') ?? DEFAULT_PAGE);
  if (!Number.isInteger(first) || first < 1 || first > MAX_PAGE) {
    return problem(400, `first is a whole number from 1 to ${MAX_PAGE}.`);
  }
  const after = query.get('after');
  // One more than asked for tells whether there is a next page.
  const views = fleet.page(first + 1, after ?? undefined);
  if (!views) return problem(400, `after is the meter the last page ended with, not ${after}.`);
  const page = views.slice(0, first);
  const next = views.length > first ? page.at(-1)?.meter : null;
  return ok({ meters: page, total: fleet.meterCount, next });
}

function showMeter(fleet: RunningFleet, serial: string): ControlAnswer {
  const view = fleet.meter(serial);
  return view ? ok({ ...view, relayHistory: fleet.relayHistory(serial) }) : noMeter(serial);
}

function pressButton(fleet: RunningFleet, serial: string, request: ControlRequest): ControlAnswer {
  if (!fleet.meter(serial)) return noMeter(serial);
  const { holdMs = 3_000 } = (request.body ?? {}) as { holdMs?: unknown };
  if (typeof holdMs !== 'number' || !Number.isInteger(holdMs) || holdMs < 0 || holdMs > 60_000) {
    return problem(400, 'holdMs is how long the button is held, 0 to 60000 ms; leave it out for 3000.');
  }
  return ok({ outcome: fleet.press(serial, holdMs), meter: fleet.meter(serial) });
}

function enterCode(fleet: RunningFleet, serial: string, request: ControlRequest): ControlAnswer {
  if (!fleet.meter(serial)) return noMeter(serial);
  const { code } = (request.body ?? {}) as { code?: unknown };
  if (typeof code !== 'string' || !/^[0-9]{16}$/.test(code)) {
    return problem(400, 'Send {"code":"<16 digits>"}, the restore code as the head-end gave it.');
  }
  return ok({ outcome: fleet.enterCode(serial, code), meter: fleet.meter(serial) });
}

function changeInstallation(fleet: RunningFleet, serial: string, request: ControlRequest): ControlAnswer {
  if (!fleet.meter(serial)) return noMeter(serial);
  const { installation } = (request.body ?? {}) as { installation?: unknown };
  if (typeof installation !== 'string' || !UUID.test(installation)) {
    return problem(400, 'Send {"installation":"<uuid in lower case>"}.');
  }
  fleet.setInstallation(serial, installation);
  return ok(fleet.meter(serial));
}

function removeFault(fleet: RunningFleet, id: string): ControlAnswer {
  return fleet.removeFault(id)
    ? ok({ removed: id })
    : problem(404, `There is no fault ${id} in force; GET /faults lists them.`);
}
