import { GraphQLInt } from 'graphql';
import { Field, ObjectType } from 'type-graphql';
import type { OpeningHours, PaymentChannelKind } from '../../../dunning/payment-channel.js';
import type { WeatherAlertKind, WeatherReportKind } from '../../../dunning/weather.js';
import { PaymentChannelKindEnum, WeatherAlertKindEnum, WeatherReportKindEnum } from '../enums.js';
import { DateScalar, DateTimeScalar } from '../scalars.js';

@ObjectType('OpeningHours', {
  simpleResolvers: true,
  description: 'When a payment channel is open on a weekday (营业时间), local time of the company.',
})
export class OpeningHoursType implements OpeningHours {
  @Field(() => GraphQLInt, { description: 'Weekday (星期): 1 is Monday, 7 Sunday.' })
  weekday!: number;

  @Field(() => String, { description: 'Opens at (开门), "HH:MM".' })
  opens!: string;

  @Field(() => String, { description: 'Closes at (关门), "HH:MM"; "24:00" is the end of the day.' })
  closes!: string;
}

@ObjectType('PaymentChannelRecord', {
  simpleResolvers: true,
  description:
    'Where or how one can pay, and when (缴费网点). No cut is sent when nobody could pay before the evening. How a payment came in is another thing: `PaymentChannel`.',
})
export class PaymentChannelRecordType {
  @Field(() => String, { description: 'Code (网点编号).' })
  code!: string;

  @Field(() => String, { description: 'Name (网点名称).' })
  name!: string;

  @Field(() => PaymentChannelKindEnum, { description: 'Kind (类型).' })
  kind!: PaymentChannelKind;

  @Field(() => [OpeningHoursType], { description: 'Opening hours of a week (营业时间), at most 28.' })
  hours!: OpeningHours[];

  @Field(() => Boolean, { description: 'Keeps these hours on public holidays (节假日营业).' })
  openOnHolidays!: boolean;

  @Field(() => DateScalar, { nullable: true, description: 'First day of a closure (停业起); null: none is announced.' })
  closedFrom!: string | null;

  @Field(() => DateScalar, {
    nullable: true,
    description: 'Last day of the closure (停业止); null with a `closedFrom`: it stays closed.',
  })
  closedUntil!: string | null;

  @Field(() => DateTimeScalar, { nullable: true, description: 'Out of order since (故障起始); null: it works.' })
  downSince!: Date | null;

  @Field(() => DateTimeScalar, { description: 'When this record was last changed (变更时间).' })
  changedAt!: Date;
}

@ObjectType('WeatherReport', {
  simpleResolvers: true,
  description:
    'What a weather service said of a region (气象信息). A correction is another report, issued later. Temperatures are thousandths of a degree Celsius.',
})
export class WeatherReportType {
  @Field(() => WeatherReportKindEnum, { description: 'What it tells (类型).' })
  kind!: WeatherReportKind;

  @Field(() => String, { description: 'Code of the weather region (气象区).' })
  region!: string;

  @Field(() => DateTimeScalar, { description: 'When the service said it (发布时间).' })
  issuedAt!: Date;

  @Field(() => DateScalar, { nullable: true, description: 'OBSERVED: the local day (日期).' })
  date!: string | null;

  @Field(() => DateTimeScalar, { nullable: true, description: 'FORECAST, ALERT: begin of the period (起始).' })
  from!: Date | null;

  @Field(() => DateTimeScalar, { nullable: true, description: 'FORECAST, ALERT: end of the period (终止).' })
  to!: Date | null;

  @Field(() => GraphQLInt, { nullable: true, description: 'Lowest temperature, 0.001 °C (最低气温).' })
  minMilliC!: number | null;

  @Field(() => GraphQLInt, { nullable: true, description: 'Highest temperature, 0.001 °C (最高气温).' })
  maxMilliC!: number | null;

  @Field(() => WeatherAlertKindEnum, { nullable: true, description: 'ALERT: what of (预警).' })
  alert!: WeatherAlertKind | null;

  @Field(() => DateTimeScalar, { description: 'When it came here (接收时间).' })
  receivedAt!: Date;

  @Field(() => String, { description: 'Who or what handed it in (提交者).' })
  recordedBy!: string;
}
