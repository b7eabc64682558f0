// The product in a process of its own, so that a test can kill it and leave database, broker and meters alive. It is run by node itself
// (types are stripped, nothing is transpiled), so it takes the built product: npm run test:jest builds it first.
import type * as PoliciesModule from '../../src/dunning/policies-in-force.js';
import type * as PolicySchemaModule from '../../src/dunning/policy-schema.js';
import type { FlowContext } from '../../src/flows/context.js';
import type * as PaymentModule from '../../src/flows/receive-payment.js';
import type * as SchedulesModule from '../../src/flows/schedules.js';
import type * as GuardClientModule from '../../src/head-end/guard-client.js';
import type * as HeadEndModule from '../../src/head-end/head-end.js';
import type * as SigningModule from '../../src/head-end/signing.js';
import type * as ClockModule from '../../src/platform/clock.js';
import type * as DatabaseModule from '../../src/platform/database.js';
import type * as HolidaysModule from '../../src/platform/holidays.js';
import type * as LogModule from '../../src/platform/log.js';
import type * as NudgesModule from '../../src/platform/nudges.js';
import type * as SchedulerModule from '../../src/platform/schedules.js';
import type * as WorldModule from '../../src/simulation/world.js';
import type { PaymentRequest, ProcessSettings } from './relight-process-parent.js';

const product = async <Module>(path: string): Promise<Module> =>
  (await import(new URL(`../../dist/src/${path}.js`, import.meta.url).href)) as Module;

/** Composes what app.ts composes, without embedded parts and API. */
async function start(settings: ProcessSettings): Promise<FlowContext> {
  const { putPoliciesInForce } = await product<typeof PoliciesModule>('dunning/policies-in-force');
  const { dunningPolicySchema } = await product<typeof PolicySchemaModule>('dunning/policy-schema');
  const { chineseHolidays } = await product<typeof HolidaysModule>('platform/holidays');
  const { createLogger } = await product<typeof LogModule>('platform/log');
  const { Database } = await product<typeof DatabaseModule>('platform/database');
  const { Nudges } = await product<typeof NudgesModule>('platform/nudges');
  const { ProductClock } = await product<typeof ClockModule>('platform/clock');
  const { Scheduler } = await product<typeof SchedulerModule>('platform/schedules');
  const { SIMULATION_START } = await product<typeof WorldModule>('simulation/world');
  const { loadSigningKey } = await product<typeof SigningModule>('head-end/signing');
  const { startHeadEnd } = await product<typeof HeadEndModule>('head-end/head-end');
  const { schedulesOf } = await product<typeof SchedulesModule>('flows/schedules');
  const log = createLogger(process.env['TEST_LOG'] ?? 'fatal');
  const db = new Database(settings.databaseUrl, log);
  const nudges = new Nudges(settings.databaseUrl, log);
  await nudges.start();
  const clock = await ProductClock.open(db, SIMULATION_START);
  const { timings } = settings;
  const ctx: FlowContext = {
    db,
    clock,
    nudges,
    log,
    timeZone: 'Asia/Shanghai',
    holidays: chineseHolidays,
    policies: await putPoliciesInForce(
      db,
      settings.policies.map((document) => dunningPolicySchema.parse(document)),
      SIMULATION_START,
    ),
    timings,
  };
  const { GuardClient } = await product<typeof GuardClientModule>('head-end/guard-client');
  const guard = settings.guardUrl === undefined ? undefined : new GuardClient({ url: settings.guardUrl }, log);
  const headEnd = startHeadEnd(ctx, settings.broker, loadSigningKey(settings.keyFile, false), guard);
  await new Scheduler(db, clock, nudges, log, schedulesOf(ctx)).start();
  while (!headEnd.connected) await new Promise((resume) => setTimeout(resume, 5));
  return ctx;
}

const settings = JSON.parse(process.env['RELIGHT_PROCESS'] ?? '{}') as ProcessSettings;
const { receivePayment } = await product<typeof PaymentModule>('flows/receive-payment');
const ctx = await start(settings);
process.on('message', (request: PaymentRequest) => {
  receivePayment(ctx, request.input, { kind: 'PERSON', id: 'bank' }).then(
    ({ payment, replayed }) => process.send!({ number: request.number, paymentId: payment.id, replayed }),
    (error: Error) => process.send!({ number: request.number, failed: error.message }),
  );
});
process.on('disconnect', () => process.exit(0));
process.send!({ ready: true });
