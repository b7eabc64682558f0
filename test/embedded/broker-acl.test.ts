import { mayReceive, rulesFor, whyNotPublish, whyNotSubscribe } from '../../src/embedded/broker-acl.js';
import type { Principal } from '../../src/embedded/topic-rights.js';

const A = '000000000001';
const B = '000000000002';
const METER = '110000000007';

const rules = {
  gateway: rulesFor({ kind: 'gateway', gateway: A }),
  'head-end': rulesFor({ kind: 'head-end' }),
};
type Who = keyof typeof rules;

test.each<[Who, string, boolean, 'allowed' | 'denied']>([
  ['gateway', `relight/v1/${A}/up/${METER}/ack`, false, 'allowed'],
  ['gateway', `relight/v1/${A}/up/${METER}/state`, false, 'allowed'],
  ['gateway', `relight/v1/${A}/up/${METER}/reading`, false, 'allowed'],
  ['gateway', `relight/v1/${A}/up/${METER}/event`, false, 'allowed'],
  ['gateway', `relight/v1/${A}/up/${A}/frames`, false, 'allowed'],
  ['gateway', `relight/v1/${A}/up/${METER}/frames`, false, 'denied'],
  ['gateway', `relight/v1/${A}/status`, false, 'allowed'],
  ['gateway', `relight/v1/${A}/status`, true, 'allowed'],
  ['gateway', `relight/v1/${A}/up/${METER}/state`, true, 'denied'],
  ['gateway', `relight/v1/${A}/up/${METER}/other`, false, 'denied'],
  ['gateway', `relight/v1/${A}/up/${METER}/ack/more`, false, 'denied'],
  ['gateway', `relight/v1/${A}/up/${METER}`, false, 'denied'],
  ['gateway', `relight/v1/${A}/up/12345/ack`, false, 'denied'],
  ['gateway', `relight/v1/${A}/up/${METER}0/ack`, false, 'denied'],
  ['gateway', `relight/v1/${A}/up/１１００００００００07/ack`, false, 'denied'],
  ['gateway', `relight/v1/${B}/up/${METER}/ack`, false, 'denied'],
  ['gateway', `relight/v1/${B}/status`, true, 'denied'],
  ['gateway', `relight/v1/${A}/down/${METER}`, false, 'denied'],
  ['gateway', `relight/v1/${A}/clock`, false, 'denied'],
  ['gateway', `/relight/v1/${A}/status`, false, 'denied'],
  ['gateway', `relight/v2/${A}/status`, false, 'denied'],
  ['gateway', '$SYS/broker/status', false, 'denied'],
  ['gateway', '', false, 'denied'],
  ['head-end', `relight/v1/${A}/down/${METER}`, false, 'allowed'],
  ['head-end', `relight/v1/${A}/down/${METER}`, true, 'denied'],
  ['head-end', `relight/v1/${A}/clock`, true, 'allowed'],
  ['head-end', `relight/v1/${A}/clock`, false, 'allowed'],
  ['head-end', `relight/v1/A/down/${METER}`, false, 'denied'],
  ['head-end', `relight/v1/${A}/up/${METER}/ack`, false, 'denied'],
  ['head-end', `relight/v1/${A}/status`, true, 'denied'],
])('publish: %s, %s, retained %s: %s', (who, topic, retain, verdict) => {
  expect(whyNotPublish(rules[who], topic, retain) === undefined ? 'allowed' : 'denied').toBe(verdict);
});

test.each<[Who, string, 'allowed' | 'denied']>([
  ['gateway', `relight/v1/${A}/down/#`, 'allowed'],
  ['gateway', `relight/v1/${A}/down/+`, 'allowed'],
  ['gateway', `relight/v1/${A}/down/${METER}`, 'allowed'],
  ['gateway', `relight/v1/${A}/clock`, 'allowed'],
  ['gateway', `relight/v1/${A}/#`, 'denied'],
  ['gateway', `relight/v1/${A}/+`, 'denied'],
  ['gateway', `relight/v1/${A}/+/${METER}`, 'denied'],
  ['gateway', `relight/v1/${A}/up/${METER}/ack`, 'denied'],
  ['gateway', `relight/v1/${B}/down/#`, 'denied'],
  ['gateway', `relight/v1/+/down/${METER}`, 'denied'],
  ['gateway', 'relight/v1/+/clock', 'denied'],
  ['gateway', '#', 'denied'],
  ['gateway', '+/+/+/+', 'denied'],
  ['gateway', '$SYS/#', 'denied'],
  ['gateway', `$share/x/relight/v1/${A}/down/#`, 'denied'],
  ['head-end', 'relight/v1/+/up/+/+', 'allowed'],
  ['head-end', 'relight/v1/+/up/+/ack', 'allowed'],
  ['head-end', `relight/v1/${A}/up/+/#`, 'allowed'],
  ['head-end', 'relight/v1/+/status', 'allowed'],
  ['head-end', 'relight/v1/+/up/#', 'denied'],
  ['head-end', 'relight/v1/#', 'denied'],
  ['head-end', 'relight/v1/+/down/+', 'denied'],
  ['head-end', 'relight/v1/+/clock', 'denied'],
  ['head-end', '#', 'denied'],
])('subscribe: %s, %s: %s', (who, filter, verdict) => {
  expect(whyNotSubscribe(rules[who], filter) === undefined ? 'allowed' : 'denied').toBe(verdict);
});

test.each<[Who, string, boolean]>([
  ['gateway', `relight/v1/${A}/down/${METER}`, true],
  ['gateway', `relight/v1/${A}/clock`, true],
  ['gateway', `relight/v1/${A}/down/${A}`, true],
  ['head-end', `relight/v1/${A}/up/${A}/frames`, true],
  ['gateway', `relight/v1/${B}/down/${METER}`, false],
  ['gateway', `relight/v1/${A}/up/${METER}/ack`, false],
  ['gateway', '$refused', false],
  ['head-end', `relight/v1/${B}/up/${METER}/reading`, true],
  ['head-end', `relight/v1/${B}/status`, true],
  ['head-end', `relight/v1/${B}/down/${METER}`, false],
])('receive: %s, %s: %s', (who, topic, expected) => {
  expect(mayReceive(rules[who], topic)).toBe(expected);
});

test.each(['+', '#', '', 'relight', '00000000001', '0000000000011'])(
  'a gateway named "%s" is no gateway: a wildcard would open every topic',
  (gateway) => {
    const principal: Principal = { kind: 'gateway', gateway };
    expect(() => rulesFor(principal)).toThrow(/12 decimal digits/);
  },
);
