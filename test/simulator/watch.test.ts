import { watchLine, watchTable, type Watched } from '../../simulator/cli/watch-table.js';

const counters = {
  received: 200,
  accepted: 190,
  duplicates: 0,
  refused: [
    { code: 'SEQUENCE', count: 6 },
    { code: 'EXPIRED', count: 0 },
  ],
  invalid: 0,
  reads: 10,
  sent: { ack: 196, state: 380, reading: 0, event: 2, frames: 0 },
  relayMovements: 190,
};

const watched: Watched = {
  activity: {
    intervalMs: 2_000,
    change: counters,
    summary: {
      virtualTime: '2026-01-31T16:00:00.000Z',
      timeScaleMillis: 10_000_000,
      clockFollowed: true,
      gateways: 50,
      gatewaysOnline: 47,
      meters: 10_000,
      metersOnline: 9_400,
      closed: 9_810,
      open: 190,
      armed: 3,
      faults: 7,
      lastProblem: 'nothing listens at 127.0.0.1:1883',
      counters,
    },
  },
  faults: Array.from({ length: 7 }, (_, index) => ({
    id: `f${index + 1}`,
    name: 'lossUp',
    target: { all: null, share: 0.1 },
    parameters: [{ name: 'rate', value: '0.5' }],
    forMs: index === 0 ? 60_000 : null,
  })),
  away: [{ gateway: '900000000007', state: 'WAITING', meters: 200, closed: 200, armed: 0, pending: 12 }],
  awayTotal: 3,
  moves: [
    { meter: '100000000001', movement: { at: '2026-01-31T15:59:59.120Z', to: 'OPEN', cause: 'COMMAND', sequence: 7 } },
    { meter: '100000000002', movement: { at: '2026-01-31T15:59:59.940Z', to: 'CLOSED', cause: 'BUTTON', sequence: 8 } },
  ],
};

test('the table tells time, gateways, meters, rates, faults, who is away, and the last relays, newest first', () => {
  expect(watchTable(watched)).toEqual([
    "time       2026-01-31T16:00:00.000Z  10000 ×  the head-end's",
    'gateways   47/50 online · nothing listens at 127.0.0.1:1883',
    'meters     9400/10000 online · 9810 closed · 190 open · 3 armed',
    'down /s    100 received · 95 accepted · 5 reads · refused SEQUENCE 3',
    'up /s      98 acks · 190 states · 0 readings · 1 events · 0 frames',
    'relays /s  95',
    'faults     f1 lossUp rate=0.5 on share 0.1 for 60000 ms',
    ...[2, 3, 4, 5, 6].map((number) => `           f${number} lossUp rate=0.5 on share 0.1`),
    '           … and 1 more',
    'away       900000000007 waiting, 200 meters, 12 messages waiting',
    '           … and 2 more',
    'moved      15:59:59.940 100000000002 closed by button 8',
    '           15:59:59.120 100000000001 opened by command 7',
  ]);
});

test('one line says the same where nothing can be written over', () => {
  expect(watchLine(watched)).toBe(
    'online 9400/10000 · closed 9810 · open 190 · armed 3 · accepted 190 · refused SEQUENCE 6, EXPIRED 0 · sent 578 · faults 7 · down 100/s · up 289/s · away 3 gateways',
  );
  expect(watchLine({ ...watched, activity: undefined })).toBe('');
});
