import { Arg, Ctx, Field, InputType, Mutation, ObjectType, Resolver } from 'type-graphql';
import type { CutDryRun } from '../../dunning/dry-run.js';
import { startDryRun } from '../../flows/start-dry-run.js';
import { UserError } from '../../platform/errors.js';
import { actorOf, type ApiContext } from '../context.js';
import { isGiven } from '../given.js';
import { DateScalar } from '../graph/scalars.js';
import { CutDryRunType } from '../graph/types/dry-runs.js';
import { UserErrorType } from '../graph/types/operations.js';
import { attempt, type Answer } from './attempt.js';
import { checkKey, checkReason } from './checks.js';
import { reachableDistrict } from './reachable.js';
import { INPUT, KEY, REASON, REPLAYED, USER_ERRORS } from './texts.js';

@InputType('StartCutDryRunInput', { description: 'A dry run to be made (发起停电预演).' })
export class StartCutDryRunInput {
  @Field(() => String, KEY)
  idempotencyKey!: string;

  @Field(() => String, {
    nullable: true,
    description:
      'Code of the transformer district (台区编号); absent: the whole company, which district managers may not ask for.',
  })
  districtCode?: string | null;

  @Field(() => DateScalar, { description: 'Local day of the cuts (预演日期): today, or at most 14 days ahead.' })
  forDate!: string;

  @Field(() => String, REASON)
  reason!: string;
}

@ObjectType('CutDryRunPayload', { simpleResolvers: true, description: 'Answer to a dry run asked for (停电预演结果).' })
export class CutDryRunPayload {
  @Field(() => CutDryRunType, {
    nullable: true,
    description: 'The dry run as it is now (停电预演); null with user errors.',
  })
  cutDryRun!: CutDryRun | null;

  @Field(() => Boolean, REPLAYED)
  replayed!: boolean | null;

  @Field(() => [UserErrorType], USER_ERRORS)
  userErrors!: UserErrorType[];
}

@Resolver()
export class StartDryRun {
  @Mutation(() => CutDryRunPayload, {
    description:
      'Makes a dry run of the cuts of a day (停电预演). Answers at once; the jobs process works it off, and `node` shows how far it is. While one of the same scope and day is under way, that one is answered. Nobody is cut by it.',
  })
  startCutDryRun(
    @Arg('input', () => StartCutDryRunInput, INPUT) input: StartCutDryRunInput,
    @Ctx() ctx: ApiContext,
  ): Promise<Answer & { readonly cutDryRun?: CutDryRun | null }> {
    return attempt(ctx.scope, async () => {
      const idempotencyKey = checkKey(input.idempotencyKey);
      const note = checkReason(input.reason);
      const districtId = await districtOf(ctx, input.districtCode);
      const request = { districtId, forDate: input.forDate, note, idempotencyKey };
      const { dryRunId, replayed } = await startDryRun(ctx.api.deps.flows, request, actorOf(ctx.viewer));
      ctx.scope.renew();
      return { cutDryRun: await ctx.scope.find('CutDryRun', dryRunId), replayed };
    });
  }
}

/** The district asked for; null for the company. @throws UserError DISTRICT_NOT_FOUND, also for the company where it is not within reach */
async function districtOf(ctx: ApiContext, code: string | null | undefined): Promise<string | null> {
  if (isGiven(code)) return (await reachableDistrict(ctx, code)).id;
  if ((await ctx.scope.reach()).kind === 'ALL') return null;
  const text = 'Name one of your districts: a dry run of the whole company is for those who see all of it.';
  throw new UserError('DISTRICT_NOT_FOUND', text, 'districtCode');
}
