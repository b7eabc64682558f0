import type { SwitchCommand } from '../../../simulator/wire/contract.js';
import { sealEnvelope } from '../../../simulator/wire/envelope.js';
import { meterKey } from '../../../simulator/wire/keys.js';
import type { LawName } from '../../../simulator/scenario/witness.js';
import { World } from '../../../simulator/scenario/world.js';
import { planOf, small } from './scenarios.js';

const METER = '100000000001';

/** Runs one cut, lets one meter break a law by hand, and returns the laws that were found broken. */
export async function lawBreaches(law: LawName | 'nothing'): Promise<LawName[]> {
  const plan = planOf(small('timeline: []'));
  const { manifest, settings, network, startsAtMs } = plan;
  const world = new World({
    name: 'broken',
    manifest,
    settings,
    network,
    headEnd: plan.headEnd,
    startsAtMs,
    speed: Infinity,
  });
  world.start();
  await world.runTo(10_000);
  const order = world.headEnd!.order({ meter: METER, operation: 'cut', label: 'cut' });
  await world.runTo(20_000);
  if (law !== 'nothing') breakLaw(law, world, order.commandId);
  await world.runTo(1_800_000);
  world.witness.look();
  const breaches = [...world.witness.breaches.keys()];
  await world.end();
  return breaches;
}

/** Reaches past the checks of a meter, as a fault in its program would. */
function breakLaw(law: LawName, world: World, commandId: string): void {
  const { simulation } = world.session;
  const meter = simulation.meters.get(METER)!;
  const obey = (operation: 'cut' | 'restore', sequence: number, id: string): void => {
    meter.lastSequence = sequence;
    meter.lastCommandId = id;
    simulation.switchgear.obey(meter, { operation, mode: 'direct' } as SwitchCommand);
    simulation.switchgear.completeAll();
  };
  const foreign = '00000000-0000-4000-8000-000000000001';
  switch (law) {
    case 'lawfulOnly':
      return obey('restore', 2, foreign);
    case 'oneTogglePerCommand':
      obey('restore', 1, commandId);
      return obey('cut', 1, commandId);
    case 'inOrder':
      obey('restore', 9, foreign);
      return obey('cut', 1, commandId);
    case 'registerStands':
      meter.baseWh += 5;
      return;
    case 'protectedStay':
      obey('restore', 2, foreign);
      meter.protected = true;
      return obey('cut', 3, foreign);
    case 'honestMeters': {
      const { keySeed } = world['options'].manifest;
      const forged = sealEnvelope({ v: 1, kind: 'ack' }, METER, meterKey(keySeed, '100000000002'));
      world.headEnd!.hear(`relight/v1/${meter.gateway}/up/${METER}/ack`, Buffer.from(forged));
    }
  }
}
