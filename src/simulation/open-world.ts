import { randomBytes, createHash } from 'node:crypto';
import { insertConnections, type NewConnection } from '../accounts/connections.js';
import type { FlowContext } from '../flows/context.js';
import { systemActor } from '../flows/context.js';
import { recordReadings } from '../flows/record-readings.js';
import { insertInstallations, insertMeters } from '../metering/installations.js';
import { expectedEnergyWh } from '../metering/load-shape.js';
import type { ReadingReport } from '../metering/readings.js';
import { statement, type Tx } from '../platform/database.js';
import { newId } from '../platform/ids.js';
import { addDays, addMonths, localDate, startOfLocalDay } from '../platform/local-date.js';
import { simulatedGatewayPassword, simulatedGatewayPublicKey, simulatedMeterPublicKey } from './fleet-keys.js';
import { drawStanding, placeStanding, type PlacedPremise } from './place-standing.js';
import { openPaymentChannels } from './open-channels.js';
import { playHistory, type PlacedDistrict } from './play-history.js';
import { drawWorld, type SimulatedDistrict, type SimulatedPremise, type WorldPlan } from './world.js';

const ACTOR = systemActor('open-world');
const TARIFF = 'SHANDONG-RESIDENTIAL';
/** Daily freezes on record before the world starts: a week of daily usage to look at. */
const FREEZE_DAYS = 7;

/** The stored world. */
export interface StoredWorld {
  readonly plan: WorldPlan;
  readonly keySeed: string;
  readonly startsAt: Date;
  readonly complete: boolean;
}

const SELECT_WORLD = statement(
  'world-select',
  `SELECT plan, key_seed AS "keySeed", starts_at AS "startsAt", complete FROM simulated_world`,
);
const INSERT_WORLD = statement(
  'world-insert',
  `INSERT INTO simulated_world (plan, key_seed, starts_at) VALUES ($1, $2, $3)`,
);
const COMPLETE_WORLD = statement('world-complete', `UPDATE simulated_world SET complete = true`);
const PARTITIONS = statement('world-partitions', `SELECT ensure_telemetry_partitions($1::date, $2::date)`);
const INSERT_DISTRICT = statement(
  'world-district',
  `WITH d AS (
     INSERT INTO transformer_district (id, code, name, service_phone, reading_day, settlement_day, manager) VALUES ($1, $2, $3, '0531-95598', $4, $5, $6))
   INSERT INTO gateway (id, gateway_number, kind, district_id, password_sha256, public_key) VALUES ($7, $8, 'CONCENTRATOR', $1, $9, $10)`,
);

/** Reads the stored world, if there is one. */
export async function findWorld(ctx: Pick<FlowContext, 'db'>): Promise<StoredWorld | undefined> {
  return (await ctx.db.rows<StoredWorld>(SELECT_WORLD))[0];
}

/**
 * Opens a simulated world in an empty database: districts, customers, meters, a history of readings, bills and payments, some
 * customers in arrears. Every fact goes through the same rooms and flows as a real one, under a clock set to its day. A world whose
 * opening was cut short is refused, since half a history would mislead.
 *
 * @param progress called with the share done, 0 to 1
 * @throws Error when an earlier opening did not finish
 */
export async function openWorld(
  ctx: FlowContext,
  plan: WorldPlan,
  startsAt: Date,
  progress: (share: number) => void,
): Promise<StoredWorld> {
  const stored = await findWorld(ctx);
  if (stored && !stored.complete) {
    throw new Error(
      'The simulated world in this database was not finished (the first start was interrupted). Remove the data directory, or empty the database, and start again.',
    );
  }
  if (stored) return stored;
  const keySeed = randomBytes(18).toString('base64url');
  await ctx.db.rows(INSERT_WORLD, [JSON.stringify(plan), keySeed, startsAt]);
  const zone = ctx.timeZone;
  const today = localDate(startsAt, zone);
  const firstDay = addMonths(`${today.slice(0, 7)}-01`, -plan.months);
  await ctx.db.rows(PARTITIONS, [firstDay, addMonths(today, 3)]);
  const districts = drawWorld(plan);
  let done = 0;
  const placed: PlacedDistrict[] = [];
  // Two halves of the work: what stands there, and what happened there month by month.
  const steps = districts.length + plan.months * districts.length;
  const step = () => progress((done += 1) / steps);
  for (const district of districts) {
    const districtId = await placeDistrict(ctx, district, { plan, keySeed, firstDay, startsAt });
    await openPaymentChannels(ctx, { id: districtId, code: district.code, name: district.name }, ACTOR);
    placed.push({ ...district, districtId });
    step();
  }
  await playHistory(ctx, placed, firstDay, plan, step);
  await ctx.db.rows(COMPLETE_WORLD);
  return { plan, keySeed, startsAt, complete: true };
}

/** Puts one district with its premises, meters and readings on record, in one transaction. */
async function placeDistrict(
  ctx: FlowContext,
  district: SimulatedDistrict,
  world: {
    readonly plan: WorldPlan;
    readonly keySeed: string;
    readonly firstDay: string;
    readonly startsAt: Date;
  },
): Promise<string> {
  const { plan, keySeed, firstDay, startsAt } = world;
  const zone = ctx.timeZone;
  const installedAt = startOfLocalDay(firstDay, zone);
  const districtId = newId();
  const gatewayId = newId();
  const passwordHash = createHash('sha256').update(simulatedGatewayPassword(keySeed, district.gatewayNumber)).digest();
  const premises = district.premises.map((premise) => ({
    ...premise,
    customerId: newId(),
    accountId: newId(),
    servicePointId: newId(),
    meterId: newId(),
    mobileContactId: newId(),
    addressContactId: newId(),
    askedOn: drawStanding(plan, premise).asked ? firstDay : null,
  }));
  await ctx.db.transaction('open-world', async (tx) => {
    await tx.rows(INSERT_DISTRICT, [
      districtId,
      district.code,
      district.name,
      district.readingDay,
      district.settlementDay,
      district.manager,
      gatewayId,
      district.gatewayNumber,
      passwordHash,
      simulatedGatewayPublicKey(keySeed, district.gatewayNumber),
    ]);
    await insertConnections(
      tx,
      premises.map((premise) => connectionOf(premise, districtId)),
      installedAt,
      ACTOR,
    );
    await placeMeters(tx, premises, { gatewayId, keySeed, installedAt });
    await recordReadings(
      ctx,
      tx,
      premises.flatMap((premise) => historyOf(premise, installedAt, startsAt, zone)),
      startsAt,
    );
    await placeStanding(ctx, tx, premises, { plan, startsAt, manager: district.manager });
  });
  return districtId;
}

/** Puts the meters of a district on record, each in its place since the first day, its register at zero. */
async function placeMeters(
  tx: Tx,
  premises: readonly (SimulatedPremise & { readonly meterId: string; readonly servicePointId: string })[],
  {
    gatewayId,
    keySeed,
    installedAt,
  }: { readonly gatewayId: string; readonly keySeed: string; readonly installedAt: Date },
): Promise<void> {
  await insertMeters(
    tx,
    premises.map(({ meterId, serial, armRestore, codec, securityClass }) => ({
      id: meterId,
      serial,
      gatewayId,
      codec,
      securityClass,
      reconnectMode: armRestore ? ('ARM' as const) : ('DIRECT' as const),
      publicKeyHex: simulatedMeterPublicKey(keySeed, serial).toString('hex'),
    })),
  );
  await insertInstallations(
    tx,
    premises.map(({ meterId, servicePointId }) => ({
      id: newId(),
      meterId,
      servicePointId,
      installedAt,
      installedWh: 0n,
    })),
    installedAt,
    ACTOR,
  );
}

const connectionOf = (
  premise: SimulatedPremise &
    PlacedPremise &
    Pick<NewConnection, 'customerId' | 'servicePointId'> & { readonly askedOn: string | null },
  districtId: string,
): NewConnection => ({
  ...premise,
  customerClass: 'RESIDENTIAL',
  idDocument: null,
  protectionAskedOn: premise.askedOn,
  districtId,
  currency: 'CNY',
  tariffCode: TARIFF,
  paymentMode: 'POSTPAID',
  contacts: [
    { id: premise.mobileContactId, kind: 'MOBILE', value: premise.mobile },
    { id: premise.addressContactId, kind: 'ADDRESS', value: premise.address },
  ],
  protections: premise.loneElderly ? [{ id: newId(), kind: 'LONE_ELDERLY', proof: '社区证明', validUntil: null }] : [],
});

/** Midnight readings on every first of the month, and on each of the last days. */
function historyOf(
  { meterId, annualEnergyWh, codec }: SimulatedPremise & { readonly meterId: string },
  installedAt: Date,
  startsAt: Date,
  zone: string,
): ReadingReport[] {
  const today = localDate(startsAt, zone);
  const days = new Set(Array.from({ length: FREEZE_DAYS }, (_, back) => addDays(today, -back)));
  for (let day = `${today.slice(0, 7)}-01`; startOfLocalDay(day, zone) >= installedAt; day = addMonths(day, -1))
    days.add(day);
  return [...days]
    .map((day) => startOfLocalDay(day, zone))
    .filter((readAt) => readAt >= installedAt)
    .map((readAt) => ({
      meterId,
      readAt,
      energyWh: asTold(codec, registerOf(annualEnergyWh, installedAt, readAt, zone)),
      quality: 'ACTUAL',
      cause: 'FREEZE',
    }));
}

/** A DL/T 645 meter tells its register in 0.01 kWh. */
const DLT645_STEP_WH = 10n;
const asTold = (codec: 'JSON' | 'DLT645', energyWh: bigint): bigint =>
  codec === 'DLT645' ? energyWh - (energyWh % DLT645_STEP_WH) : energyWh;

/** The register of a simulated meter that was installed at zero and has been on ever since, Wh. */
export const registerOf = (annualEnergyWh: number, installedAt: Date, at: Date, timeZone: string): bigint =>
  expectedEnergyWh({ kind: 'household', annualEnergyWh: BigInt(annualEnergyWh), timeZone, from: installedAt, to: at });
