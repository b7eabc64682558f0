/** The head-end's password at the broker of the bench of telemetry. */
export const HEAD_END_PASSWORD = 'bench-head-end-password';
/** From which its gateways' passwords follow. */
export const KEY_SEED = 'a seed for benches';
