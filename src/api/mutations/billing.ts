import { Arg, Ctx, Mutation, Resolver } from 'type-graphql';
import { correctReading } from '../../flows/correct-reading.js';
import { setSettlementCycle } from '../../flows/set-settlement-cycle.js';
import { startBillingRun } from '../../flows/start-billing-run.js';
import { UserError } from '../../platform/errors.js';
import { actorOf, type ApiContext } from '../context.js';
import { isGiven } from '../given.js';
import { numbered } from '../read/numbered.js';
import { attempt } from './attempt.js';
import {
  BillingRunPayload,
  CorrectReadingInput,
  CorrectReadingPayload,
  SetSettlementCycleInput,
  SetSettlementCyclePayload,
  StartBillingRunInput,
} from './billing-payloads.js';
import { checkKey, checkOptional, checkReason } from './checks.js';
import { INPUT } from './texts.js';

const EVIDENCE_CHARACTERS = 1_000;

/** Acts on billing and on what it rests on. */
@Resolver()
export class BillingMutations {
  @Mutation(() => BillingRunPayload, {
    description:
      'Starts a billing run over a district, or over the company when no district is named (发起核算). Answers at once; the jobs process works it off, and `billingRun` shows how far it is. What is billed already is passed over, so it is safe to start it again.',
  })
  startBillingRun(
    @Arg('input', () => StartBillingRunInput, INPUT) input: StartBillingRunInput,
    @Ctx() ctx: ApiContext,
  ): Promise<object> {
    return attempt(ctx.scope, async () => {
      const idempotencyKey = checkKey(input.idempotencyKey);
      const note = checkReason(input.reason);
      const { runId, replayed } = await startBillingRun(
        ctx.api.deps.flows,
        { districtId: await districtOf(ctx, input.districtCode), periodTo: input.periodTo, note, idempotencyKey },
        actorOf(ctx.viewer),
      );
      return { replayed, billingRun: await ctx.scope.find('BillingRun', runId) };
    });
  }

  @Mutation(() => CorrectReadingPayload, {
    description:
      'Corrects a reading that was wrong (错抄更正). The stored one stays and counts no more; the days it touched are derived anew, and bills computed from it are corrected: the difference is credited, or due anew with the full term.',
  })
  correctReading(
    @Arg('input', () => CorrectReadingInput, INPUT) input: CorrectReadingInput,
    @Ctx() ctx: ApiContext,
  ): Promise<object> {
    return attempt(ctx.scope, async () => {
      const idempotencyKey = checkKey(input.idempotencyKey);
      const reason = checkReason(input.reason);
      const evidence = checkOptional(input.evidence, 'evidence', EVIDENCE_CHARACTERS);
      if (!evidence)
        throw new UserError('EVIDENCE_MISSING', 'Say what proves the true value: a photo, a field report.', 'evidence');
      if (input.energyWh < 0) {
        throw new UserError(
          'READING_IMPLAUSIBLE',
          'A register is never below zero. Give it in watt-hours.',
          'energyWh',
        );
      }
      const meter = await numbered(ctx.scope, 'Meter', input.meterSerial);
      if (!meter)
        throw new UserError('METER_NOT_FOUND', 'There is no such meter. Look it up by its serial.', 'meterSerial');
      const { readAt } = input;
      const done = await correctReading(
        ctx.api.deps.flows,
        { meterId: meter.id, readAt, energyWh: BigInt(input.energyWh), reason, evidence, idempotencyKey },
        actorOf(ctx.viewer),
      );
      ctx.scope.renew();
      const { scope } = ctx;
      const found = <Row>(rows: readonly (Row | null)[]): Row[] => rows.filter((row): row is Row => row !== null);
      return {
        replayed: done.replayed,
        servicePoint: await scope.find('ServicePoint', done.servicePointId),
        correctionBills: found(await Promise.all(done.correctionBillIds.map((id) => scope.find('Bill', id)))),
        restoreCommands: found(await Promise.all(done.restoreCommandIds.map((id) => scope.find('SwitchCommand', id)))),
      };
    });
  }

  @Mutation(() => SetSettlementCyclePayload, {
    description:
      'Sets how many times a month an account is settled (设置每月结算次数): more than once for large customers whose use is unstable. Holds from the next settlement day on.',
  })
  setSettlementCycle(
    @Arg('input', () => SetSettlementCycleInput, INPUT) input: SetSettlementCycleInput,
    @Ctx() ctx: ApiContext,
  ): Promise<object> {
    return attempt(ctx.scope, async () => {
      const idempotencyKey = checkKey(input.idempotencyKey);
      const note = checkReason(input.reason);
      const account = await numbered(ctx.scope, 'Account', input.accountNumber);
      if (!account)
        throw new UserError(
          'ACCOUNT_NOT_FOUND',
          'There is no such account. Look it up by its number.',
          'accountNumber',
        );
      const { replayed } = await setSettlementCycle(
        ctx.api.deps.flows,
        { accountId: account.id, settlementsPerMonth: input.settlementsPerMonth, note, idempotencyKey },
        actorOf(ctx.viewer),
      );
      ctx.scope.renew();
      return { replayed, account: await ctx.scope.find('Account', account.id) };
    });
  }
}

/** The district a run is asked for; null for the company. @throws UserError DISTRICT_NOT_FOUND */
async function districtOf({ scope }: ApiContext, code: string | null | undefined): Promise<string | null> {
  if (!isGiven(code)) return null;
  const district = await numbered(scope, 'TransformerDistrict', code);
  if (district) return district.id;
  throw new UserError(
    'DISTRICT_NOT_FOUND',
    'There is no such transformer district. Look it up by its code.',
    'districtCode',
  );
}
