import { GraphQLInt } from 'graphql';
import { Field, ObjectType } from 'type-graphql';
import type { CutCheck, CutCheckCode } from '../../../dunning/cut-checks.js';
import type { DryRunCategory, DryRunOutcome } from '../../../dunning/dry-run-comparison-policy.js';
import type { CutDryRun, CutDryRunLine, CutDryRunState } from '../../../dunning/dry-run.js';
import {
  CutCheckCodeEnum,
  CutDryRunStateEnum,
  DryRunCategoryEnum,
  DryRunOriginEnum,
  DryRunOutcomeEnum,
  DryRunScopeEnum,
} from '../enums-cuts.js';
import { NodeType } from '../relay.js';
import { DateScalar, DateTimeScalar, SafeIntScalar } from '../scalars.js';
import { CutCheckType } from './switching.js';

@ObjectType('CutDryRun', {
  implements: NodeType,
  simpleResolvers: true,
  description:
    'A dry run of the cuts of a day (停电预演): everybody who owes something overdue, judged beforehand as a proposal would judge, with the reasons. Nobody is cut by it.',
})
export class CutDryRunType
  extends NodeType
  implements
    Pick<
      CutDryRun,
      | 'dryRunNumber'
      | 'origin'
      | 'scope'
      | 'forDate'
      | 'judgedFor'
      | 'state'
      | 'considered'
      | 'permitted'
      | 'requestedBy'
      | 'requestedAt'
      | 'reason'
      | 'startedAt'
      | 'endedAt'
      | 'failureText'
    >
{
  @Field(() => SafeIntScalar, { description: 'Number of the dry run (预演编号).' })
  dryRunNumber!: bigint;

  @Field(() => DryRunOriginEnum, { description: 'What it came from (来源).' })
  origin!: 'REQUEST' | 'NIGHTLY';

  @Field(() => DryRunScopeEnum, { description: 'What it covers (范围).' })
  scope!: 'DISTRICT' | 'COMPANY';

  @Field(() => DateScalar, { description: 'Local day of the cuts (预演日期).' })
  forDate!: string;

  @Field(() => DateTimeScalar, {
    description:
      'The instant of that day each account is judged for (判断时刻): the first at which some policy allows a cut.',
  })
  judgedFor!: Date;

  @Field(() => CutDryRunStateEnum, { description: 'Where it stands (状态).' })
  state!: CutDryRunState;

  @Field(() => GraphQLInt, { description: 'Service points that owe something overdue, judged so far (已判断数).' })
  considered!: number;

  @Field(() => GraphQLInt, { description: 'Of these: could be cut on that day (可停电数).' })
  permitted!: number;

  @Field(() => String, { description: 'Who asked: a token subject, or the schedule (发起人).' })
  requestedBy!: string;

  @Field(() => DateTimeScalar, { description: 'When it was asked for (发起时间).' })
  requestedAt!: Date;

  @Field(() => String, { description: 'Why (原因).' })
  reason!: string;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When it began (开始时间); null while it waits.' })
  startedAt!: Date | null;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When it ended (结束时间); null while it is open.' })
  endedAt!: Date | null;

  @Field(() => String, { nullable: true, description: 'Why it failed (失败原因).' })
  failureText!: string | null;
}

@ObjectType('CutDryRunLine', {
  simpleResolvers: true,
  description: 'What a dry run found about one service point (预演明细): may be cut on that day, or what blocks it.',
})
export class CutDryRunLineType implements Pick<
  CutDryRunLine,
  'permitted' | 'blocking' | 'reasons' | 'policyCode' | 'policyVersion'
> {
  @Field(() => Boolean, {
    description:
      'True when nothing that is known beforehand blocks the cut (可停电). Approval, last call, weather, open counters and the kill switch are asked about on the day.',
  })
  permitted!: boolean;

  @Field(() => [CutCheckCodeEnum], { description: 'The checks that block (阻止项代码).' })
  blocking!: CutCheckCode[];

  @Field(() => [CutCheckType], { description: 'The same with evidence and clause (阻止原因与依据).' })
  reasons!: CutCheck[];

  @Field(() => String, {
    nullable: true,
    description:
      'Code of the policy it was judged by (策略编号); null where none applies, and then nobody is cut for debt.',
  })
  policyCode!: string | null;

  @Field(() => GraphQLInt, { nullable: true, description: 'Version of that policy (策略版本).' })
  policyVersion!: number | null;
}

@ObjectType('CutDryRunBlockingCount', {
  simpleResolvers: true,
  description: 'How many service points a check blocks (按原因统计). One with two reasons is counted at both.',
})
export class BlockingCountType {
  @Field(() => CutCheckCodeEnum, { description: 'The check (校验项).' })
  code!: CutCheckCode;

  @Field(() => GraphQLInt, { description: 'Service points it blocks (户数).' })
  count!: number;

  @Field(() => GraphQLInt, { description: 'Of these: nothing else blocks (仅此原因的户数).' })
  alone!: number;
}

@ObjectType('CutDryRunComparisonCount', {
  simpleResolvers: true,
  description: 'Service points with the same verdict, counted (对比统计).',
})
export class DryRunComparisonCountType {
  @Field(() => DryRunCategoryEnum, { description: 'How it fits what was foreseen (对比结论).' })
  category!: DryRunCategory;

  @Field(() => Boolean, {
    nullable: true,
    description: 'What the dry run said (预演结论); null: it has no line of it.',
  })
  permitted!: boolean | null;

  @Field(() => DryRunOutcomeEnum, { description: 'What happened (实际结果).' })
  outcome!: DryRunOutcome;

  @Field(() => String, {
    nullable: true,
    description: 'Why it was not cut (未停电代码): end code or state of the command; null where there was none.',
  })
  code!: string | null;

  @Field(() => GraphQLInt, { description: 'How many service points (户数).' })
  count!: number;
}

@ObjectType('CutDryRunComparison', {
  simpleResolvers: true,
  description:
    'A dry run held against what happened on its day (预演对比), by what is on record now. Cuts that went out against a blocker come first: each must be explained.',
})
export class DryRunComparisonType {
  @Field(() => Boolean, { description: 'False while the day is not over: what is not cut may still be (当日已结束).' })
  dayOver!: boolean;

  @Field(() => [DryRunComparisonCountType], { description: 'How many of each (统计), what must never be first.' })
  counts!: readonly DryRunComparisonCountType[];
}

@ObjectType('CutDryRunComparisonLine', {
  simpleResolvers: true,
  description: 'What happened to one service point on the day, beside what was foreseen (对比明细).',
})
export class DryRunComparisonLineType {
  @Field(() => DryRunCategoryEnum, { description: 'How it fits what was foreseen (对比结论).' })
  category!: DryRunCategory;

  @Field(() => Boolean, {
    nullable: true,
    description: 'What the dry run said (预演结论); null: it has no line of it.',
  })
  permitted!: boolean | null;

  @Field(() => DryRunOutcomeEnum, { description: 'What happened (实际结果).' })
  outcome!: DryRunOutcome;

  @Field(() => String, {
    nullable: true,
    description: 'Why it was not cut (未停电代码): end code or state of the command; null where there was none.',
  })
  code!: string | null;
}
