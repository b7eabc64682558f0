import { Arg, Ctx, Field, FieldResolver, InputType, Mutation, ObjectType, Resolver, Root } from 'type-graphql';
import type { ServicePoint } from '../../accounts/account.js';
import { issueRestoreCode } from '../../flows/issue-restore-code.js';
import { reportPowerBack, type PowerBackMeans } from '../../flows/report-power-back.js';
import type { RestoreCode } from '../../switching/restore-code.js';
import { actorOf, type ApiContext } from '../context.js';
import { PowerBackMeansEnum } from '../graph/enums-restore.js';
import { UserErrorType } from '../graph/types/operations.js';
import { RestoreCodeType } from '../graph/types/restore-means.js';
import { ServicePointType } from '../graph/types/accounts.js';
import { attempt, type Answer } from './attempt.js';
import { checkEvidence, checkKey, checkReason } from './checks.js';
import { reachableServicePoint } from './reachable.js';
import { INPUT, KEY, REASON, REPLAYED, USER_ERRORS } from './texts.js';

@InputType('IssueRestoreCodeInput', { description: 'A restore code asked for (复电码申请).' })
export class IssueRestoreCodeInput {
  @Field(() => String, KEY)
  idempotencyKey!: string;

  @Field(() => String, { description: 'Number of the service point (用电点编号).' })
  servicePointNumber!: string;

  @Field(() => String, REASON)
  reason!: string;
}

@InputType('ReportPowerBackInput', { description: 'Power was seen to be back (现场复电报告).' })
export class ReportPowerBackInput {
  @Field(() => String, KEY)
  idempotencyKey!: string;

  @Field(() => String, { description: 'Number of the service point (用电点编号).' })
  servicePointNumber!: string;

  @Field(() => PowerBackMeansEnum, { description: 'By what it came back (方式).' })
  means!: PowerBackMeans;

  @Field(() => String, { description: 'What was seen, by whom (依据).' })
  evidence!: string;

  @Field(() => String, REASON)
  reason!: string;
}

type CodeAnswer = Answer & {
  readonly restoreCodeId?: string;
  readonly commandId?: string;
  readonly code?: string | null;
  readonly replayed?: boolean;
};

@ObjectType('IssueRestoreCodePayload', {
  simpleResolvers: true,
  description: 'Answer to `issueRestoreCode` (复电码结果).',
})
export class IssueRestoreCodePayload {
  @Field(() => String, {
    nullable: true,
    description:
      'The digits, in groups of four (复电码). Shown this once; null for a repeat of the request. Read them out only to whoever you know to be the customer.',
  })
  code!: string | null;

  @Field(() => Boolean, REPLAYED)
  replayed!: boolean | null;

  @Field(() => [UserErrorType], USER_ERRORS)
  userErrors!: UserErrorType[];
}

@Resolver(() => IssueRestoreCodePayload)
export class IssueRestoreCodePayloadFields {
  @FieldResolver(() => RestoreCodeType, {
    nullable: true,
    description: 'The code on record, without its digits (复电码记录); null when there are user errors.',
  })
  restoreCode(@Root() answer: CodeAnswer, @Ctx() { scope }: ApiContext): Promise<RestoreCode | null> {
    return scope.find('RestoreCode', answer.restoreCodeId);
  }
}

type PowerBackAnswer = Answer & { readonly servicePointId?: string; readonly replayed?: boolean };

@ObjectType('ReportPowerBackPayload', {
  simpleResolvers: true,
  description: 'Answer to `reportPowerBack` (现场复电报告结果).',
})
export class ReportPowerBackPayload {
  @Field(() => Boolean, REPLAYED)
  replayed!: boolean | null;

  @Field(() => [UserErrorType], USER_ERRORS)
  userErrors!: UserErrorType[];
}

@Resolver(() => ReportPowerBackPayload)
export class ReportPowerBackPayloadFields {
  @FieldResolver(() => ServicePointType, {
    nullable: true,
    description: 'The service point (用电点); null when there are user errors.',
  })
  servicePoint(@Root() answer: PowerBackAnswer, @Ctx() { scope }: ApiContext): Promise<ServicePoint | null> {
    return scope.find('ServicePoint', answer.servicePointId);
  }
}

/** Where the flows' field names differ from the input's. */
const FIELDS = { servicePointId: 'servicePointNumber' };

@Resolver()
export class RestoreMeans {
  @Mutation(() => IssueRestoreCodePayload, {
    description:
      'Issues the one-time restore code of a meter out of reach (签发复电码), where power is due and only there. The customer gets it by message too; a former code is void.',
  })
  issueRestoreCode(
    @Arg('input', () => IssueRestoreCodeInput, INPUT) input: IssueRestoreCodeInput,
    @Ctx() ctx: ApiContext,
  ): Promise<CodeAnswer> {
    return attempt(
      ctx.scope,
      async () => {
        const idempotencyKey = checkKey(input.idempotencyKey);
        const note = checkReason(input.reason);
        const { id: servicePointId } = await reachableServicePoint(ctx, input.servicePointNumber);
        return issueRestoreCode(ctx.api.deps.flows, { servicePointId, note, idempotencyKey }, actorOf(ctx.viewer));
      },
      FIELDS,
    );
  }

  @Mutation(() => ReportPowerBackPayload, {
    description:
      'Reports that power is back at a meter that does not say so itself (现场复电报告): it ends an open restore as field work done, and is no proof of the meter.',
  })
  reportPowerBack(
    @Arg('input', () => ReportPowerBackInput, INPUT) input: ReportPowerBackInput,
    @Ctx() ctx: ApiContext,
  ): Promise<PowerBackAnswer> {
    return attempt(
      ctx.scope,
      async () => {
        const idempotencyKey = checkKey(input.idempotencyKey);
        const note = checkReason(input.reason);
        const evidence = checkEvidence(input.evidence);
        const { id: servicePointId } = await reachableServicePoint(ctx, input.servicePointNumber);
        const report = { servicePointId, means: input.means, evidence, note, idempotencyKey };
        return reportPowerBack(ctx.api.deps.flows, report, actorOf(ctx.viewer));
      },
      FIELDS,
    );
  }
}
