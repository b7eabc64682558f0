import { ArgsType, Field } from 'type-graphql';
import { PageArgs } from './relay.js';
import { DateScalar, DateTimeScalar } from './scalars.js';

/** Bills, narrowed to open or paid ones. */
@ArgsType()
export class BillsArgs extends PageArgs {
  @Field(() => Boolean, {
    nullable: true,
    description: 'True: bills with anything unpaid; false: fully paid ones; absent: all (是否未结清).',
  })
  open?: boolean | null;
}

/** Readings within a span of time. */
@ArgsType()
export class ReadingsArgs extends PageArgs {
  @Field(() => DateTimeScalar, { nullable: true, description: 'Readings at or after this instant (起).' })
  from?: Date | null;

  @Field(() => DateTimeScalar, { nullable: true, description: 'Readings before this instant (止, 不含).' })
  until?: Date | null;

  @Field(() => Boolean, {
    nullable: true,
    description: 'True: only those that may be billed on; false: only the others; absent: all (是否可用).',
  })
  usable?: boolean | null;
}

/** Days within a span. */
@ArgsType()
export class DailyUsageArgs extends PageArgs {
  @Field(() => DateScalar, { nullable: true, description: 'Days from this one on (起).' })
  from?: string | null;

  @Field(() => DateScalar, { nullable: true, description: 'Days before this one (止, 不含).' })
  until?: string | null;
}
