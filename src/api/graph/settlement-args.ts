import { GraphQLInt } from 'graphql';
import { ArgsType, Field } from 'type-graphql';
import { MAX_SETTLEMENTS_PER_MONTH } from '../../billing/settlement-calendar-policy.js';
import { ApiError } from '../errors.js';

/** Two years of monthly settlements; further ahead no calendar is promised. */
const MOST_DATES = 24;

/** How many dates of a calendar are asked for. */
@ArgsType()
export class NextDatesArgs {
  @Field(() => GraphQLInt, { defaultValue: 3, description: `How many dates (个数), 1 to ${MOST_DATES}.` })
  count!: number;
}

/** The same for a district, where accounts are settled differently often. */
@ArgsType()
export class DistrictDatesArgs extends NextDatesArgs {
  @Field(() => GraphQLInt, {
    defaultValue: 1,
    description: `Settlements a month of the accounts meant (每月结算次数), 1 to ${MAX_SETTLEMENTS_PER_MONTH}.`,
  })
  settlementsPerMonth!: number;
}

const within = (value: number, most: number, name: string): number => {
  if (Number.isInteger(value) && value >= 1 && value <= most) return value;
  throw new ApiError('BAD_USER_INPUT', `\`${name}\` is ${value}; ask for 1 to ${most}.`);
};

/** @throws ApiError BAD_USER_INPUT */
export const boundedCount = (count: number): number => within(count, MOST_DATES, 'count');

/** @throws ApiError BAD_USER_INPUT */
export const boundedCadence = (settlementsPerMonth: number): number =>
  within(settlementsPerMonth, MAX_SETTLEMENTS_PER_MONTH, 'settlementsPerMonth');
