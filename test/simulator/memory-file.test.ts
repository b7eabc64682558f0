import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TestBench } from './support/bench.js';
import { cut, manifest, METER, read, restore, seal, START_MS } from './support/fixtures.js';

let folder: string;
let memoryPath: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'relight-memory-'));
  memoryPath = join(folder, 'deep', 'meters.state');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('the permanent memory of a fleet', () => {
  test('survives the death of the process: sequence, last command, relay, arming and register', () => {
    const first = new TestBench({ memoryPath });
    const command = cut({ sequence: 41 });
    first.down(seal(command));
    first.wait(20);
    const arm = seal(restore({ sequence: 42, mode: 'arm' }));
    const [ack] = first.down(arm);
    // Nothing is closed: the process dies.

    const second = new TestBench({ memoryPath });
    expect(second.meter()).toMatchObject({ lastSequence: 42, relayClosed: false, reportedClosed: false, armed: true });
    expect(second.down(seal(command))[0]?.message).toMatchObject({ refusal: 'SEQUENCE', lastSequence: 42 });
    expect(second.down(arm)[0]?.message).toMatchObject({ result: 'accepted', duplicate: true, armed: true });
    expect(second.down(seal(read()))[0]?.message.energyWh).toBe(ack?.message.energyWh);
    expect(second.simulation.switchgear.press(second.meter(), 3_000)).toBe('closing');
    second.wait(20);
    expect(second.meter().relayLog).toHaveLength(1);
  });

  test('a command is in memory before it is acted on or acknowledged', () => {
    const bench = new TestBench({ memoryPath });
    let recorded = '';
    bench.simulation.receiver.receive('900000000001', METER, seal(cut({ sequence: 9 })), () => {
      recorded = readFileSync(memoryPath, 'utf8');
    });
    const [, , afterAccept] = recorded.split('\n');
    expect((JSON.parse(afterAccept ?? '') as unknown[]).slice(0, 4)).toEqual([METER, 9, expect.any(String), 1]);
  });

  test('an order under way when the process died is never carried out afterwards', () => {
    const first = new TestBench({ memoryPath });
    first.down(seal(cut({ sequence: 1 })));
    const second = new TestBench({ memoryPath });
    expect(second.wait(1_000)).toEqual([]);
    expect(second.down(seal(read()))[0]?.message).toMatchObject({ relay: 'closed', lastSequence: 1 });
  });

  test('the days already frozen are not sent again, those passed meanwhile are', () => {
    const first = new TestBench({ memoryPath });
    first.setClock(START_MS + 2 * 86_400_000);
    expect(first.pump()).toHaveLength(1);
    const second = new TestBench({ memoryPath });
    expect(second.pump()).toEqual([]);
    second.setClock(START_MS + 4 * 86_400_000);
    expect(second.pump()[0]?.message.readings).toHaveLength(2);
  });

  test('a manifest that knows a later sequence wins', () => {
    new TestBench({ memoryPath }).down(seal(cut({ sequence: 3 })));
    const later = new TestBench({ memoryPath, manifest: manifest({ meter: { lastSequence: 10 } }) });
    expect(later.meter().lastSequence).toBe(10);
  });

  test('a last line cut short by the crash is ignored; damage before it is not', () => {
    new TestBench({ memoryPath }).down(seal(cut({ sequence: 3 })));
    appendFileSync(memoryPath, '["100000000001",4,"');
    expect(new TestBench({ memoryPath }).meter().lastSequence).toBe(3);

    const text = readFileSync(memoryPath, 'utf8');
    writeFileSync(memoryPath, text.replace('["100000000001",3', '["100000000001",x'));
    expect(() => new TestBench({ memoryPath })).toThrow(/is damaged in line 2; delete it/);
  });

  test('the memory of another fleet is refused', () => {
    new TestBench({ memoryPath });
    expect(() => new TestBench({ memoryPath, manifest: { ...manifest(), keySeed: 'another-fleet' } })).toThrow(
      /another fleet/,
    );
  });

  test('stays small: the file is written anew when it has grown', () => {
    const bench = new TestBench({ memoryPath });
    const { memory } = bench.simulation.context;
    for (let write = 0; write < 100_005; write += 1) memory.write(bench.meter());
    expect(statSync(memoryPath).size).toBeLessThan(10_000);
    expect(new TestBench({ memoryPath }).meter().serial).toBe(METER);
  });

  test('opening a memory writes nothing that was not there: two openings, one content', () => {
    new TestBench({ memoryPath }).down(seal(cut({ sequence: 3 })));
    new TestBench({ memoryPath });
    const once = readFileSync(memoryPath, 'utf8');
    new TestBench({ memoryPath });
    expect(readFileSync(memoryPath, 'utf8')).toBe(once);
  });
});
