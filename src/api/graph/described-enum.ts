import { registerEnumType } from 'type-graphql';

type Texts<Value extends string> = Readonly<Record<Value, string>>;

/** Registers an enum whose every value is described; a value without a description does not compile. */
export function describedEnum<Value extends string>(
  name: string,
  description: string,
  values: readonly Value[],
  texts: Texts<Value>,
): Record<Value, Value> {
  const enumObject = Object.fromEntries(values.map((value) => [value, value])) as Record<Value, Value>;
  const valuesConfig = Object.fromEntries(values.map((value) => [value, { description: texts[value] }]));
  registerEnumType(enumObject, {
    name,
    description,
    valuesConfig: valuesConfig as Record<Value, { description: string }>,
  });
  return enumObject;
}

/** An enum that exists in the API only. */
export const apiEnum = <Value extends string>(
  name: string,
  description: string,
  texts: Texts<Value>,
): Record<Value, Value> => describedEnum(name, description, Object.keys(texts) as Value[], texts);
