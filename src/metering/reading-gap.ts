import { defineEntity, p, type InferEntity } from '@mikro-orm/core';

/** Still missing; read after all; or not to be had any more. */
export const READING_GAP_STATES = ['OPEN', 'FILLED', 'GIVEN_UP'] as const;
export type ReadingGapState = (typeof READING_GAP_STATES)[number];

/** A midnight of an installation whose register did not come by itself. */
export const ReadingGapEntity = defineEntity({
  name: 'ReadingGap',
  tableName: 'reading_gap',
  properties: {
    installationId: p.uuid().primary(),
    midnightAt: p.datetime().primary(),
    meterId: p.uuid(),
    /** The local day that begins then. */
    midnight: p.date(),
    state: p.string().$type<ReadingGapState>(),
    foundAt: p.datetime(),
    /** How often its meter was asked for it. */
    attempts: p.smallint(),
    askedWallAt: p.datetime().nullable(),
    askWallAt: p.datetime(),
    endedAt: p.datetime().nullable(),
  },
});
export type ReadingGap = InferEntity<typeof ReadingGapEntity>;
