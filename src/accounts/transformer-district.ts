import { defineEntity, p, type InferEntity } from '@mikro-orm/core';

/** Transformer district (台区): the unit of reading, settlement and field work. The service phone belongs to it, not to a person. */
export const TransformerDistrictEntity = defineEntity({
  name: 'TransformerDistrict',
  tableName: 'transformer_district',
  properties: {
    id: p.uuid().primary(),
    code: p.string(),
    name: p.string(),
    servicePhone: p.string(),
    /** Calendar day of the monthly reading, 1–28. */
    readingDay: p.smallint(),
    /** Calendar day of the monthly settlement, 1–28. */
    settlementDay: p.smallint(),
    /** District manager (台区客服经理): owner of field work here. */
    manager: p.string().nullable(),
    /** Weather region (气象区) it lies in; null: its own code up to the last hyphen. */
    weatherRegion: p.string().nullable(),
  },
});
export type TransformerDistrict = InferEntity<typeof TransformerDistrictEntity>;
