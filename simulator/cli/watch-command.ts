import { CONTROL_OPTIONS, askControl, controlAddress, hearControl } from './control-client.js';
import { WATCH_HELP } from './help.js';
import type { CliIo } from './io.js';
import { readArgs } from './options.js';
import { COUNTER_FIELDS, FAULT_FIELDS, SUMMARY_FIELDS, type FaultData, type GatewayData } from './selections.js';
import {
  moveLine,
  watchLine,
  watchTable,
  type ActivityData,
  type MoveData,
  type MovementsData,
  type Watched,
} from './watch-table.js';

/** Movements kept for the table. */
const KEPT_MOVES = 8;
/** Movements told by line each second, where lines are all there is. */
const TOLD_MOVES = 5;
/** Movements counted in a second. */
const MAX_UNTOLD = 100_000;

const AROUND = `{ faults { ${FAULT_FIELDS} } away: gateways(state: WAITING, first: 5) { total gateways { gateway state meters pending } }
  suspended: gateways(state: SUSPENDED, first: 5) { total gateways { gateway state meters pending } } }`;

/** `watch`: a live table on a terminal, lines elsewhere, until the person or the simulator ends. */
export async function watchCommand(args: string[], io: CliIo): Promise<number> {
  const parsed = readArgs(args, { ...CONTROL_OPTIONS, lines: { type: 'boolean' } });
  if (parsed.values.help) {
    io.out(WATCH_HELP);
    return 0;
  }
  const address = controlAddress(parsed, io);
  const table = io.isTerminal && parsed.values.lines !== true;
  const watched: Watched = { activity: undefined, faults: [], away: [], awayTotal: 0, moves: [] };
  let last = '';
  let untold: MoveData[] = [];
  let leftOut = 0;
  const lookAround = async (): Promise<void> => {
    type Gateways = { total: number; gateways: GatewayData[] };
    type Around = { faults: FaultData[]; away: Gateways; suspended: Gateways };
    const { faults, away, suspended } = await askControl<Around>(address, io, AROUND);
    watched.faults = faults;
    watched.away = [...away.gateways, ...suspended.gateways];
    watched.awayTotal = away.total + suspended.total;
  };
  const show = (): void => {
    if (table) {
      io.out(`\x1b[H\x1b[J${watchTable(watched).join('\n')}\n`);
      return;
    }
    const line = watchLine(watched);
    if (line !== last && watched.activity) io.out(`${watched.activity.summary.virtualTime} ${line}\n`);
    last = line;
    for (const move of untold.slice(0, TOLD_MOVES)) io.out(`  ${moveLine(move)}\n`);
    const more = untold.length - TOLD_MOVES + leftOut;
    if (more > 0) io.out(`  … and ${more} more relays\n`);
    untold = [];
    leftOut = 0;
  };
  await lookAround();
  const activity = `subscription { activity { intervalMs summary { ${SUMMARY_FIELDS} } change { ${COUNTER_FIELDS} } } }`;
  const moves = `subscription { relayMovements { leftOut movements { meter movement { at to cause sequence } } } }`;
  await Promise.all([
    hearControl<{ activity: ActivityData }>(address, io, activity, (data) => {
      watched.activity = data.activity;
      void lookAround().then(show, () => undefined);
      return true;
    }),
    hearControl<{ relayMovements: MovementsData }>(address, io, moves, ({ relayMovements: moved }) => {
      watched.moves = [...watched.moves, ...moved.movements].slice(-KEPT_MOVES);
      untold = [...untold, ...moved.movements].slice(0, MAX_UNTOLD);
      leftOut += moved.leftOut;
      return true;
    }),
  ]);
  return 0;
}
