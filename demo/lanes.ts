/** As many things are done at once as keep a database of two processors busy. */
const LANES = 4;

/**
 * Does something with each of these, several at a time, those of one account one after the other: what happens to an account never
 * depends on the others.
 */
export async function inLanes<Item extends { readonly accountNumber: string }>(
  items: readonly Item[],
  act: (item: Item) => Promise<void>,
): Promise<void> {
  const accounts = [...Map.groupBy(items, ({ accountNumber }) => accountNumber).values()];
  const lane = async (): Promise<void> => {
    for (let own = accounts.shift(); own; own = accounts.shift()) for (const item of own) await act(item);
  };
  await Promise.all(Array.from({ length: LANES }, lane));
}
