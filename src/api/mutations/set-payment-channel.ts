import { GraphQLInt } from 'graphql';
import { Arg, Ctx, Field, InputType, Mutation, ObjectType, Resolver } from 'type-graphql';
import type { OpeningHours, PaymentChannelKind, PaymentChannelRecord } from '../../dunning/payment-channel.js';
import { setPaymentChannel } from '../../flows/set-payment-channel.js';
import { actorOf, type ApiContext } from '../context.js';
import { isGiven } from '../given.js';
import { PaymentChannelKindEnum } from '../graph/enums.js';
import { DateScalar, DateTimeScalar } from '../graph/scalars.js';
import { UserErrorType } from '../graph/types/operations.js';
import { PaymentChannelRecordType } from '../graph/types/outside.js';
import { attempt, type Answer } from './attempt.js';
import { checkKey, checkOptional, checkReason } from './checks.js';
import { reachableDistrict } from './reachable.js';
import { INPUT, KEY, REASON, REPLAYED, USER_ERRORS } from './texts.js';

const NAME_CHARACTERS = 200;

@InputType('OpeningHoursInput', { description: 'When a payment channel is open on a weekday (营业时间), local time.' })
export class OpeningHoursInput implements OpeningHours {
  @Field(() => GraphQLInt, { description: 'Weekday (星期): 1 is Monday, 7 Sunday.' })
  weekday!: number;

  @Field(() => String, { description: 'Opens at (开门), "HH:MM".' })
  opens!: string;

  @Field(() => String, { description: 'Closes at (关门), "HH:MM"; "24:00" is the end of the day.' })
  closes!: string;
}

@InputType('SetPaymentChannelInput', {
  description:
    'A payment channel as it is to be from now on (缴费网点设置), whole: what is left out is not kept from before but absent.',
})
export class SetPaymentChannelInput {
  @Field(() => String, KEY)
  idempotencyKey!: string;

  @Field(() => String, {
    description: 'Code (网点编号), 2 to 32 capital letters, digits or hyphens. One that is on record is changed.',
  })
  code!: string;

  @Field(() => String, { description: 'Name (网点名称), at most 200 characters.' })
  name!: string;

  @Field(() => PaymentChannelKindEnum, { description: 'Kind (类型).' })
  kind!: PaymentChannelKind;

  @Field(() => String, {
    nullable: true,
    description: 'Code of the transformer district it serves (台区编号); absent: everybody.',
  })
  districtCode?: string | null;

  @Field(() => [OpeningHoursInput], { description: 'Opening hours of a week (营业时间), at most 28.' })
  hours!: OpeningHoursInput[];

  @Field(() => Boolean, { description: 'Keeps these hours on public holidays (节假日营业).' })
  openOnHolidays!: boolean;

  @Field(() => DateScalar, { nullable: true, description: 'First day of a closure (停业起).' })
  closedFrom?: string | null;

  @Field(() => DateScalar, { nullable: true, description: 'Last day of the closure (停业止); absent: for good.' })
  closedUntil?: string | null;

  @Field(() => DateTimeScalar, { nullable: true, description: 'Out of order since (故障起始); absent: it works.' })
  downSince?: Date | null;

  @Field(() => String, REASON)
  reason!: string;
}

@ObjectType('PaymentChannelPayload', {
  simpleResolvers: true,
  description: 'Answer to setPaymentChannel (缴费网点设置结果).',
})
export class PaymentChannelPayload {
  @Field(() => PaymentChannelRecordType, {
    nullable: true,
    description: 'The channel as it stands (缴费网点); null when there are user errors.',
  })
  paymentChannel!: PaymentChannelRecordType | null;

  @Field(() => Boolean, REPLAYED)
  replayed!: boolean | null;

  @Field(() => [UserErrorType], USER_ERRORS)
  userErrors!: UserErrorType[];
}

type ChannelAnswer = Answer & { readonly paymentChannel?: PaymentChannelRecord; readonly replayed?: boolean };

@Resolver()
export class SetPaymentChannel {
  @Mutation(() => PaymentChannelPayload, {
    description:
      'Puts a payment channel on record or changes it: hours, a closure, an outage (设置缴费网点). The next decision about a cut sees it.',
  })
  setPaymentChannel(
    @Arg('input', () => SetPaymentChannelInput, INPUT) input: SetPaymentChannelInput,
    @Ctx() ctx: ApiContext,
  ): Promise<ChannelAnswer> {
    return attempt(ctx.scope, async () => {
      const { channel, replayed } = await setPaymentChannel(
        ctx.api.deps.flows,
        {
          idempotencyKey: checkKey(input.idempotencyKey),
          note: checkReason(input.reason),
          code: input.code,
          name: checkOptional(input.name, 'name', NAME_CHARACTERS) ?? '',
          kind: input.kind,
          districtId: isGiven(input.districtCode) ? (await reachableDistrict(ctx, input.districtCode)).id : null,
          hours: input.hours.map(({ weekday, opens, closes }) => ({ weekday, opens, closes })),
          openOnHolidays: input.openOnHolidays,
          closedFrom: input.closedFrom ?? null,
          closedUntil: input.closedUntil ?? null,
          downSince: input.downSince ?? null,
        },
        actorOf(ctx.viewer),
      );
      return { paymentChannel: channel, replayed };
    });
  }
}
