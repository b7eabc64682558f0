import type { Meter } from './meter.js';

/** How two neighbours are crossed: their outgoing wires (`load`), or the control wires of their breakers (`control`). */
export type Crossed = 'load' | 'control';

interface Crossing {
  partner: Meter;
  crossed: Crossed;
}

/**
 * Which home hangs behind which meter, and which breaker obeys which meter (fault `crossWired`). Physically:
 *
 * - `load`: the homes are swapped behind the meters. Meter A measures home B and its relay feeds home B. After a cut of A its own power is
 *   0, as it should be; but home B is dark and home A has light. Nothing at A's meter betrays it.
 * - `control`: each meter measures its own home, but the wires to the breakers (with their feedback) are swapped. After a cut of A its
 *   meter shows "open" while power flows on, and meter B shows "closed" without any voltage behind it: home B is dark.
 */
export class Wiring {
  readonly #crossings = new Map<Meter, Crossing>();

  get straight(): boolean {
    return this.#crossings.size === 0;
  }

  /** Crosses exactly these pairs; whoever calls has settled registers first. */
  set(pairs: readonly { meter: Meter; partner: Meter; crossed: Crossed }[]): void {
    this.#crossings.clear();
    for (const { meter, partner, crossed } of pairs) {
      if (meter === partner || this.#crossings.has(meter) || this.#crossings.has(partner)) continue;
      this.#crossings.set(meter, { partner, crossed });
      this.#crossings.set(partner, { partner: meter, crossed });
    }
  }

  /** Every meter that is crossed with another. */
  crossed(): Meter[] {
    return [...this.#crossings.keys()];
  }

  partnerOf(meter: Meter): Meter | undefined {
    return this.#crossings.get(meter)?.partner;
  }

  /** The meter whose contacts lie in the circuit that this one measures. */
  switchOf(meter: Meter): Meter {
    const crossing = this.#crossings.get(meter);
    return crossing?.crossed === 'control' ? crossing.partner : meter;
  }

  /** The meter whose household (load, habits) hangs behind this one. */
  homeBehind(meter: Meter): Meter {
    const crossing = this.#crossings.get(meter);
    return crossing?.crossed === 'load' ? crossing.partner : meter;
  }
}
