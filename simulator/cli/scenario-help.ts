import { ATTACKS } from '../head-end/attacks.js';

export const SCENARIO_HELP = `scenario: stories that pass or fail. Files: docs/scenarios.md, schema/scenario.schema.json.

  scenario list                          the scenarios that come with the simulator
  scenario check <name|file> …           whether files can be run; every mistake with its line
  scenario run <name|file> … | --all     run, and say what was expected and what was found

Options of run
  --seed <n>               another seed than the file's
  --speed <n|max>          virtual seconds per real second, another than the file's
  --broker <url>           over a real broker instead of one in this process, in real time unless the file or --speed says otherwise
  --ca <file>              PEM of the authority behind an mqtts broker's certificate
  --fleet <file|url>       this manifest instead of the file's fleet; --token <token> for an address
  --head-end <own|other>   who gives orders over a real broker                                          (own)
  --skip-orders            with --head-end other: leave the file's orders out instead of refusing it
  --relight <url>          product scenarios: on this running Relight in simulation mode, by its API
  --tokens <file>          JSON of a token for each role: {"HOTLINE":"…"}; with --relight
  --record <file>          record the run, for replay (one scenario at a time)
  --json <file>            the reports as JSON
  --junit <file>           the reports as JUnit XML
  --quiet                  one line a scenario

Exit codes: 0 all passed, 1 something failed or could not be run, 2 wrong command line.

Attacks
${Object.entries(ATTACKS)
  .map(([name, about]) => `  ${name}: ${about}`)
  .join('\n')}
`;

export const REPLAY_HELP = `replay: run a recording again, exactly, without network or head-end; says whether every message and every
relay movement is the same, byte for byte, and shows the first that is not.

  replay <file> [--fleet <manifest>] [--json]

A recording tells by name what has changed since it was made: BUILD_CHANGED, MANIFEST_CHANGED, NODE_CHANGED.
Exit codes: 0 identical, 1 not, 2 wrong command line.
`;
