/** Descriptions that every mutation shares. */
export const KEY = {
  description:
    'Idempotency key (幂等键), 8 to 128 characters, made by the caller and kept for repeats. The same key with the same content gives the first answer again, for ever; with other content it is the error IDEMPOTENCY_KEY_REUSED.',
};
export const REASON = { description: 'Why, in words (原因), 3 to 1000 characters. Kept in the audit.' };
export const INPUT = { description: 'What is asked for (请求内容).' };
export const USER_ERRORS = {
  description:
    'What the caller can put right (业务错误); empty when it was done. With an entry here nothing was changed.',
};
export const REPLAYED = {
  nullable: true,
  description:
    'True when this key had been used before and the first answer is given again (重复请求); null when it was not done.',
} as const;
