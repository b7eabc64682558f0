import { FAULTS, type Parameter } from '../faults/catalogue.js';

export const MAIN_HELP = `Relight meter simulator: concentrators and 4G meters that obey the MQTT contract in schema/mqtt.

  npm run simulate -- <command> [options]        (node dist/simulator/cli.js <command> [options])

Commands
  run        connect a fleet to a broker and keep it running (the default)
  fleet      write a fleet of your own to a file, with the public keys a head-end needs
  scenario   run stories that pass or fail, at any speed
  replay     run a recording again, exactly
  load       make meters speak, or order them about, and measure latencies

of a running simulator
  watch      a live table: gateways, meters, rates, faults, relays that move
  summary    the same once, in a line
  meters     its meters, a line each        meter      everything about one
  gateways   its gateways
  press      press a meter's button         code       type a restore code into a meter
  faults     list, add or remove faults
  move       hang a meter elsewhere, or swap two
  time       run its own time faster or slower

"<command> --help" tells its options.

Examples
  # the fleet of a Relight on this machine, with one meter in ten losing half of its acks
  npm run simulate -- --fleet http://127.0.0.1:4000/simulation/fleet --token "$TESTER_TOKEN" --data-dir .data/simulator
  npm run simulate -- faults add lossUp rate=0.5 kind=ack --share 0.1 --data-dir .data/simulator

  # a fleet of your own against any broker
  npm run simulate -- fleet --concentrators 50 --meters-per-concentrator 200 --direct 100 --seed 7 --out fleet.json
  npm run simulate -- run --fleet fleet.json --broker mqtt://broker.example:1883 --seed 7 --data-dir .data/fleet
  npm run simulate -- watch --data-dir .data/fleet

Exit codes: 0 done, 1 failed, 2 wrong command line.
`;

export const RUN_HELP = `run: connect a fleet to a broker and keep it running until Ctrl-C or SIGTERM.

  --fleet <file|url>     the fleet manifest; an address that does not answer yet is waited for        (required)
  --token <token>        bearer token for the address (or RELIGHT_FLEET_TOKEN)
  --broker <url>         mqtt://host:port or mqtts://host:port                      (mqtt://127.0.0.1:1883)
  --ca <file>            PEM of the authority behind an mqtts broker's certificate
  --seed <n>             same seed, same fleet, same messages: same run                                 (1)
  --relay-ms <n>         from an order to the movement of the relay; 0 = at once                       (20)
  --faults <file>        faults from the start: a JSON list, see "faults --help"
  --data-dir <dir>       keep the meters' memory (meters.state) and the control address here
  --state-file <file>    keep the meters' memory here instead
  --no-boot-state        meters do not say how they stand when their gateway connects
  --spread-ms <n>        over how long the meters of a gateway do so                                 (2000)
  --freeze-rate <n>      most freeze messages of the fleet per second                                (2000)
  --time-scale <x>       speed of the fleet's own time, 0 to 100000, where no head-end sets it           (1)
  --start-at <instant>   when the fleet's own time begins                                       (this machine's now)
  --clock-wait-ms <n>    how long to wait for a head-end's clock before this machine's time is taken  (1000)
  --keepalive <s>        MQTT keepalive                                                                (60)
  --control-port <n>     port of the control API on 127.0.0.1; 0 takes a free one                       (0)
  --control-token <t>    its bearer token (or RELIGHT_SIMULATOR_TOKEN); otherwise a random one is printed
  --no-control           no control API
  --summary-every <s>    a line of figures this often, if any changed                                  (10)
  --until-stdin-ends     end when standard input ends, for a parent process that starts a simulator
  --quiet                say only what goes wrong, and the control address

Without --data-dir or --state-file meters forget their sequence when the simulator ends; the manifest's own
lastSequence is all they know then.
`;

export const FLEET_HELP = `fleet: write a fleet of your own, the same for the same options.

  --out <file>                     the manifest; the keys go to <file> with .keys.json instead of .json     (required)
  --concentrators <n>              (1)
  --meters-per-concentrator <n>    at most 2000                                                                 (200)
  --direct <n>                     4G meters, each on its own connection                                          (0)
  --seed <n>                       (1)
  --codec json|dlt645              what the meters behind the concentrators speak                              (json)
  --security-class password|cipher DL/T 645: frames with a password, or in ciphertext                      (password)
  --line-baud <n>                  DL/T 645: speed of the serial lines; 0 = no time passes                     (2400)
  --timezone <iana>                midnight freezes follow it                                       (Asia/Shanghai)
  --register-at <instant>          when the registers begin                              (2025-01-01T00:00:00.000Z)
  --downlink-key <kid:role:x>      a key the meters obey: role head-end or guard, x its JWK x; may be repeated
  --force                          overwrite existing files

The .keys.json file holds what a head-end needs: the meters' public keys and the gateways' passwords. Without
--downlink-key it also holds development keys of head-end and guard made from the seed, private halves (d) included: for simulation only.
`;

const CONTROL_OPTIONS = `Which simulator: --data-dir <dir> as given to run, or --control <url> and --control-token <token>
(or RELIGHT_SIMULATOR_CONTROL and RELIGHT_SIMULATOR_TOKEN).
`;

export const METERS_HELP = `meters: show meters of a running simulator, one a line.

  meters [--first <n>] [--after <meter>] [--json]

${CONTROL_OPTIONS}`;

export const METER_HELP = `meter: show everything about one meter of a running simulator, the movements of its relay included.

  meter <meter>

  npm run simulate -- meter 100000000001 --data-dir .data/simulator

${CONTROL_OPTIONS}`;

export const GATEWAYS_HELP = `gateways: show gateways of a running simulator, one a line.

  gateways [--state waiting|connecting|online|suspended] [--first <n>] [--after <gateway>] [--json]

${CONTROL_OPTIONS}`;

export const BUTTON_HELP = `press: the customer presses a meter's button (an armed meter closes after 3 s).

  press <meter> [--hold-ms <n>]

  npm run simulate -- press 100000000001 --data-dir .data/simulator

${CONTROL_OPTIONS}`;

export const CODE_HELP = `code: the customer types a restore code (复电码) into a meter; one that fits closes it.

  code <meter> <16 digits>            blanks and hyphens in the code do not matter; quote it when it has blanks

  npm run simulate -- code 100000000001 1234-5678-9012-3456 --data-dir .data/simulator

${CONTROL_OPTIONS}`;

export const MOVE_HELP = `move: the meter hangs elsewhere from now on, and refuses what is meant for its old place (WRONG_INSTALLATION).
Forgotten when the simulator ends.

  move <meter> <installation>        an installation is a UUID in lower case
  move --swap <meter> <meter>        two neighbours' meters were mixed up

${CONTROL_OPTIONS}`;

export const TIME_HELP = `time: run the fleet's own time faster or slower; refused where a head-end sets the time.

  time <scale>                       1 = real speed, 0 = stopped, at most 100000

  npm run simulate -- time 10000 --data-dir .data/simulator     # a day in 8.6 s

${CONTROL_OPTIONS}`;

export const SUMMARY_HELP = `summary: show a running simulator in figures.

  summary [--json]

${CONTROL_OPTIONS}`;

export const WATCH_HELP = `watch: a live table of a running simulator until Ctrl-C: time, gateways, meters, rates, faults, relays that move.
Where the output is no terminal, or with --lines: a line when something changed, and one for each relay.

  watch [--lines]

  npm run simulate -- watch --data-dir .data/simulator

${CONTROL_OPTIONS}`;

export const LOAD_HELP = `load: make meters speak, or order them about, and measure latencies. Exit code 1 when anything was lost.

  load telemetry --fleet <file|url> --broker <url>     a fleet of its own, connected for this load only
  load telemetry --data-dir <dir>                      the fleet of a running simulator
    --kind reading|event|state|freeze   what they say; freeze: the register of midnight, every meter once, all at once (reading)
    --rate <n>|max                      messages a second; max: as fast as the broker acknowledges                     (max)
    --for-s <n>                                                                                                         (30)
  Measured: from a message being handed to its gateway to the broker's PUBACK.

  load switch --fleet <file> --broker <url>            orders as a head-end would; the fleet runs elsewhere
    --keys <file>                       private keys of head-end and guard                  (the .keys.json beside --fleet)
    --kind restore|cut|cycle|read       cycle: each meter the opposite of how it stands                            (restore)
    --rate <n>|max                      orders a second; max: as fast as meters answer                                 (max)
    --count <n>                         orders in all                                                       (one each meter)
    --timeout-s <n>                     an order without answer after so long is lost                                   (30)
    --username, --password              of a head-end at the broker (or RELIGHT_BROKER_PASSWORD)
  Measured: from publishing an order to its ack (or the state that answers a read), and to the state that proves the relay.
  One order per meter at a time, at most 1000 in all. Signatures of answers are not checked.

  --out <file>                          the figures as JSON
  --ca <file>                           PEM of the authority behind an mqtts broker's certificate

Examples
  npm run simulate -- fleet --concentrators 10 --meters-per-concentrator 100 --out fleet.json
  npm run simulate -- load telemetry --fleet fleet.json --kind reading --rate 500 --for-s 60 --out telemetry.json
  npm run simulate -- run --fleet fleet.json --quiet &
  npm run simulate -- load switch --fleet fleet.json --kind cycle --rate 200 --count 10000 --out switch.json

${CONTROL_OPTIONS}`;

function rangeOf(rule: Parameter): string {
  if (rule.type === 'word') return rule.words.join('|');
  return rule.type === 'number' ? `${rule.min}…${rule.max}` : 'meter';
}

function catalogue(): string {
  return Object.entries(FAULTS)
    .map(([name, { about, parameters }]) => {
      const lines = Object.entries(parameters).map(([key, rule]) => {
        const fallback = 'default' in rule ? ` (${rule.default})` : ' (required)';
        const range = rangeOf(rule);
        return `      ${key}=<${range}>${fallback}: ${rule.about}`;
      });
      return [`  ${name}: ${about}`, ...lines].join('\n');
    })
    .join('\n');
}

export const FAULTS_HELP = `faults: list, add or remove faults of a running simulator.

  faults list [--json]
  faults add <name> [key=value …] [target] [--for-ms <n>]
  faults remove <id>

Target (default --all):
  --all  --meter <number>  --gateway <number>  --share <0–1> of the meters  --gateway-share <0–1> of the gateways

Faults
${catalogue()}

In a file for run --faults:
  [{ "name": "lossUp", "target": { "share": 0.1 }, "parameters": { "rate": 0.5, "kind": "ack" }, "forMs": 60000 }]

${CONTROL_OPTIONS}`;
