import { readFileSync, writeFileSync } from 'node:fs';
import { readProductScenario, runProductScenario } from '../scenario/product.js';
import { junitXml, suiteText, verdict, type SuiteReport } from '../scenario/report.js';
import { scenarioFile, shippedScenarios } from '../scenario/shelf.js';
import { UsageError, type CliIo } from './io.js';
import { text, type ParsedArgs } from './options.js';

/** `scenario run … --relight`: stories played on a running Relight. */
export async function runProduct(names: readonly string[], parsed: ParsedArgs, io: CliIo): Promise<number> {
  const url = text(parsed, 'relight') as string;
  const tokensFile = text(parsed, 'tokens');
  if (!tokensFile) throw new UsageError('--relight needs --tokens: a JSON file with a token for each role.');
  const tokens = JSON.parse(readFileSync(tokensFile, 'utf8')) as Record<string, string>;
  const wanted = parsed.values.all === true ? shippedScenarios('relight').map(({ name }) => name) : names;
  if (wanted.length === 0) throw new UsageError('Name a product scenario or a file, or give --all.');
  const reports: SuiteReport[] = [];
  let broken = 0;
  for (const name of wanted) {
    const file = scenarioFile(name, 'relight');
    if (!file) throw new UsageError(`There is no product scenario ${name} and no such file.`);
    try {
      const report = await runProductScenario(readProductScenario(file), { url, tokens, signal: io.signal });
      reports.push(report);
      io.out(parsed.values.quiet === true ? `${report.scenario}: ${verdict(report)}\n` : `${suiteText(report)}\n`);
    } catch (error) {
      if (io.signal.aborted) throw error;
      broken += 1;
      io.err(`${name}: ${(error as Error).message}\n`);
    }
  }
  const json = text(parsed, 'json');
  if (json) writeFileSync(json, `${JSON.stringify(reports, undefined, 2)}\n`);
  const junit = text(parsed, 'junit');
  if (junit) writeFileSync(junit, junitXml(reports));
  return broken === 0 && reports.every(({ passed }) => passed) ? 0 : 1;
}
