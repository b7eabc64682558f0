import { GraphQLInt } from 'graphql';
import { Arg, Ctx, Field, InputType, Mutation, ObjectType, Resolver } from 'type-graphql';
import type { TransformerDistrict } from '../../accounts/transformer-district.js';
import {
  weatherReportSchema,
  type WeatherAlertKind,
  type WeatherReport,
  type WeatherReportKind,
} from '../../dunning/weather.js';
import { recordWeatherReports, type WeatherRecorded } from '../../flows/record-weather.js';
import { setWeatherRegion } from '../../flows/set-weather-region.js';
import { UserError } from '../../platform/errors.js';
import { actorOf, type ApiContext } from '../context.js';
import { isGiven } from '../given.js';
import { WeatherAlertKindEnum, WeatherReportKindEnum } from '../graph/enums.js';
import { DateScalar, DateTimeScalar } from '../graph/scalars.js';
import { TransformerDistrictType } from '../graph/types/accounts.js';
import { UserErrorType } from '../graph/types/operations.js';
import { attempt, type Answer } from './attempt.js';
import { checkKey, checkReason } from './checks.js';
import { reachableDistrict } from './reachable.js';
import { INPUT, KEY, REASON, REPLAYED, USER_ERRORS } from './texts.js';

@InputType('WeatherReportInput', {
  description: 'What a weather service said (气象信息). Each kind has its own fields; others must be left out.',
})
export class WeatherReportInput {
  @Field(() => WeatherReportKindEnum, { description: 'What it tells (类型).' })
  kind!: WeatherReportKind;

  @Field(() => String, { description: 'Code of the weather region (气象区).' })
  region!: string;

  @Field(() => DateTimeScalar, {
    description: 'When the service said it (发布时间). All periods of one forecast carry the same.',
  })
  issuedAt!: Date;

  @Field(() => DateScalar, { nullable: true, description: 'OBSERVED: the local day (日期).' })
  date?: string | null;

  @Field(() => DateTimeScalar, { nullable: true, description: 'FORECAST, ALERT: begin of the period (起始).' })
  from?: Date | null;

  @Field(() => DateTimeScalar, { nullable: true, description: 'FORECAST, ALERT: end of the period (终止).' })
  to?: Date | null;

  @Field(() => GraphQLInt, {
    nullable: true,
    description: 'OBSERVED, FORECAST: lowest temperature, 0.001 °C (最低气温).',
  })
  minMilliC?: number | null;

  @Field(() => GraphQLInt, {
    nullable: true,
    description: 'OBSERVED, FORECAST: highest temperature, 0.001 °C (最高气温).',
  })
  maxMilliC?: number | null;

  @Field(() => WeatherAlertKindEnum, { nullable: true, description: 'ALERT: what of (预警).' })
  alert?: WeatherAlertKind | null;
}

@InputType('RecordWeatherReportsInput', { description: 'Weather reports handed in (气象信息提交).' })
export class RecordWeatherReportsInput {
  @Field(() => String, KEY)
  idempotencyKey!: string;

  @Field(() => [WeatherReportInput], { description: 'The reports (气象信息), at most 500. All are recorded, or none.' })
  reports!: WeatherReportInput[];

  @Field(() => String, REASON)
  reason!: string;
}

@InputType('SetWeatherRegionInput', { description: 'The weather region of a district (气象区设置).' })
export class SetWeatherRegionInput {
  @Field(() => String, KEY)
  idempotencyKey!: string;

  @Field(() => String, { description: 'Code of the transformer district (台区编号).' })
  districtCode!: string;

  @Field(() => String, {
    nullable: true,
    description: 'Code of the weather region (气象区); absent: the district code up to its last hyphen.',
  })
  region?: string | null;

  @Field(() => String, REASON)
  reason!: string;
}

@ObjectType('WeatherPayload', {
  simpleResolvers: true,
  description: 'Answer to recordWeatherReports (气象信息提交结果).',
})
export class WeatherPayload {
  @Field(() => GraphQLInt, { nullable: true, description: 'Reports new on record (新增条数).' })
  recordedCount!: number | null;

  @Field(() => GraphQLInt, { nullable: true, description: 'Reports that were on record already (重复条数).' })
  knownCount!: number | null;

  @Field(() => Boolean, REPLAYED)
  replayed!: boolean | null;

  @Field(() => [UserErrorType], USER_ERRORS)
  userErrors!: UserErrorType[];
}

@ObjectType('WeatherRegionPayload', {
  simpleResolvers: true,
  description: 'Answer to setWeatherRegion (气象区设置结果).',
})
export class WeatherRegionPayload {
  @Field(() => TransformerDistrictType, {
    nullable: true,
    description: 'The district (台区); null when there are user errors.',
  })
  transformerDistrict!: TransformerDistrictType | null;

  @Field(() => Boolean, REPLAYED)
  replayed!: boolean | null;

  @Field(() => [UserErrorType], USER_ERRORS)
  userErrors!: UserErrorType[];
}

type RegionAnswer = Answer & {
  readonly transformerDistrict?: TransformerDistrict | null;
  readonly replayed?: boolean;
};

@Resolver()
export class RecordWeather {
  @Mutation(() => WeatherPayload, {
    description:
      'Records what a weather service said (提交气象信息). The same report may come again; the same with another temperature is refused: a correction is issued later.',
  })
  recordWeatherReports(
    @Arg('input', () => RecordWeatherReportsInput, INPUT) input: RecordWeatherReportsInput,
    @Ctx() { api, viewer, scope }: ApiContext,
  ): Promise<Answer & Partial<WeatherRecorded & { readonly replayed: boolean }>> {
    return attempt(scope, async () => {
      const request = {
        idempotencyKey: checkKey(input.idempotencyKey),
        note: checkReason(input.reason),
        reports: input.reports.map(checkReport),
      };
      return recordWeatherReports(api.deps.flows, request, actorOf(viewer));
    });
  }

  @Mutation(() => WeatherRegionPayload, {
    description:
      'Says which weather region a transformer district lies in (设置气象区). Where a rule about weather applies, a region nobody reports about blocks every cut.',
  })
  setWeatherRegion(
    @Arg('input', () => SetWeatherRegionInput, INPUT) input: SetWeatherRegionInput,
    @Ctx() ctx: ApiContext,
  ): Promise<RegionAnswer> {
    return attempt(ctx.scope, async () => {
      const idempotencyKey = checkKey(input.idempotencyKey);
      const note = checkReason(input.reason);
      const { id: districtId } = await reachableDistrict(ctx, input.districtCode);
      const request = { idempotencyKey, note, districtId, region: input.region ?? null };
      const { replayed } = await setWeatherRegion(ctx.api.deps.flows, request, actorOf(ctx.viewer));
      ctx.scope.renew();
      return { transformerDistrict: await ctx.scope.find('TransformerDistrict', districtId), replayed };
    });
  }
}

/** @throws UserError WEATHER_REPORT_INVALID naming the report and the field */
function checkReport(given: WeatherReportInput, index: number): WeatherReport {
  const fields = Object.fromEntries(Object.entries(given).filter(([, value]) => isGiven(value)));
  const parsed = weatherReportSchema.safeParse(fields);
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0]!;
  throw new UserError(
    'WEATHER_REPORT_INVALID',
    `Report ${index + 1}: ${message}.`,
    ['reports', index, ...path].join('.'),
  );
}
