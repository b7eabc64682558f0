import { INSIDE, JUDGING, READERS, type Grants } from './role-groups.js';

/** Rows of the permission table for gateways and meters; permissions.ts puts them into the one table. */
export const METERING_TYPES: Readonly<Record<string, Grants>> = {
  ClearRefusedCredentialsPayload: [[['SUPERVISOR'], 'meter replayed restoreCommands userErrors']],
  DownlinkKey: [[INSIDE, 'kid publicKey role']],
  Gateway: [[INSIDE, 'id district gatewayNumber kind offlineCause presence presenceSince']],
  GatewayPayload: [[['OPERATIONS'], 'gateway password replayed userErrors']],
  Meter: [
    [READERS, 'id clockOffsetMs events installations presence reconnectMode reportedSupply serial servicePoint'],
    [READERS, 'lastGaspAt protectionReported silentSince'],
    [JUDGING, 'protectionDue protectionOrder'],
    [INSIDE, 'credentialsRefusedAt gateway readingGaps sequence states'],
  ],
  MeterEvent: [[READERS, 'detail event eventAt receivedAt']],
  MeterInstallation: [
    [READERS, 'id installedAt installedEnergyWh meter removedAt removedEnergyWh servicePoint'],
    [INSIDE, 'uuid'],
  ],
  MeterInstallationPayload: [[['OPERATIONS'], 'installation replayed restoreCommands userErrors']],
  MeterState: [
    [INSIDE, 'armed kind lastSequence loadVoltageMv meterAt powerW protected receivedAt relayClosed supplyVoltageMv'],
  ],
  MeterPayload: [[['OPERATIONS'], 'meter replayed userErrors']],
  ReadingGap: [[INSIDE, 'attempts endedAt foundAt midnight midnightAt state']],
  ReadingGapCounts: [[INSIDE, 'filled givenUp open']],
};
