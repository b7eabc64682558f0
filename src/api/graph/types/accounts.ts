import { GraphQLInt } from 'graphql';
import { Field, ObjectType } from 'type-graphql';
import type { Account, ServicePoint } from '../../../accounts/account.js';
import type {
  Contact,
  ContactKind,
  Customer,
  CustomerClass,
  Protection,
  ProtectionKind,
} from '../../../accounts/customer.js';
import type { TransformerDistrict } from '../../../accounts/transformer-district.js';
import { ContactKindEnum, CustomerClassEnum, ProtectionKindEnum } from '../enums.js';
import { NodeType } from '../relay.js';
import { DateScalar, DateTimeScalar } from '../scalars.js';

@ObjectType('Account', {
  implements: NodeType,
  simpleResolvers: true,
  description: "A customer's account (户号): what bills are charged to and payments are credited to.",
})
export class AccountType
  extends NodeType
  implements
    Pick<Account, 'accountNumber' | 'currency' | 'tariffCode' | 'settlementsPerMonth' | 'openedAt' | 'closedAt'>
{
  @Field(() => String, { description: 'Number of the account (户号), 10 digits, printed on every bill.' })
  accountNumber!: string;

  @Field(() => String, { description: 'ISO 4217 code of the currency the account is kept in (币种).' })
  currency!: string;

  @Field(() => String, { description: 'Code of the tariff its energy is charged by (电价代码).' })
  tariffCode!: string;

  @Field(() => GraphQLInt, { description: 'How many times a month its bills are settled (每月结算次数), 1 to 6.' })
  settlementsPerMonth!: number;

  @Field(() => DateTimeScalar, { description: 'When the account was opened (开户时间).' })
  openedAt!: Date;

  @Field(() => DateTimeScalar, {
    nullable: true,
    description: 'When the account was closed (销户时间); null while it is open.',
  })
  closedAt!: Date | null;
}

@ObjectType('Customer', {
  implements: NodeType,
  simpleResolvers: true,
  description: 'A person or company that holds accounts (客户).',
})
export class CustomerType
  extends NodeType
  implements Pick<Customer, 'name' | 'customerClass' | 'idDocument' | 'createdAt'>
{
  @Field(() => String, { description: 'Name (姓名或单位名称). Personal data.' })
  name!: string;

  @Field(() => CustomerClassEnum, { description: 'Kind of customer (用电类别).' })
  customerClass!: CustomerClass;

  @Field(() => String, {
    nullable: true,
    description: 'Number of the identity document (证件号码), if one is on file. Personal data.',
  })
  idDocument!: string | null;

  @Field(() => DateTimeScalar, { description: 'When the customer was first recorded (建档时间).' })
  createdAt!: Date;
}

@ObjectType('Contact', {
  simpleResolvers: true,
  description: 'One way to reach a customer (联系方式). At least two valid ones are kept. Personal data.',
})
export class ContactType implements Pick<Contact, 'kind' | 'value' | 'valid'> {
  @Field(() => ContactKindEnum, { description: 'Which way it is (类型).' })
  kind!: ContactKind;

  @Field(() => String, { description: 'Number or address (号码或地址).' })
  value!: string;

  @Field(() => Boolean, { description: 'False once it has been found not to reach the customer (是否有效).' })
  valid!: boolean;
}

@ObjectType('Protection', {
  simpleResolvers: true,
  description: 'A reason not to cut this customer for debt (保护标志).',
})
export class ProtectionType implements Pick<
  Protection,
  'kind' | 'proof' | 'validUntil' | 'createdAt' | 'proofVerifiedAt' | 'endedAt'
> {
  @Field(() => ProtectionKindEnum, { description: 'Why the customer is protected (类别).' })
  kind!: ProtectionKind;

  @Field(() => String, { nullable: true, description: 'What proves it (证明材料). Personal data.' })
  proof!: string | null;

  @Field(() => DateScalar, {
    nullable: true,
    description: 'Last day on which it holds (有效期至); null: until withdrawn.',
  })
  validUntil!: string | null;

  @Field(() => DateTimeScalar, { description: 'When it was recorded (登记时间).' })
  createdAt!: Date;

  @Field(() => DateTimeScalar, {
    nullable: true,
    description: 'When somebody saw the proof (核验时间); null: nobody yet, and it protects all the same.',
  })
  proofVerifiedAt!: Date | null;

  @Field(() => DateTimeScalar, {
    nullable: true,
    description: 'When a second person established that its reason is gone (解除时间); null while it stands.',
  })
  endedAt!: Date | null;
}

@ObjectType('ServicePoint', {
  implements: NodeType,
  simpleResolvers: true,
  description: 'A place that is supplied (用电点).',
})
export class ServicePointType extends NodeType implements Pick<ServicePoint, 'servicePointNumber' | 'address'> {
  @Field(() => String, { description: 'Number of the service point (用电点编号), 10 digits.' })
  servicePointNumber!: string;

  @Field(() => String, { description: 'Where it is (用电地址). Personal data.' })
  address!: string;
}

@ObjectType('TransformerDistrict', {
  implements: NodeType,
  simpleResolvers: true,
  description: 'Transformer district (台区): the unit of reading, settlement and field work.',
})
export class TransformerDistrictType
  extends NodeType
  implements Pick<TransformerDistrict, 'code' | 'name' | 'servicePhone' | 'readingDay' | 'settlementDay' | 'manager'>
{
  @Field(() => String, { description: 'Code (台区编号).' })
  code!: string;

  @Field(() => String, { description: 'Name (台区名称).' })
  name!: string;

  @Field(() => String, { description: 'Service phone (服务电话). It belongs to the district, not to a person.' })
  servicePhone!: string;

  @Field(() => GraphQLInt, { description: 'Calendar day of the monthly reading (抄表例日), 1 to 28.' })
  readingDay!: number;

  @Field(() => GraphQLInt, { description: 'Calendar day of the monthly settlement (结算例日), 1 to 28.' })
  settlementDay!: number;

  @Field(() => String, { nullable: true, description: 'District manager (台区客服经理): owner of field work here.' })
  manager!: string | null;
}
