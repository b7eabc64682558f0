import { parseArgs } from 'node:util';
import { z } from 'zod';

export const ROLES = ['all', 'api', 'head-end', 'jobs', 'guard'] as const;
export type Role = (typeof ROLES)[number];

const port = z.coerce.number({ error: 'must be a port number from 0 to 65535' }).int().min(0).max(65_535);
/** A shared secret and a decision about cuts do not travel in the clear. */
function isGuardUrl(text: string): boolean {
  if (/^unix:\/./.test(text)) return true;
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  return protocol === 'https:' || (protocol === 'http:' && ['127.0.0.1', '[::1]', 'localhost'].includes(hostname));
}

/** Names and amounts do not travel in the clear. */
function isWebhookUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  return protocol === 'https:' || (protocol === 'http:' && ['127.0.0.1', '[::1]', 'localhost'].includes(hostname));
}

/** Outside simulation the head-end's password and every order pass here. */
function isSafeBrokerUrl(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === 'mqtts:' || ['127.0.0.1', '[::1]', 'localhost'].includes(hostname);
}

const flag = z.enum(['0', '1']).transform((value) => value === '1');

const environment = z.object({
  PORT: port.optional(),
  MQTT_PORT: port.optional(),
  HOST: z.string().default('127.0.0.1'),
  DATA_DIR: z.string().default('.data'),
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }).optional(),
  MQTT_URL: z.url({ protocol: /^mqtts?$/ }).optional(),
  MQTT_USERNAME: z.string().default('head-end'),
  MQTT_PASSWORD: z.string().min(12).optional(),
  /** PEM of the authority behind the broker's certificate, and a certificate of our own where the broker asks for one. */
  MQTT_CA_FILE: z.string().optional(),
  MQTT_CLIENT_CERT_FILE: z.string().optional(),
  MQTT_CLIENT_KEY_FILE: z.string().optional(),
  /** Of the two users with which the head-end tries whether the broker keeps gateways apart; and their listener, if it is another. */
  MQTT_PROBE_PASSWORD: z.string().min(12).optional(),
  MQTT_PROBE_URL: z.url({ protocol: /^mqtts?$/ }).optional(),
  /** Without a database or broker of one's own the product is a simulation on this machine. */
  SIMULATION: flag.optional(),
  SIMULATED_METERS: z.coerce.number().int().min(1).max(2_000).default(200),
  SIMULATED_DISTRICTS: z.coerce.number().int().min(1).max(500).default(1),
  SIMULATED_ARREARS_SHARE: z.coerce.number().min(0).max(1).default(0.08),
  SIMULATED_MONTHS: z.coerce.number().int().min(1).max(24).default(3),
  /** Share of simulated meters that speak DL/T 645 behind their concentrator. */
  SIMULATED_DLT645_SHARE: z.coerce.number().min(0).max(1).default(0),
  /** Speed of their serial line; 0: no time passes on it. */
  SIMULATED_LINE_BAUD: z.coerce.number().int().min(0).max(115_200).default(2_400),
  SIMULATED_RELAY_MS: z.coerce.number().int().min(0).max(60_000).default(20),
  SEED: z.coerce
    .number()
    .int()
    .min(0)
    .max(2 ** 32 - 1)
    .default(7),
  HEAD_END_KEY_FILE: z.string().optional(),
  /** The master secret of restore codes and DL/T 645 passwords; in simulation it is the world's own. */
  METER_SECRETS_FILE: z.string().optional(),
  /** Where the guard answers: unix:/path, http://127.0.0.1:port, or https://… of a guard behind TLS. */
  GUARD_URL: z
    .string()
    .refine(isGuardUrl, 'must be unix:/path, http:// on this machine (127.0.0.1), or https://')
    .optional(),
  GUARD_TOKEN: z.string().min(24).optional(),
  GUARD_KEY_FILE: z.string().optional(),
  GUARD_DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }).optional(),
  GUARD_BUDGET: z.string().optional(),
  AUDIT_KEY_FILE: z.string().optional(),
  AUDIT_CHECKPOINT_FILE: z.string().optional(),
  /** Events and states of meters are kept for so many whole months; unset: for ever. Readings always are. */
  METER_HISTORY_MONTHS: z.coerce.number().int().min(2).max(1_200).optional(),
  /** Directory into which weather reports are moved, one JSON object a line; unset: they come by the API alone. */
  WEATHER_DIR: z.string().optional(),
  /** Where messages to customers are posted (https://, or http:// on this machine); unset: files in DATA_DIR/outbox. */
  MESSAGE_WEBHOOK_URL: z.string().refine(isWebhookUrl, 'must be https://, or http:// on this machine').optional(),
  MESSAGE_WEBHOOK_SECRET: z.string().min(24).optional(),
  /** In simulation: phones answer by themselves. */
  SIMULATED_DELIVERY: flag.optional(),
  INSTANCE: z
    .string()
    .regex(/^[a-z0-9-]{1,32}$/)
    .default('relight-1'),
  OIDC_ISSUER: z.url().optional(),
  OIDC_AUDIENCE: z.string().optional(),
  OIDC_JWKS_URL: z.url().optional(),
  /** The rules a cut must keep: a preset's name, or a file of one's own. */
  POLICY: z.string().default('CHINA'),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('warn'),
  SWITCH_TIMINGS: z
    .string()
    .transform((text) => JSON.parse(text) as unknown)
    .pipe(z.record(z.string(), z.number().positive()))
    .optional(),
});

export interface Config extends z.infer<typeof environment> {
  readonly role: Role;
  readonly simulation: boolean;
  readonly story: boolean;
  readonly simulator: boolean;
}

/** Told to the user as it stands; the program ends with it. */
export class ConfigError extends Error {}

/**
 * Reads environment and arguments once, at the start.
 * @throws ConfigError naming every setting that is wrong, and what would be right
 */
export function readConfig(env: NodeJS.ProcessEnv, args: readonly string[]): Config {
  const parsed = environment.safeParse(Object.fromEntries(Object.entries(env).filter(([, value]) => value !== '')));
  if (!parsed.success) {
    throw new ConfigError(parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('\n'));
  }
  const { values } = parseArguments(args);
  const role = z.enum(ROLES).safeParse(values.role);
  if (!role.success) throw new ConfigError(`--role must be one of ${ROLES.join(', ')}`);
  const settings = parsed.data;
  const isGuard = role.data === 'guard';
  // A guard by itself does not guess: it goes by the real clock unless it is told otherwise.
  const simulation = settings.SIMULATION ?? (!isGuard && !(settings.DATABASE_URL && settings.MQTT_URL));
  if (settings.GUARD_URL && !settings.GUARD_URL.startsWith('unix:') && !settings.GUARD_TOKEN)
    throw new ConfigError(
      'GUARD_TOKEN: a guard on a port needs a secret of at least 24 characters that both sides know.',
    );
  if (settings.MESSAGE_WEBHOOK_URL && !settings.MESSAGE_WEBHOOK_SECRET)
    throw new ConfigError('MESSAGE_WEBHOOK_SECRET: messages are signed with a secret of at least 24 characters.');
  if (isGuard) requireForGuard(settings, simulation);
  else if (!simulation) requireOutsideSimulation(settings);
  if ((settings.MQTT_CLIENT_CERT_FILE === undefined) !== (settings.MQTT_CLIENT_KEY_FILE === undefined))
    throw new ConfigError('MQTT_CLIENT_CERT_FILE and MQTT_CLIENT_KEY_FILE belong together: set both or neither.');
  if (role.data !== 'all' && !isGuard && !settings.DATABASE_URL)
    throw new ConfigError('--role splits processes over one database: name it in DATABASE_URL.');
  return {
    ...settings,
    role: role.data,
    simulation,
    story: values.story !== false,
    simulator: values.simulator !== false,
  };
}

/** There is no default for anything that guards real customers. All that is missing is told at once. */
function requireOutsideSimulation(settings: z.infer<typeof environment>): void {
  const missing = [
    settings.DATABASE_URL ? '' : 'DATABASE_URL: outside simulation the data belongs in a database of your own.',
    settings.MQTT_URL ? '' : 'MQTT_URL: outside simulation meters need a broker of your own.',
    settings.MQTT_PASSWORD ? '' : 'MQTT_PASSWORD: there is no default secret outside simulation.',
    settings.MQTT_PROBE_PASSWORD
      ? ''
      : 'MQTT_PROBE_PASSWORD: with it the head-end tries whether the broker keeps gateways apart (docs/brokers.md).',
    ...[settings.MQTT_URL, settings.MQTT_PROBE_URL].map((url) =>
      url === undefined || isSafeBrokerUrl(url)
        ? ''
        : `${url}: passwords do not travel in the clear; use mqtts://, or mqtt:// on this machine (127.0.0.1).`,
    ),
    settings.OIDC_ISSUER && settings.OIDC_AUDIENCE
      ? ''
      : 'OIDC_ISSUER and OIDC_AUDIENCE: development tokens exist in simulation only.',
    settings.HEAD_END_KEY_FILE
      ? ''
      : 'HEAD_END_KEY_FILE: make a key with openssl genpkey -algorithm ed25519 -out head-end.pem',
    settings.GUARD_URL
      ? ''
      : 'GUARD_URL: without a guard of its own (--role=guard, deploy/README.md) there are no cuts.',
    settings.AUDIT_KEY_FILE ? '' : 'AUDIT_KEY_FILE: make a key with openssl genpkey -algorithm ed25519 -out audit.pem',
  ].filter((line) => line !== '');
  if (missing.length > 0) throw new ConfigError(`these settings are missing:\n  ${missing.join('\n  ')}`);
}

/** What a guard of its own must be given. */
function requireForGuard(settings: z.infer<typeof environment>, simulation: boolean): void {
  const missing = [
    settings.GUARD_DATABASE_URL ? '' : 'GUARD_DATABASE_URL: a role that may only read, from deploy/guard-role.sql.',
    simulation || settings.GUARD_KEY_FILE
      ? ''
      : 'GUARD_KEY_FILE: make a key with openssl genpkey -algorithm ed25519 -out guard.pem',
  ].filter((line) => line !== '');
  if (missing.length > 0) throw new ConfigError(`these settings are missing:\n  ${missing.join('\n  ')}`);
}

function parseArguments(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowNegative: true,
      options: { role: { type: 'string', default: 'all' }, story: { type: 'boolean' }, simulator: { type: 'boolean' } },
    });
  } catch (error) {
    throw new ConfigError(`${(error as Error).message}\nKnown: --role=${ROLES.join('|')}, --no-story, --no-simulator`);
  }
}
