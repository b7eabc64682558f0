import { randomUUID } from 'node:crypto';
import type { App, StartProgress } from './app.js';
import { guardDirOf } from './app-guard.js';
import { ConfigError } from './config.js';
import { statement } from './platform/database.js';

const color = process.stdout.isTTY && !process.env['NO_COLOR'];
const paint = (code: number) => (text: string) => (color ? `\u001b[${code}m${text}\u001b[0m` : text);
export const bold = paint(1);
export const dim = paint(2);
export const green = paint(32);
export const red = paint(31);
export const yellow = paint(33);

export const print = (text = ''): void => void process.stdout.write(`${text}\n`);

/** One line that changes while the start goes on; on something that is no terminal, a line per step. */
export class StartLine implements StartProgress {
  private readonly startedAtMs = performance.now();
  private last = '';

  step(text: string): void {
    if (text === this.last) return;
    const kind = text.replace(/\d+/g, '');
    const same = kind === this.last.replace(/\d+/g, '');
    this.last = text;
    if (process.stdout.isTTY) process.stdout.write(`\r\u001b[K${dim(this.elapsed())} ${text} …`);
    else if (!same) print(`${this.elapsed()} ${text} …`);
  }

  end(text: string): void {
    if (process.stdout.isTTY) process.stdout.write('\r\u001b[K');
    print(`${green('Relight')} ${text} ${dim(`after ${this.elapsed().trim()}`)}`);
  }

  private elapsed(): string {
    return `${((performance.now() - this.startedAtMs) / 1000).toFixed(1).padStart(5)} s`;
  }
}

const FIRST_DISTRICT = statement(
  'terminal-first-district',
  `SELECT code FROM transformer_district ORDER BY code LIMIT 1`,
);

const TOKEN_ROLES = ['HOTLINE', 'COUNTER', 'OPERATIONS', 'SUPERVISOR', 'BANK', 'TESTER', 'AUDITOR'] as const;

/** Where everything is, who one can be, and two requests to paste. */
export async function printAddresses(
  app: App,
  pids: { readonly simulator: number | undefined; readonly guard: number | undefined },
): Promise<void> {
  for (const remark of app.remarks) print(yellow(remark));
  print();
  if (app.api) {
    print(
      `  GraphQL    ${bold(`${app.api.url}/graphql`)}   (GraphiQL: ${app.api.url}/ , live: ${app.api.url.replace('http', 'ws')}/graphql)`,
    );
  }
  if (app.api) print(`  Contract   ${app.api.url}/contract   (what meters and head-end say to each other)`);
  if (app.mqttUrl)
    print(`  MQTT       ${app.mqttUrl}${app.embedded.broker ? '   (embedded broker, a login for each gateway)' : ''}`);
  print(
    `  Database   ${app.embedded.postgres ? `embedded PostgreSQL, data under ${app.config.DATA_DIR}` : 'yours (DATABASE_URL)'}`,
  );
  if (pids.guard)
    print(
      `  Guard      process ${pids.guard}: no cut without its signature; touch ${guardDirOf(app.config)}/STOP stops them`,
    );
  if (pids.simulator) print(`  Meters     simulated, process ${pids.simulator}   (npm run simulate -- --help)`);
  if (app.config.simulation)
    print(`  Clock      simulated: it is ${localTime(app.ctx.clock.now())} in ${app.ctx.timeZone}`);
  const issue = app.api?.issueToken;
  if (!issue) return;
  print();
  print(bold('  Development tokens (simulation only):'));
  const tokens = new Map<string, string>();
  for (const role of TOKEN_ROLES) tokens.set(role, await issue({ subject: `dev-${role.toLowerCase()}`, role }));
  const [district] = await app.ctx.db.rows<{ code: string }>(FIRST_DISTRICT);
  if (district) {
    const token = {
      subject: 'dev-district-manager',
      role: 'DISTRICT_MANAGER' as const,
      districtCodes: [district.code],
    };
    tokens.set('DISTRICT_MANAGER', await issue(token));
  }
  const [customer] = await firstAccounts(app);
  if (customer)
    tokens.set(
      'CUSTOMER',
      await issue({ subject: 'dev-customer', role: 'CUSTOMER', accountNumbers: [customer.accountNumber] }),
    );
  for (const [role, token] of tokens) print(`  ${role.padEnd(16)} ${dim(token)}`);
  if (customer) printRequests(app, customer, tokens);
}

function printRequests(
  app: App,
  customer: { accountNumber: string; servicePointNumber: string },
  tokens: ReadonlyMap<string, string>,
): void {
  const curl = (role: string, query: string) =>
    `  curl -s ${app.api!.url}/graphql -H 'content-type: application/json' -H 'authorization: Bearer ${tokens.get(role)}' \\\n    -d '${JSON.stringify({ query })}'`;
  print();
  print(bold('  Two requests to paste:'));
  print(dim('  # why is the power off, or on?'));
  print(
    curl(
      'HOTLINE',
      `{ whyIsPowerOff(accountNumber: "${customer.accountNumber}") { headline { en zh } dueSupply reportedSupply { state } amountToRestore { amount currency } } }`,
    ),
  );
  print(dim('  # a payment at the counter'));
  print(
    curl(
      'COUNTER',
      `mutation { recordPayment(input: { idempotencyKey: "pasted-${randomUUID()}", accountNumber: "${customer.accountNumber}", amount: { amount: "100.00", currency: "CNY" }, channel: COUNTER_CASH }) { replayed payment { id state } userErrors { code message } } }`,
    ),
  );
  print();
}

/** The first account in arrears, or the first there is. */
export async function firstAccounts(app: App): Promise<{ accountNumber: string; servicePointNumber: string }[]> {
  return (
    await app.ctx.db.pool.query<{ accountNumber: string; servicePointNumber: string }>(
      `SELECT a.account_number AS "accountNumber", sp.service_point_number AS "servicePointNumber"
       FROM account a JOIN service_point sp ON sp.account_id = a.id ORDER BY a.due_minor > 0 DESC, a.account_number LIMIT 1`,
    )
  ).rows;
}

const localTime = (instant: Date): string => instant.toLocaleString('sv-SE', { timeZone: 'Asia/Shanghai' });

/** Says in plain words why it did not start. */
export function printFailure(error: unknown): void {
  if (error instanceof ConfigError) {
    process.stderr.write(`\n${red('Relight cannot start:')} ${error.message}\n`);
    return;
  }
  const { message, stack } = error as Error;
  const detail = process.env['LOG_LEVEL'] === 'debug' ? `${dim(stack?.split('\n').slice(1).join('\n') ?? '')}\n` : '';
  process.stderr.write(
    `\n${red('Relight cannot start:')} ${message}\n${detail || dim('LOG_LEVEL=debug shows where.\n')}`,
  );
}
