import { GraphQLInt } from 'graphql';
import { Field, ObjectType } from 'type-graphql';
import type { AuditChainState, AuditCheckpointState } from '../../read/audit-chain.js';
import { DateTimeScalar, SafeIntScalar } from '../scalars.js';

@ObjectType('AuditCheckpoint', {
  simpleResolvers: true,
  description:
    'A signed statement about the audit chain (审计签名点): up to this batch it held so many entries and had this hash. The same is a line of the checkpoint file outside the database.',
})
export class AuditCheckpointType implements AuditCheckpointState {
  @Field(() => SafeIntScalar, { description: 'Number of the checkpoint, rising without gaps (编号).' })
  checkpoint!: bigint;

  @Field(() => SafeIntScalar, { description: 'Number of the batch it speaks of (批次).' })
  batch!: bigint;

  @Field(() => String, {
    description: 'Hash of that batch, and through the chain of all before it, hexadecimal SHA-256 (批次哈希).',
  })
  hash!: string;

  @Field(() => SafeIntScalar, { description: 'Entries in the chain up to and with that batch (记录数).' })
  entries!: bigint;

  @Field(() => DateTimeScalar, { description: 'When it was signed, product time (签名时间).' })
  at!: Date;

  @Field(() => DateTimeScalar, { description: 'When it was signed, wall clock (签名时间, 实际时钟).' })
  wallAt!: Date;

  @Field(() => String, { description: 'Name of the key that signed (密钥标识).' })
  kid!: string;
}

@ObjectType('AuditChain', {
  simpleResolvers: true,
  description:
    'How far the audit is sealed (审计封存). Entries are sealed in batches some seconds after they were written; whether they still are what was sealed is said by the verifier (docs/audit.md), not here.',
})
export class AuditChainType implements AuditChainState {
  @Field(() => SafeIntScalar, {
    description: 'Position of the last sealed entry, which is how many are sealed (已封存记录数).',
  })
  sealedEntries!: bigint;

  @Field(() => SafeIntScalar, {
    nullable: true,
    description: 'Number of the last batch (最后批次); null when nothing is sealed.',
  })
  batch!: bigint | null;

  @Field(() => String, { nullable: true, description: 'Its hash, hexadecimal SHA-256 (最后批次哈希).' })
  batchHash!: string | null;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When it was sealed, product time (封存时间).' })
  sealedAt!: Date | null;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When it was sealed, wall clock (封存时间, 实际时钟).' })
  sealedWallAt!: Date | null;

  @Field(() => GraphQLInt, {
    description:
      'Entries that wait for their seal (待封存记录数), counted up to 100,000. Normally those of the last seconds.',
  })
  unsealedEntries!: number;

  @Field(() => AuditCheckpointType, { nullable: true, description: 'The last signed checkpoint (最后签名点).' })
  lastCheckpoint!: AuditCheckpointType | null;
}
