import { GraphQLError } from 'graphql';
import { FAULTS, type FaultName, type Parameter } from '../faults/catalogue.js';
import { FaultError } from '../faults/fault-spec.js';
import { ClockFollowedError, LoadError, type LoadKind, type RunningFleet } from '../fleet.js';
import { isUuid } from '../meter/uuid-bytes.js';
import { faultOf, gatewayOf, loadOf, meterOf, summaryOf, enumWord } from './views.js';

/** Largest page of meters or gateways. */
export const MAX_PAGE = 1000;
/** Longest press that can be asked for, ms. */
const MAX_HOLD_MS = 60_000;

const refuse = (code: string, message: string): GraphQLError => new GraphQLError(message, { extensions: { code } });

const noMeter = (number: string): GraphQLError =>
  refuse('METER_NOT_FOUND', `There is no meter ${number} in this fleet; "meters" lists them.`);

interface Page {
  first: number;
  after?: string | null;
}

interface FaultInput {
  name: string;
  target?: Record<string, unknown> | null;
  parameters?: { name: string; value: string }[] | null;
  forMs?: number | null;
}

/** The fields of `Query`; arguments have been checked against the schema. */
export const queries = (fleet: RunningFleet) => ({
  summary: () => summaryOf(fleet.summary(), fleet.progress()),
  meters: (page: Page) => listMeters(fleet, page),
  meter: ({ number }: { number: string }) => {
    const view = fleet.meter(number);
    return view && meterOf(fleet, view);
  },
  gateways: (page: Page & { state?: string | null }) => listGateways(fleet, page),
  faults: () => fleet.faults().map(faultOf),
  load: () => {
    const view = fleet.load();
    return view && loadOf(view);
  },
});

/** The fields of `Mutation`. */
export const mutations = (fleet: RunningFleet) => ({
  pressButton: ({ meter, holdMs }: { meter: string; holdMs: number }) => {
    known(fleet, meter);
    if (holdMs < 0 || holdMs > MAX_HOLD_MS) {
      throw refuse('HOLD_OUT_OF_RANGE', `holdMs is 0 to ${MAX_HOLD_MS} ms; leave it out for 3000.`);
    }
    return { outcome: enumWord(fleet.press(meter, holdMs)), meter: known(fleet, meter) };
  },
  enterRestoreCode: ({ meter, code }: { meter: string; code: string }) => {
    known(fleet, meter);
    if (!/^[0-9]{16}$/.test(code))
      throw refuse('CODE_INVALID', 'A restore code has 16 digits, as the head-end gave it.');
    return { outcome: enumWord(fleet.enterCode(meter, code)), meter: known(fleet, meter) };
  },
  addFault: ({ input }: { input: FaultInput }) =>
    naming([[FaultError, 'FAULT_INVALID']], () => faultOf(fleet.addFault(faultInput(input)))),
  removeFault: ({ id }: { id: string }) => {
    const fault = fleet.faults().find((candidate) => candidate.id === id);
    if (!fault || !fleet.removeFault(id)) {
      throw refuse('FAULT_NOT_FOUND', `There is no fault ${id} in force; "faults" lists them.`);
    }
    return faultOf(fault);
  },
  setInstallation: ({ meter, installation }: { meter: string; installation: string }) => {
    known(fleet, meter);
    if (!isUuid(installation)) throw refuse('INSTALLATION_INVALID', 'An installation is a UUID in lower case.');
    fleet.setInstallation(meter, installation);
    return known(fleet, meter);
  },
  swapNeighbours: ({ first, second }: { first: string; second: string }) => {
    const [one, other] = [known(fleet, first).installation, known(fleet, second).installation];
    fleet.setInstallation(first, other);
    fleet.setInstallation(second, one);
    return [known(fleet, first), known(fleet, second)];
  },
  setTimeScale: ({ scaleMillis }: { scaleMillis: number }) =>
    naming(
      [
        [ClockFollowedError, 'CLOCK_FOLLOWED'],
        [RangeError, 'SCALE_OUT_OF_RANGE'],
      ],
      () => {
        fleet.setTimeScale(scaleMillis);
        return summaryOf(fleet.summary(), fleet.progress());
      },
    ),
  startLoad: ({ input }: { input: { kind: string; perSecond?: number | null; forMs?: number | null } }) =>
    naming([[LoadError, 'LOAD_INVALID']], () => {
      const kind = input.kind.toLowerCase() as LoadKind;
      return loadOf(
        fleet.startLoad({ kind, perSecond: input.perSecond ?? undefined, forMs: input.forMs ?? undefined }),
      );
    }),
  stopLoad: () => {
    const view = fleet.stopLoad();
    if (!view) throw refuse('LOAD_NOT_FOUND', 'There is no load to stop.');
    return loadOf(view);
  },
});

function known(fleet: RunningFleet, number: string) {
  const view = fleet.meter(number);
  if (!view) throw noMeter(number);
  return meterOf(fleet, view);
}

function listMeters(fleet: RunningFleet, { first, after }: Page) {
  checkPage(first);
  // One more than asked for tells whether there is a next page.
  const views = fleet.page(first + 1, after ?? undefined);
  if (!views) throw noMeter(after as string);
  const page = views.slice(0, first);
  return {
    meters: page.map((view) => meterOf(fleet, view)),
    total: fleet.meterCount,
    next: views.length > first ? page.at(-1)?.meter : null,
  };
}

function listGateways(fleet: RunningFleet, { first, after, state }: Page & { state?: string | null }) {
  checkPage(first);
  const all = fleet.gateways().map(gatewayOf);
  const start = after ? all.findIndex(({ gateway }) => gateway === after) + 1 : 0;
  if (after && start === 0) throw refuse('GATEWAY_NOT_FOUND', `There is no gateway ${after} in this fleet.`);
  const fits = (view: { state: string }): boolean => !state || view.state === state;
  const following = all.slice(start).filter(fits);
  const page = following.slice(0, first);
  return {
    gateways: page,
    total: all.filter(fits).length,
    next: following.length > first ? page.at(-1)?.gateway : null,
  };
}

function checkPage(first: number): void {
  if (first < 1 || first > MAX_PAGE) throw refuse('PAGE_OUT_OF_RANGE', `first is 1 to ${MAX_PAGE}.`);
}

/** As in a faults file: numbers are numbers there, and a meter's number is none. */
function faultInput({ name, target, parameters, forMs }: FaultInput): unknown {
  const rules: Record<string, Parameter> = FAULTS[name as FaultName]?.parameters ?? {};
  const pairs = (parameters ?? []).map(({ name: key, value }) => [
    key,
    rules[key]?.type === 'number' ? numberOrWord(value) : value,
  ]);
  return {
    name,
    target: target ? { ...target } : { all: true },
    parameters: Object.fromEntries(pairs) as unknown,
    forMs: forMs ?? undefined,
  };
}

const numberOrWord = (value: string): number | string =>
  value.trim() === '' || Number.isNaN(Number(value)) ? value : Number(value);

/** Gives errors that are the caller's a code; every other one is a bug and goes on as it is. */
function naming<Result>(codes: [abstract new (...given: never[]) => Error, string][], act: () => Result): Result {
  try {
    return act();
  } catch (error) {
    const code = codes.find(([kind]) => error instanceof kind)?.[1];
    if (code === undefined) throw error;
    throw refuse(code, (error as Error).message);
  }
}
