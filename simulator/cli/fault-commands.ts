import { askControl, CONTROL_OPTIONS, controlAddress } from './control-client.js';
import { JSON_OPTION, printJson } from './control-commands.js';
import { FAULTS_HELP } from './help.js';
import { UsageError, type CliIo } from './io.js';
import { readArgs, text, type ParsedArgs } from './options.js';
import { FAULT_FIELDS, type FaultData } from './selections.js';

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
      const query = `{ faults { ${FAULT_FIELDS} } }`;
      const { faults } = await askControl<{ faults: FaultData[] }>(controlAddress(parsed, io), io, query);
      if (parsed.values.json) printJson(io, faults);
      else io.out(faults.length === 0 ? 'no faults\n' : faults.map(faultLine).join(''));
      return 0;
    }
    case 'add': {
      if (!name) throw new UsageError('Say which fault: faults add <name>; "faults --help" lists them.');
      const input = faultOf(parsed, name, rest);
      const query = `mutation ($input: FaultInput!) { addFault(input: $input) { ${FAULT_FIELDS} } }`;
      const { addFault } = await askControl<{ addFault: FaultData }>(controlAddress(parsed, io), io, query, { input });
      io.out(faultLine(addFault));
      return 0;
    }
    case 'remove':
      if (!name) throw new UsageError('Say which fault: faults remove <id>; "faults list" shows the ids.');
      await askControl(controlAddress(parsed, io), io, 'mutation ($id: ID!) { removeFault(id: $id) { id } }', {
        id: name,
      });
      io.out(`removed ${name}\n`);
      return 0;
    default:
      throw new UsageError(`faults knows list, add and remove, not ${verb}.`);
  }
}

function faultOf(parsed: ParsedArgs, name: string, pairs: string[]): unknown {
  const parameters = pairs.map((pair) => {
    const [key, value, ...more] = pair.split('=');
    if (!key || !value || more.length > 0) throw new UsageError(`Write parameters as key=value, not ${pair}.`);
    return { name: key, value };
  });
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

/** One fault in one line. */
export function faultLine({ id, name, target, parameters, forMs }: FaultData): string {
  const how = parameters.map((parameter) => ` ${parameter.name}=${parameter.value}`);
  const whom = Object.entries(target)
    .filter(([, value]) => value !== null)
    .map(([key, value]) => (key === 'all' ? 'all' : `${key} ${String(value)}`));
  const until = forMs === null ? '' : ` for ${forMs} ms`;
  return `${id} ${name}${how.join('')} on ${whom.join('')}${until}\n`;
}
