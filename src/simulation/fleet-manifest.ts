import { createHash } from 'node:crypto';
import { statement } from '../platform/database.js';
import type { FlowContext } from '../flows/context.js';
import { simulatedGatewayPassword, simulatedMeterPublicKey } from './fleet-keys.js';
import { findWorld, registerOf } from './open-world.js';
import { drawWorld } from './world.js';

const GATEWAYS = statement(
  'fleet-gateways',
  `SELECT g.gateway_number AS gateway, lower(g.kind) AS kind, d.code AS district, g.password_sha256 AS "passwordSha256" FROM gateway g JOIN transformer_district d ON d.id = g.district_id ORDER BY 1`,
);
const METERS = statement(
  'fleet-meters',
  `SELECT m.serial, lower(m.codec) AS codec, lower(m.security_class) AS "securityClass", g.gateway_number AS gateway, m.public_key AS "publicKey", i.id AS installation, i.installed_at AS "installedAt",
          coalesce(m.reported_relay, 'CLOSED') AS relay, m.reported_sequence AS "lastSequence"
   FROM meter m JOIN gateway g ON g.id = m.gateway_id JOIN meter_installation i ON i.meter_id = m.id AND i.removed_at IS NULL ORDER BY m.serial`,
);

interface GatewayRow {
  readonly gateway: string;
  readonly kind: string;
  readonly district: string;
  readonly passwordSha256: Buffer;
}

interface MeterRow {
  readonly serial: string;
  readonly codec: string;
  readonly securityClass: string;
  readonly gateway: string;
  readonly publicKey: Buffer;
  readonly installation: string;
  readonly installedAt: Date;
  readonly relay: string;
  readonly lastSequence: bigint;
}

const isSimulatedGateway = (keySeed: string, { gateway, passwordSha256 }: GatewayRow): boolean =>
  createHash('sha256').update(simulatedGatewayPassword(keySeed, gateway)).digest().equals(passwordSha256);

const isSimulatedMeter = (keySeed: string, { serial, publicKey }: MeterRow): boolean =>
  simulatedMeterPublicKey(keySeed, serial).equals(publicKey);

/**
 * The manifest from which a simulator builds the meters of this world (schema/fleet.schema.json). It carries the seed of their keys: for
 * testers only. What somebody else has connected (docs/connect-your-own-meter.md) has secrets that do not follow from the seed, and is left to them.
 * @throws Error when this database holds no simulated world
 */
export async function fleetManifest(
  ctx: FlowContext,
  downlinkKeys: readonly { readonly kid: string; readonly role: 'head-end' | 'guard'; readonly x: string }[],
): Promise<object> {
  const world = await findWorld(ctx);
  if (!world) throw new Error('This database holds no simulated world. Start once with SIMULATION=1.');
  const premises = new Map(
    drawWorld(world.plan).flatMap(({ premises: all }) => all.map((premise) => [premise.serial, premise])),
  );
  const timezone = ctx.timeZone;
  const gateways = (await ctx.db.rows<GatewayRow>(GATEWAYS)).filter((row) => isSimulatedGateway(world.keySeed, row));
  const numbers = new Set(gateways.map(({ gateway }) => gateway));
  const meters = (await ctx.db.rows<MeterRow>(METERS)).filter(
    (row) => numbers.has(row.gateway) && (premises.has(row.serial) || isSimulatedMeter(world.keySeed, row)),
  );
  const { lineBaud } = world.plan;
  return {
    version: 1,
    keySeed: world.keySeed,
    timezone,
    downlinkKeys,
    gateways: gateways.map(({ gateway, kind, district }) => ({
      gateway,
      kind,
      district,
      ...(lineBaud === undefined ? {} : { lineBaud }),
    })),
    meters: meters.map(({ serial, codec, securityClass, gateway, installation, installedAt, relay, lastSequence }) => {
      const annualEnergyWh = premises.get(serial)?.annualEnergyWh ?? 0;
      return {
        meter: serial,
        gateway,
        installation,
        load: 'household',
        annualEnergyWh,
        registerWh: Number(registerOf(annualEnergyWh, installedAt, world.startsAt, timezone)),
        registerAt: world.startsAt.toISOString(),
        relay: relay.toLowerCase(),
        lastSequence: Number(lastSequence),
        // What is left out is JSON; a manifest without such meters reads as it always did.
        ...(codec === 'dlt645' ? { codec, securityClass } : {}),
      };
    }),
  };
}
