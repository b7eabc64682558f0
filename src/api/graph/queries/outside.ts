import { Arg, Args, Ctx, FieldResolver, Query, Resolver, Root } from 'type-graphql';
import type { TransformerDistrict } from '../../../accounts/transformer-district.js';
import type { PaymentChannelRecord } from '../../../dunning/payment-channel.js';
import { weatherRegionOf, type WeatherReportRow } from '../../../dunning/weather.js';
import type { ApiContext } from '../../context.js';
import { LISTS } from '../../read/catalog.js';
import { numbered } from '../../read/numbered.js';
import { PaymentChannelRecordConnection, WeatherReportConnection } from '../connections.js';
import { PageArgs, type Page } from '../relay.js';
import { TransformerDistrictType } from '../types/accounts.js';
import type { WeatherReportType } from '../types/outside.js';

const NOTHING: Page<never> = {
  edges: [],
  pageInfo: { hasNextPage: false, hasPreviousPage: false, startCursor: null, endCursor: null },
};

/** Questions about facts that come from outside and decide whether a cut may be sent. */
@Resolver()
export class OutsideQueries {
  @Query(() => PaymentChannelRecordConnection, {
    description:
      'Where customers of a transformer district can pay (缴费网点), by code: its own channels and those for everybody. Empty when there is no such district within reach.',
  })
  async paymentChannels(
    @Args(() => PageArgs) page: PageArgs,
    @Arg('districtCode', () => String, { description: 'Code of the transformer district (台区编号).' })
    districtCode: string,
    @Ctx() { scope }: ApiContext,
  ): Promise<Page<PaymentChannelRecord>> {
    const district = await numbered(scope, 'TransformerDistrict', districtCode);
    return district ? scope.page(LISTS.paymentChannels, null, page, { district: district.id }) : NOTHING;
  }

  @Query(() => WeatherReportConnection, {
    description: 'What the weather service said of a region (气象信息), issued last first.',
  })
  async weatherReports(
    @Args(() => PageArgs) page: PageArgs,
    @Arg('region', () => String, { description: 'Code of the weather region (气象区).' }) region: string,
    @Ctx() { scope }: ApiContext,
  ): Promise<Page<WeatherReportType>> {
    if (!/^[A-Z0-9-]{1,32}$/.test(region)) return NOTHING;
    const { edges, pageInfo } = await scope.page(LISTS.weatherReports, null, page, { region });
    return {
      pageInfo,
      edges: edges.map(({ cursor, node }) => ({ cursor, node: shown(node) })),
    };
  }
}

/** A stored report as the API shows it: columns that its kind does not have are null. */
const shown = (row: WeatherReportRow): WeatherReportType => ({
  kind: row.kind,
  region: row.region,
  issuedAt: row.issuedAt,
  date: row.observedOn ?? null,
  from: row.periodFrom ?? null,
  to: row.periodTo ?? null,
  minMilliC: row.minMilliC ?? null,
  maxMilliC: row.maxMilliC ?? null,
  alert: row.alertKind ?? null,
  receivedAt: row.receivedAt,
  recordedBy: row.recordedBy,
});

@Resolver(() => TransformerDistrictType)
export class WeatherRegionField {
  @FieldResolver(() => String, {
    description: 'Weather region it lies in (气象区): the one set for it, or its code up to the last hyphen.',
  })
  weatherRegion(@Root() district: TransformerDistrict): string {
    return weatherRegionOf(district);
  }
}
