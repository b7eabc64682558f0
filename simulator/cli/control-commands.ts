import { askControl, CONTROL_OPTIONS, controlAddress } from './control-client.js';
import {
  BUTTON_HELP,
  CODE_HELP,
  GATEWAYS_HELP,
  METER_HELP,
  METERS_HELP,
  MOVE_HELP,
  SUMMARY_HELP,
  TIME_HELP,
} from './help.js';
import { UsageError, type CliIo } from './io.js';
import { readArgs, text, wholeNumber } from './options.js';
import { figures, figuresOf } from './progress.js';
import { METER_FIELDS, SUMMARY_FIELDS, type GatewayData, type MeterData, type SummaryData } from './selections.js';

export const JSON_OPTION = { json: { type: 'boolean' } } as const;

export const printJson = (io: CliIo, value: unknown): void => io.out(`${JSON.stringify(value, null, 2)}\n`);

/** `meters`. */
export async function metersCommand(args: string[], io: CliIo): Promise<number> {
  const parsed = readArgs(args, {
    ...CONTROL_OPTIONS,
    ...JSON_OPTION,
    first: { type: 'string' },
    after: { type: 'string' },
  });
  if (parsed.values.help) {
    io.out(METERS_HELP);
    return 0;
  }
  const query = `query ($first: Int, $after: String) { meters(first: $first, after: $after) { meters { ${METER_FIELDS} } total next } }`;
  const { meters: page } = await askControl<{ meters: { meters: MeterData[]; total: number; next: string | null } }>(
    controlAddress(parsed, io),
    io,
    query,
    { first: wholeNumber(parsed, 'first', 1, 1_000, 20), after: text(parsed, 'after') },
  );
  if (parsed.values.json) printJson(io, page);
  else {
    io.out(page.meters.map(meterLine).join(''));
    io.out(`${page.meters.length} of ${page.total}${page.next ? `; more with --after ${page.next}` : ''}\n`);
  }
  return 0;
}

/** `meter <meter>`: everything about one. */
export async function meterCommand(args: string[], io: CliIo): Promise<number> {
  const parsed = readArgs(args, CONTROL_OPTIONS);
  if (parsed.values.help) {
    io.out(METER_HELP);
    return 0;
  }
  const [number] = parsed.positionals;
  if (!number) throw new UsageError('Say which meter: meter <meter>.');
  const query = `query ($number: String!) { meter(number: $number) { ${METER_FIELDS} relayHistory { at to cause sequence commandId } } }`;
  const { meter } = await askControl<{ meter: MeterData | null }>(controlAddress(parsed, io), io, query, { number });
  if (!meter) throw new Error(`There is no meter ${number} in this fleet; "meters" lists them.`);
  printJson(io, meter);
  return 0;
}

function meterLine(meter: MeterData): string {
  const relay = meter.relay.toLowerCase();
  const words = [
    meter.meter,
    meter.online ? 'online ' : 'offline',
    meter.relay === meter.reportedRelay ? relay : `${relay} (says ${meter.reportedRelay.toLowerCase()})`,
    ...(meter.armed ? ['armed'] : []),
    ...(meter.protected ? ['protected'] : []),
    `${(meter.energyWh / 1000).toFixed(1)} kWh`,
    `${meter.powerW} W`,
    `sequence ${meter.lastSequence}`,
  ];
  return `${words.join('  ')}\n`;
}

/** `gateways`. */
export async function gatewaysCommand(args: string[], io: CliIo): Promise<number> {
  const parsed = readArgs(args, {
    ...CONTROL_OPTIONS,
    ...JSON_OPTION,
    first: { type: 'string' },
    after: { type: 'string' },
    state: { type: 'string' },
  });
  if (parsed.values.help) {
    io.out(GATEWAYS_HELP);
    return 0;
  }
  const query = `query ($first: Int, $after: String, $state: GatewayState) {
    gateways(first: $first, after: $after, state: $state) { gateways { gateway state meters closed armed pending } total next } }`;
  const { gateways: page } = await askControl<{
    gateways: { gateways: GatewayData[]; total: number; next: string | null };
  }>(controlAddress(parsed, io), io, query, {
    first: wholeNumber(parsed, 'first', 1, 1_000, 20),
    after: text(parsed, 'after'),
    state: text(parsed, 'state')?.toUpperCase(),
  });
  if (parsed.values.json) printJson(io, page);
  else {
    for (const { gateway, state, meters, closed, armed, pending } of page.gateways) {
      io.out(
        `${gateway}  ${state.toLowerCase().padEnd(10)}  ${meters} meters  ${closed} closed  ${armed} armed  ${pending} pending\n`,
      );
    }
    io.out(`${page.gateways.length} of ${page.total}${page.next ? `; more with --after ${page.next}` : ''}\n`);
  }
  return 0;
}

/** `press <meter>`. */
export async function pressCommand(args: string[], io: CliIo): Promise<number> {
  const parsed = readArgs(args, { ...CONTROL_OPTIONS, 'hold-ms': { type: 'string' } });
  if (parsed.values.help) {
    io.out(BUTTON_HELP);
    return 0;
  }
  const [meter] = parsed.positionals;
  if (!meter) throw new UsageError('Say which meter: press <meter>.');
  const holdMs = wholeNumber(parsed, 'hold-ms', 0, 60_000, 3_000);
  const query = `mutation ($meter: String!, $holdMs: Int) { pressButton(meter: $meter, holdMs: $holdMs) { outcome } }`;
  const { pressButton } = await askControl<{ pressButton: { outcome: string } }>(
    controlAddress(parsed, io),
    io,
    query,
    { meter, holdMs },
  );
  io.out(`${meter}: ${pressButton.outcome.toLowerCase().replaceAll('_', '-')}\n`);
  return 0;
}

/** `code <meter> <code>`. */
export async function codeCommand(args: string[], io: CliIo): Promise<number> {
  const parsed = readArgs(args, CONTROL_OPTIONS);
  if (parsed.values.help) {
    io.out(CODE_HELP);
    return 0;
  }
  const [meter, code] = parsed.positionals;
  if (!meter || !code) throw new UsageError('Say which meter and which code: code <meter> <16 digits>.');
  const query = `mutation ($meter: String!, $code: String!) { enterRestoreCode(meter: $meter, code: $code) { outcome } }`;
  const { enterRestoreCode } = await askControl<{ enterRestoreCode: { outcome: string } }>(
    controlAddress(parsed, io),
    io,
    query,
    { meter, code: code.replaceAll(/[ -]/g, '') },
  );
  io.out(`${meter}: ${enterRestoreCode.outcome.toLowerCase().replaceAll('_', '-')}\n`);
  return 0;
}

/** `move <meter> <installation>`, and `swap <meter> <meter>`. */
export async function moveCommand(args: string[], io: CliIo): Promise<number> {
  const parsed = readArgs(args, { ...CONTROL_OPTIONS, swap: { type: 'boolean' } });
  if (parsed.values.help) {
    io.out(MOVE_HELP);
    return 0;
  }
  const [meter, other] = parsed.positionals;
  if (!meter || !other)
    throw new UsageError('Say what goes where: move <meter> <installation>, or move --swap <meter> <meter>.');
  const query = parsed.values.swap
    ? `mutation ($meter: String!, $other: String!) { moved: swapNeighbours(first: $meter, second: $other) { meter installation } }`
    : `mutation ($meter: String!, $other: String!) { moved: setInstallation(meter: $meter, installation: $other) { meter installation } }`;
  type Moved = { meter: string; installation: string };
  const { moved } = await askControl<{ moved: Moved | Moved[] }>(controlAddress(parsed, io), io, query, {
    meter,
    other,
  });
  for (const one of [moved].flat()) io.out(`${one.meter} is now at installation ${one.installation}\n`);
  return 0;
}

/** `time <scale>`. */
export async function timeCommand(args: string[], io: CliIo): Promise<number> {
  const parsed = readArgs(args, CONTROL_OPTIONS);
  if (parsed.values.help) {
    io.out(TIME_HELP);
    return 0;
  }
  const scale = Number(parsed.positionals[0] ?? Number.NaN);
  if (!(scale >= 0 && scale <= 100_000)) throw new UsageError('Say how fast: time <0–100000>, 1 is real speed.');
  const query = `mutation ($scaleMillis: Int!) { setTimeScale(scaleMillis: $scaleMillis) { virtualTime } }`;
  const { setTimeScale } = await askControl<{ setTimeScale: { virtualTime: string } }>(
    controlAddress(parsed, io),
    io,
    query,
    { scaleMillis: Math.round(scale * 1000) },
  );
  io.out(`${setTimeScale.virtualTime}, ${scale} × from here\n`);
  return 0;
}

/** `summary`. */
export async function summaryCommand(args: string[], io: CliIo): Promise<number> {
  const parsed = readArgs(args, { ...CONTROL_OPTIONS, ...JSON_OPTION });
  if (parsed.values.help) {
    io.out(SUMMARY_HELP);
    return 0;
  }
  const query = `{ summary { ${SUMMARY_FIELDS} } }`;
  const { summary } = await askControl<{ summary: SummaryData }>(controlAddress(parsed, io), io, query);
  if (parsed.values.json) printJson(io, summary);
  else io.out(`${summary.virtualTime} ${figures(figuresOf(summary))}\n`);
  return 0;
}
