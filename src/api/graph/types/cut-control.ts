import { GraphQLInt } from 'graphql';
import { Field, ObjectType } from 'type-graphql';
import type { CutApproval, CutBatch, CutBatchState } from '../../../dunning/cut-batch.js';
import type { CutThresholdChange } from '../../../switching/threshold-change.js';
import type { ThresholdKind } from '../../../switching/threshold-policy.js';
import { CutBatchStateEnum, CutThresholdKindEnum } from '../enums-cuts.js';
import { RoleEnum } from '../enums.js';
import { NodeType } from '../relay.js';
import { DateScalar, DateTimeScalar, SafeIntScalar } from '../scalars.js';

@ObjectType('CutBatch', {
  implements: NodeType,
  simpleResolvers: true,
  description:
    'Cuts of one district for one day (停电批次), approved together and released in growing steps: 10, 50, 250. Stops by itself at the first sign of a wrongful cut.',
})
export class CutBatchType
  extends NodeType
  implements
    Pick<
      CutBatch,
      | 'batchNumber'
      | 'plannedFor'
      | 'state'
      | 'owner'
      | 'proposedBy'
      | 'proposedAt'
      | 'reason'
      | 'size'
      | 'rampStep'
      | 'endedAt'
      | 'endingCode'
      | 'endingText'
    >
{
  @Field(() => SafeIntScalar, { description: 'Number of the batch (批次号).' })
  batchNumber!: bigint;

  @Field(() => DateScalar, { description: 'Local day on which it is to be carried out (计划日期).' })
  plannedFor!: string;

  @Field(() => CutBatchStateEnum, { description: 'Where it stands (状态).' })
  state!: CutBatchState;

  @Field(() => String, { description: 'The named person who follows every customer of it up (责任人).' })
  owner!: string;

  @Field(() => String, { description: 'Who proposed it: a token subject, or a flow of the system (提出人).' })
  proposedBy!: string;

  @Field(() => DateTimeScalar, { description: 'When it was proposed (提出时间).' })
  proposedAt!: Date;

  @Field(() => String, { description: 'Why (原因).' })
  reason!: string;

  @Field(() => GraphQLInt, { description: 'Cuts proposed in it (户数).' })
  size!: number;

  @Field(() => GraphQLInt, { description: 'Steps of the ramp released so far (已放行级数).' })
  rampStep!: number;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When it ended (结束时间); null while it is open.' })
  endedAt!: Date | null;

  @Field(() => String, { nullable: true, description: 'How it ended, as a code (结束代码).' })
  endingCode!: string | null;

  @Field(() => String, { nullable: true, description: 'How it ended, in words (结束说明).' })
  endingText!: string | null;
}

@ObjectType('CutApproval', {
  simpleResolvers: true,
  description: 'Somebody’s approval of a cut or of a batch (审批记录). Never changed, never given twice by one person.',
})
export class CutApprovalType implements Pick<CutApproval, 'approvedBy' | 'approvedAt' | 'note'> {
  @Field(() => String, { description: 'Who (审批人).' })
  approvedBy!: string;

  @Field(() => RoleEnum, { description: 'In which role (角色).' })
  role!: 'DISTRICT_MANAGER' | 'OPERATIONS' | 'SUPERVISOR';

  @Field(() => DateTimeScalar, { description: 'When (时间).' })
  approvedAt!: Date;

  @Field(() => String, { description: 'Why (理由).' })
  note!: string;
}

@ObjectType('CutThresholdChange', {
  implements: NodeType,
  simpleResolvers: true,
  description: 'Another value of a threshold (阈值调整). Lower: at once; higher: two people and 24 hours.',
})
export class CutThresholdChangeType
  extends NodeType
  implements Omit<CutThresholdChange, 'id' | 'approvedAt' | 'withdrawnAt'>
{
  @Field(() => CutThresholdKindEnum, { description: 'Which threshold (阈值).' })
  kind!: ThresholdKind;

  @Field(() => SafeIntScalar, { description: 'The value asked for (新值).' })
  value!: bigint;

  @Field(() => Boolean, { description: 'True: it raises the threshold (是否调高).' })
  raises!: boolean;

  @Field(() => String, { description: 'Who asked (申请人).' })
  requestedBy!: string;

  @Field(() => DateTimeScalar, { description: 'When (申请时间).' })
  requestedAt!: Date;

  @Field(() => String, { description: 'Why (理由).' })
  reason!: string;

  @Field(() => String, { nullable: true, description: 'The second person (审批人); null while it waits for one.' })
  approvedBy!: string | null;

  @Field(() => DateTimeScalar, { nullable: true, description: 'From when it holds (生效时间); null while it waits.' })
  effectiveFrom!: Date | null;

  @Field(() => String, { nullable: true, description: 'Who withdrew it (撤回人).' })
  withdrawnBy!: string | null;
}

@ObjectType('CutThreshold', {
  simpleResolvers: true,
  description: 'A bound on cuts (停电阈值). Over it a cut goes into quarantine; restores are never counted.',
})
export class CutThresholdType {
  @Field(() => CutThresholdKindEnum, { description: 'Which (阈值).' })
  kind!: ThresholdKind;

  @Field(() => SafeIntScalar, { description: 'The value in force now (现值).' })
  value!: bigint;

  @Field(() => String, { description: 'What the value counts (单位).' })
  unit!: string;

  @Field(() => String, { description: 'Why there is such a bound (理由).' })
  reason!: string;
}
