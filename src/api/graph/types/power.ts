import { Field, ObjectType } from 'type-graphql';
import { GatewayPresenceEnum, InterruptionReasonEnum, PowerVerdictEnum, SupplyDueEnum } from '../enums.js';
import { DateTimeScalar } from '../scalars.js';
import type {
  GatewayPresence,
  PowerReason,
  PowerStep,
  PowerText,
  PowerVerdict,
} from '../../read/explain-power-policy.js';
import type { InterruptionReason } from '../../../switching/interruption.js';

@ObjectType('BilingualText', {
  simpleResolvers: true,
  description: 'A sentence in plain words, in both languages (中英文说明).',
})
export class BilingualTextType implements PowerText {
  @Field(() => String, { description: 'Chinese (中文).' })
  zh!: string;

  @Field(() => String, { description: 'English (英文).' })
  en!: string;
}

@ObjectType('PowerOffReason', {
  simpleResolvers: true,
  description: 'One reason why power is off (停电原因), in words.',
})
export class PowerOffReasonType implements PowerReason {
  @Field(() => InterruptionReasonEnum, { description: 'The reason (原因).' })
  reason!: InterruptionReason;

  @Field(() => DateTimeScalar, { description: 'Since when (起始时间).' })
  since!: Date;

  @Field(() => BilingualTextType, { description: 'What it means (说明).' })
  text!: PowerText;
}

@ObjectType('PowerStep', { simpleResolvers: true, description: 'One step towards having power again (复电步骤).' })
export class PowerStepType implements PowerStep {
  @Field(() => String, {
    description:
      'Stable code of the step (代码): PAY, WAIT, PRESS_BUTTON, TYPE_CODE, WAIT_FOR_VISIT, CALL, CHECK_MAIN_SWITCH.',
  })
  code!: PowerStep['code'];

  @Field(() => BilingualTextType, { description: 'What to do (说明).' })
  text!: PowerText;
}

@ObjectType('PowerExplanation', {
  simpleResolvers: true,
  description:
    'One answer to "why is my power off?" for one service point (停电原因查询): what is due, what the meter says, why, and what to do.',
})
export class PowerExplanationType {
  @Field(() => DateTimeScalar, { description: 'As of when (查询时间).' })
  at!: Date;

  @Field(() => PowerVerdictEnum, { description: 'The answer in one word (判断).' })
  verdict!: PowerVerdict;

  @Field(() => BilingualTextType, { description: 'The answer in one sentence (一句话说明).' })
  headline!: PowerText;

  @Field(() => SupplyDueEnum, { description: 'Whether power is due (应供状态).' })
  dueSupply!: 'ON' | 'OFF';

  @Field(() => [PowerOffReasonType], { description: 'Every open reason (全部原因); empty when power is due.' })
  reasons!: readonly PowerReason[];

  @Field(() => [PowerStepType], { description: 'What to do, in order (复电步骤).' })
  steps!: readonly PowerStep[];

  @Field(() => GatewayPresenceEnum, { description: "Whether the meter's gateway is connected (网关在线状态)." })
  gatewayPresence!: GatewayPresence;
}
