import { loadManifest } from '../manifest-source.js';
import { replay, type ReplayResult } from '../scenario/replay.js';
import type { OutputLine } from '../scenario/record-lines.js';
import { UsageError, type CliIo } from './io.js';
import { readArgs, text } from './options.js';
import { REPLAY_HELP } from './scenario-help.js';

const OPTIONS = { fleet: { type: 'string' }, json: { type: 'boolean' } } as const;

/** `replay`: runs a recording again and says whether it gives the same. */
export async function replayCommand(args: string[], io: CliIo): Promise<number> {
  const parsed = readArgs(args, OPTIONS);
  const [file, ...more] = parsed.positionals;
  if (parsed.values.help) {
    io.out(REPLAY_HELP);
    return 0;
  }
  if (!file || more.length > 0) throw new UsageError('replay takes one recording.');
  const from = text(parsed, 'fleet');
  const result = replay(file, from ? await loadManifest({ from, signal: io.signal }) : undefined);
  io.out(parsed.values.json === true ? `${JSON.stringify(result, undefined, 2)}\n` : told(result));
  return result.identical ? 0 : 1;
}

function told({ name, identical, outputs, sha256, recordedSha256, changes, difference }: ReplayResult): string {
  const lines = changes.map((change) => `${change}: ${ABOUT[change]}`);
  if (identical) return `${[...lines, `IDENTICAL ${name}: ${outputs} outputs, sha256 ${sha256}`].join('\n')}\n`;
  lines.push(`DIFFERENT ${name}: recorded sha256 ${recordedSha256}, replayed ${sha256}`);
  if (difference) {
    lines.push(`first difference: output ${difference.index}`);
    lines.push(`  recorded: ${lineText(difference.recorded)}`, `  replayed: ${lineText(difference.replayed)}`);
    if (difference.content !== undefined) lines.push(`  says: ${difference.content}`);
  }
  return `${lines.join('\n')}\n`;
}

const ABOUT: Readonly<Record<ReplayResult['changes'][number], string>> = {
  BUILD_CHANGED: 'the simulator is not the one this was recorded with.',
  MANIFEST_CHANGED: 'the manifest is not the one this was recorded with.',
  NODE_CHANGED: 'Node is not the version this was recorded with; it computes what meters measure.',
};

const lineText = (line: OutputLine | undefined): string =>
  line ? `${line[0]} at ${line[1]} ms ${line[2]} (sha256 ${line[3]}…)` : 'nothing';
