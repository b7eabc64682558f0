import { Field, InputType, ObjectType } from 'type-graphql';
import { formatAmount, parseAmount } from '../../platform/money.js';
import { UserError } from '../../platform/errors.js';
import { DecimalScalar } from './scalars.js';

@ObjectType('Money', { simpleResolvers: true, description: 'An amount of money (金额), exact.' })
export class MoneyType {
  @Field(() => DecimalScalar, {
    description:
      'The amount in major units (元) with exactly the decimals of its currency: "12.30". Negative where a field says that it may be.',
  })
  amount!: string;

  @Field(() => String, { description: 'ISO 4217 code of the currency (币种), e.g. CNY.' })
  currency!: string;
}

@InputType('MoneyInput', { description: 'An amount of money to be handed in (金额).' })
export class MoneyInput {
  @Field(() => DecimalScalar, {
    description: 'The amount in major units (元) as a string, with no more decimals than the currency has: "12.30".',
  })
  amount!: string;

  @Field(() => String, { description: 'ISO 4217 code of the currency (币种), e.g. CNY.' })
  currency!: string;
}

/** Minor units as the API shows them. */
export const money = (minor: bigint, currency: string): MoneyType => ({
  amount: formatAmount(minor, currency),
  currency,
});

/**
 * Minor units of an amount that must be greater than zero.
 * @throws UserError AMOUNT_… or UNKNOWN_CURRENCY, at the field of the input that is wrong
 */
export function positiveMinor(input: MoneyInput, field: string): bigint {
  const parsed = parseAmount(input.amount, input.currency);
  if (parsed.ok) return parsed.minor;
  const { code, message } = parsed;
  if (code === 'UNKNOWN_CURRENCY') throw new UserError(code, message, `${field}.currency`);
  throw new UserError(`AMOUNT_${code}`, message, `${field}.amount`);
}
