import { Arg, Ctx, Field, InputType, Mutation, ObjectType, Resolver, FieldResolver, Root } from 'type-graphql';
import { registerGateway, renewGatewayPassword } from '../../flows/register-gateway.js';
import { registerMeter } from '../../flows/register-meter.js';
import type { Gateway, Meter } from '../../metering/meter.js';
import { actorOf, type ApiContext } from '../context.js';
import { isGiven } from '../given.js';
import { apiEnum } from '../graph/described-enum.js';
import { GatewayKindEnum, SwitchModeEnum } from '../graph/enums.js';
import { GatewayType, MeterType } from '../graph/types/metering.js';
import { UserErrorType } from '../graph/types/operations.js';
import { attempt, type Answer } from './attempt.js';
import { checkKey, checkPublicKey, checkReason } from './checks.js';
import { reachableDistrict, reachableGateway } from './reachable.js';
import { INPUT, KEY, REASON, REPLAYED, USER_ERRORS } from './texts.js';

const MeterCodecEnum = apiEnum('MeterCodec', 'What a meter speaks (通信规约).', {
  JSON: 'Contract v1, signed by the meter itself (自有签名).',
  DLT645: 'DL/T 645-2007 on the serial line of a concentrator, which signs for it (集中器代签).',
});
const SecurityClassEnum = apiEnum('SecurityClass', 'How a DL/T 645 meter knows who may switch it (安全等级).', {
  PASSWORD: 'PA 02H with a password (密码).',
  CIPHER: 'PA 98H with ciphertext of the security module (密文).',
});

const PUBLIC_KEY = 'raw Ed25519 public key, base64url without padding (43 characters; the `x` of its JWK)';

@InputType('RegisterGatewayInput', { description: 'A gateway to be put on record (网关建档).' })
export class RegisterGatewayInput {
  @Field(() => String, KEY)
  idempotencyKey!: string;

  @Field(() => String, { description: 'Its number (网关编号), 12 digits: also its MQTT user name.' })
  gatewayNumber!: string;

  @Field(() => GatewayKindEnum, {
    description: 'Which kind it is (类型). A METER carries only the meter of its own number.',
  })
  kind!: 'CONCENTRATOR' | 'METER';

  @Field(() => String, { description: 'Code of the transformer district it serves (台区编号).' })
  districtCode!: string;

  @Field(() => String, {
    nullable: true,
    description: `For a concentrator that speaks for DL/T 645 meters (集中器公钥): ${PUBLIC_KEY}.`,
  })
  publicKey?: string | null;

  @Field(() => String, REASON)
  reason!: string;
}

@InputType('RenewGatewayPasswordInput', { description: 'A new MQTT password for a gateway (更换网关密码).' })
export class RenewGatewayPasswordInput {
  @Field(() => String, KEY)
  idempotencyKey!: string;

  @Field(() => String, { description: 'Number of the gateway (网关编号).' })
  gatewayNumber!: string;

  @Field(() => String, REASON)
  reason!: string;
}

@InputType('RegisterMeterInput', { description: 'A meter to be put on record (电表建档).' })
export class RegisterMeterInput {
  @Field(() => String, KEY)
  idempotencyKey!: string;

  @Field(() => String, { description: 'Number on the meter (表号), 12 digits.' })
  serial!: string;

  @Field(() => String, { description: 'Number of the gateway it connects through (网关编号).' })
  gatewayNumber!: string;

  @Field(() => SwitchModeEnum, { description: 'How its relay is to be closed (合闸方式).' })
  reconnectMode!: 'DIRECT' | 'ARM';

  @Field(() => MeterCodecEnum, { nullable: true, description: 'What it speaks (通信规约); absent: JSON.' })
  codec?: 'JSON' | 'DLT645' | null;

  @Field(() => SecurityClassEnum, {
    nullable: true,
    description: 'How a DL/T 645 meter knows who may switch it (安全等级); absent: PASSWORD.',
  })
  securityClass?: 'PASSWORD' | 'CIPHER' | null;

  @Field(() => String, {
    nullable: true,
    description: `The key its messages are believed by (电表公钥): ${PUBLIC_KEY}. Required, but for a DL/T 645 meter, which has none.`,
  })
  publicKey?: string | null;

  @Field(() => String, REASON)
  reason!: string;
}

@ObjectType('GatewayPayload', {
  simpleResolvers: true,
  description: 'Answer to a mutation about a gateway (网关结果).',
})
export class GatewayPayload {
  @Field(() => String, {
    nullable: true,
    description:
      'Its MQTT password (网关密码), given this once: only a hash is kept. Null when the request is repeated; then ask for another with `renewGatewayPassword`.',
  })
  password!: string | null;

  @Field(() => Boolean, REPLAYED)
  replayed!: boolean | null;

  @Field(() => [UserErrorType], USER_ERRORS)
  userErrors!: UserErrorType[];
}

type GatewayAnswer = Answer & {
  readonly gatewayId?: string;
  readonly password?: string | null;
  readonly replayed?: boolean;
};

@Resolver(() => GatewayPayload)
export class GatewayPayloadFields {
  @FieldResolver(() => GatewayType, {
    nullable: true,
    description: 'The gateway as it is on record (网关); null when there are user errors.',
  })
  gateway(@Root() answer: GatewayAnswer, @Ctx() { scope }: ApiContext): Promise<Gateway | null> {
    return scope.find('Gateway', answer.gatewayId);
  }
}

@ObjectType('MeterPayload', { simpleResolvers: true, description: 'Answer to a mutation about a meter (电表结果).' })
export class MeterPayload {
  @Field(() => Boolean, REPLAYED)
  replayed!: boolean | null;

  @Field(() => [UserErrorType], USER_ERRORS)
  userErrors!: UserErrorType[];
}

type MeterAnswer = Answer & { readonly meterId?: string; readonly replayed?: boolean };

@Resolver(() => MeterPayload)
export class MeterPayloadFields {
  @FieldResolver(() => MeterType, {
    nullable: true,
    description: 'The meter as it is on record (电表); null when there are user errors.',
  })
  meter(@Root() answer: MeterAnswer, @Ctx() { scope }: ApiContext): Promise<Meter | null> {
    return scope.find('Meter', answer.meterId);
  }
}

/** Where the flows' field names differ from the input's. */
const FIELDS = { gatewayId: 'gatewayNumber', publicKeyHex: 'publicKey' };

@Resolver()
export class RegisterDevices {
  @Mutation(() => GatewayPayload, {
    description:
      'Puts a gateway on record and gives its MQTT password, once (网关建档). From then on it may connect and touch its own topics only.',
  })
  registerGateway(
    @Arg('input', () => RegisterGatewayInput, INPUT) input: RegisterGatewayInput,
    @Ctx() ctx: ApiContext,
  ): Promise<GatewayAnswer> {
    return attempt(ctx.scope, async () => {
      const registration = {
        idempotencyKey: checkKey(input.idempotencyKey),
        note: checkReason(input.reason),
        gatewayNumber: input.gatewayNumber,
        kind: input.kind,
        districtId: (await reachableDistrict(ctx, input.districtCode)).id,
        publicKey: isGiven(input.publicKey) ? checkPublicKey(input.publicKey) : null,
      };
      return registerGateway(ctx.api.deps.flows, registration, actorOf(ctx.viewer));
    });
  }

  @Mutation(() => GatewayPayload, {
    description:
      'Gives a gateway a new MQTT password, once (更换网关密码): the old one was lost or is known to others. It holds from the next login on.',
  })
  renewGatewayPassword(
    @Arg('input', () => RenewGatewayPasswordInput, INPUT) input: RenewGatewayPasswordInput,
    @Ctx() ctx: ApiContext,
  ): Promise<GatewayAnswer> {
    return attempt(
      ctx.scope,
      async () => {
        const renewal = {
          idempotencyKey: checkKey(input.idempotencyKey),
          note: checkReason(input.reason),
          gatewayId: (await reachableGateway(ctx, input.gatewayNumber)).id,
        };
        return renewGatewayPassword(ctx.api.deps.flows, renewal, actorOf(ctx.viewer));
      },
      FIELDS,
    );
  }

  @Mutation(() => MeterPayload, {
    description:
      'Puts a meter on record with the key it signs with (电表建档). It serves nobody before `installMeter` or `exchangeMeter`.',
  })
  registerMeter(
    @Arg('input', () => RegisterMeterInput, INPUT) input: RegisterMeterInput,
    @Ctx() ctx: ApiContext,
  ): Promise<MeterAnswer> {
    return attempt(
      ctx.scope,
      async () => {
        const registration = {
          idempotencyKey: checkKey(input.idempotencyKey),
          note: checkReason(input.reason),
          serial: input.serial,
          gatewayId: (await reachableGateway(ctx, input.gatewayNumber)).id,
          reconnectMode: input.reconnectMode,
          codec: input.codec ?? ('JSON' as const),
          securityClass: input.securityClass ?? ('PASSWORD' as const),
          publicKeyHex: isGiven(input.publicKey) ? checkPublicKey(input.publicKey).toString('hex') : null,
        };
        return registerMeter(ctx.api.deps.flows, registration, actorOf(ctx.viewer));
      },
      FIELDS,
    );
  }
}
