import type { ActiveFault, FleetSummary, MeterView, RelayToggle } from '../fleet.js';
import { askControl, CONTROL_OPTIONS } from './control-client.js';
import { BUTTON_HELP, FAULTS_HELP, METERS_HELP, SUMMARY_HELP } from './help.js';
import { UsageError, type CliIo } from './io.js';
import { readArgs, text, wholeNumber, type ParsedArgs } from './options.js';
import { figures } from './progress.js';

const JSON_OPTION = { json: { type: 'boolean' } } as const;

const printJson = (io: CliIo, value: unknown): void => io.out(`${JSON.stringify(value, null, 2)}\n`);

const TARGET_OPTIONS = {
  all: { type: 'boolean' },
  meter: { type: 'string' },
  gateway: { type: 'string' },
  share: { type: 'string' },
  'gateway-share': { type: 'string' },
} as const;

/** `faults list|add|remove`. */
export async function faultsCommand(args: string[], io: CliIo): Promise<number> {
  const parsed = readArgs(args, {
    ...CONTROL_OPTIONS,
    ...JSON_OPTION,
    ...TARGET_OPTIONS,
    'for-ms': { type: 'string' },
  });
  const [verb, name, ...rest] = parsed.positionals;
  if (parsed.values.help) {
    io.out(FAULTS_HELP);
    return 0;
  }
  switch (verb) {
    case 'list':
    case undefined: {
      const { faults } = (await askControl(parsed, io, 'GET', '/faults')) as { faults: ActiveFault[] };
      if (parsed.values.json) printJson(io, faults);
      else io.out(faults.length === 0 ? 'no faults\n' : faults.map(faultLine).join(''));
      return 0;
    }
    case 'add':
      if (!name) throw new UsageError('Say which fault: faults add <name>; "faults --help" lists them.');
      io.out(faultLine((await askControl(parsed, io, 'POST', '/faults', faultOf(parsed, name, rest))) as ActiveFault));
      return 0;
    case 'remove':
      if (!name) throw new UsageError('Say which fault: faults remove <id>; "faults list" shows the ids.');
      await askControl(parsed, io, 'DELETE', `/faults/${encodeURIComponent(name)}`);
      io.out(`removed ${name}\n`);
      return 0;
    default:
      throw new UsageError(`faults knows list, add and remove, not ${verb}.`);
  }
}

function faultOf(parsed: ParsedArgs, name: string, pairs: string[]): unknown {
  const parameters: Record<string, number | string> = {};
  for (const pair of pairs) {
    const [key, value, ...more] = pair.split('=');
    if (!key || !value || more.length > 0) throw new UsageError(`Write parameters as key=value, not ${pair}.`);
    parameters[key] = Number.isNaN(Number(value)) ? value : Number(value);
  }
  const forMs = text(parsed, 'for-ms');
  return { name, target: targetOf(parsed), parameters, ...(forMs ? { forMs: Number(forMs) } : {}) };
}

function targetOf(parsed: ParsedArgs): unknown {
  const given = Object.keys(TARGET_OPTIONS).filter((option) => parsed.values[option] !== undefined);
  if (given.length > 1) throw new UsageError(`Give one target, not --${given.join(' and --')}.`);
  switch (given[0]) {
    case 'meter':
    case 'gateway':
      return { [given[0]]: text(parsed, given[0]) };
    case 'share':
      return { share: Number(text(parsed, 'share')) };
    case 'gateway-share':
      return { gatewayShare: Number(text(parsed, 'gateway-share')) };
    default:
      return { all: true };
  }
}

function faultLine(fault: ActiveFault): string {
  const parameters = Object.entries(fault.parameters).map(([key, value]) => ` ${key}=${value}`);
  const target = Object.entries(fault.target).map(([key, value]) => (key === 'all' ? 'all' : `${key} ${value}`));
  const until = fault.forMs === undefined ? '' : ` for ${fault.forMs} ms`;
  return `${fault.id} ${fault.name}${parameters.join('')} on ${target.join('')}${until}\n`;
}

/** `meters [<meter>]`. */
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
  const [serial] = parsed.positionals;
  if (serial) {
    printJson(io, await askControl(parsed, io, 'GET', `/meters/${encodeURIComponent(serial)}`));
    return 0;
  }
  const query = new URLSearchParams({ first: String(wholeNumber(parsed, 'first', 1, 1_000, 20)) });
  const after = text(parsed, 'after');
  if (after) query.set('after', after);
  const page = (await askControl(parsed, io, 'GET', `/meters?${query}`)) as {
    meters: (MeterView & { relayHistory?: RelayToggle[] })[];
    total: number;
    next: string | null;
  };
  if (parsed.values.json) printJson(io, page);
  else {
    io.out(page.meters.map(meterLine).join(''));
    io.out(`${page.meters.length} of ${page.total}${page.next ? `; more with --after ${page.next}` : ''}\n`);
  }
  return 0;
}

function meterLine(meter: MeterView): string {
  const words = [
    meter.meter,
    meter.online ? 'online ' : 'offline',
    meter.relay === meter.reportedRelay ? meter.relay : `${meter.relay} (says ${meter.reportedRelay})`,
    ...(meter.armed ? ['armed'] : []),
    ...(meter.protected ? ['protected'] : []),
    `${(meter.energyWh / 1000).toFixed(1)} kWh`,
    `${meter.powerW} W`,
    `sequence ${meter.lastSequence}`,
  ];
  return `${words.join('  ')}\n`;
}

/** `button <meter>`. */
export async function buttonCommand(args: string[], io: CliIo): Promise<number> {
  const parsed = readArgs(args, { ...CONTROL_OPTIONS, 'hold-ms': { type: 'string' } });
  if (parsed.values.help) {
    io.out(BUTTON_HELP);
    return 0;
  }
  const [serial] = parsed.positionals;
  if (!serial) throw new UsageError('Say which meter: button <meter>.');
  const holdMs = wholeNumber(parsed, 'hold-ms', 0, 60_000, 3_000);
  const path = `/meters/${encodeURIComponent(serial)}/button`;
  const { outcome } = (await askControl(parsed, io, 'POST', path, { holdMs })) as { outcome: string };
  io.out(`${serial}: ${outcome}\n`);
  return 0;
}

/** `summary`. */
export async function summaryCommand(args: string[], io: CliIo): Promise<number> {
  const parsed = readArgs(args, { ...CONTROL_OPTIONS, ...JSON_OPTION });
  if (parsed.values.help) {
    io.out(SUMMARY_HELP);
    return 0;
  }
  const summary = (await askControl(parsed, io, 'GET', '/summary')) as FleetSummary;
  if (parsed.values.json) printJson(io, summary);
  else io.out(`${summary.virtualTime} ${figures(summary)}\n`);
  return 0;
}
