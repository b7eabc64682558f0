import { contractPage } from '../../src/api/contract/page.js';
import { readContract } from '../../src/api/contract/read-contract.js';
import { SEQUENCES } from '../../src/api/contract/sequences.js';
import { listFiles, readProjectFile } from '../support/source-files.js';
import { startTestApi, type TestApi } from './support/test-api.js';

let api: TestApi;
let page: string;
beforeAll(async () => {
  api = await startTestApi();
  page = await (await fetch(`${api.url}/contract`)).text();
});
afterAll(() => api.stop());

test('the page is served to everybody, with a policy under which nothing runs and nothing is fetched', async () => {
  const answer = await fetch(`${api.url}/contract`);
  expect(answer.status).toBe(200);
  expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
  expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'; style-src 'self';");
  expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
  const again = await fetch(`${api.url}/contract`, { headers: { 'if-none-match': answer.headers.get('etag')! } });
  expect(again.status).toBe(304);
});

test('it keeps to that policy by itself: no script, no inline style, no address of another host', () => {
  expect(page).not.toMatch(/<script|\sstyle=|\son\w+=|@import/i);
  const addresses = [...page.matchAll(/\s(?:href|src)="([^"]*)"/g)].map(([, address]) => address!);
  expect(addresses.filter((address) => !/^(#|\/contract\/|data:,)/.test(address))).toEqual([]);
});

test('every address on it leads somewhere', async () => {
  const addresses = new Set([...page.matchAll(/\shref="([^"]*)"/g)].map(([, address]) => address!));
  const ids = new Set([...page.matchAll(/\sid="([^"]*)"/g)].map(([, id]) => `#${id}`));
  for (const address of addresses) {
    if (address.startsWith('#')) expect(ids).toContain(address);
    else if (address.startsWith('/'))
      expect([address, (await fetch(api.url + address)).status]).toEqual([address, 200]);
  }
  expect(addresses.size).toBeGreaterThan(25);
});

test('below it are the very files that are used at run time, and nothing else', async () => {
  const names = [...listFiles('schema/mqtt')].filter((path) => /\.(json|yaml)$/.test(path));
  expect(names).toHaveLength(13);
  for (const path of names)
    expect(await (await fetch(`${api.url}/contract/${path.split('/').pop()}`)).text()).toBe(readProjectFile(path));
  for (const file of ['README.md', '..%2f..%2fpackage.json', 'fleet.schema.json', '__proto__'])
    expect((await fetch(`${api.url}/contract/${file}`)).status).toBe(404);
});

test('it tells every topic, every message, every member of every schema, and every example', () => {
  const contract = readContract();
  const text = page.replaceAll('<wbr>', '');
  for (const { address } of contract.topics) expect(text).toContain(`<code>${address}</code>`);
  for (const { key, title, schemaFile, examples } of contract.messages) {
    const article = new RegExp(`<article id="${key}">[\\s\\S]*?</article>`).exec(text)![0];
    expect(article).toContain(`<h3>${title} `);
    for (const member of Object.keys(contract.schemas.get(schemaFile)!.properties!))
      expect(article).toContain(`<th scope="row"><code>${member}</code></th>`);
    for (const { name } of examples) expect(article).toContain(`<h4>Example: ${name}</h4>`);
  }
  expect(contract.messages.map(({ schemaFile }) => schemaFile)).toHaveLength(contract.schemas.size - 1);
});

test('the same contract gives the same bytes', () => {
  expect(contractPage(readContract())).toBe(page);
});

test('what stands in the contract is shown, never obeyed', () => {
  const contract = readContract();
  const evil = '<img src=x onerror=alert(1)>"\'&';
  const [first, ...others] = contract.messages;
  const shown = contractPage({
    ...contract,
    title: evil,
    messages: [{ ...first!, title: evil, summary: evil, signedBy: evil }, ...others],
  });
  expect(shown).not.toContain('<img');
});

test('it can be walked through: one h1, no level left out, every table with headings, every picture told in words', () => {
  const levels = [...page.matchAll(/<h([1-6])/g)].map(([, level]) => Number(level));
  expect(levels.filter((level) => level === 1)).toHaveLength(1);
  expect(levels.filter((level, index) => index > 0 && level > levels[index - 1]! + 1)).toEqual([]);
  for (const [table] of page.matchAll(/<table[\s\S]*?<\/table>/g)) expect(table).toMatch(/<th scope="col">/);
  expect(page.match(/<svg [^>]*role="img" aria-label="/g)).toHaveLength(SEQUENCES.length);
  for (const { steps } of SEQUENCES) for (const { text } of steps) expect(page.split(text).length).toBeGreaterThan(2);
  expect(page).toContain('<html lang="en">');
});

test.each(SEQUENCES.map((sequence) => [sequence.id, sequence] as const))(
  'in the diagram of %s only parties act that are there, and words fit their place',
  (_id, { parties, steps }) => {
    for (const { from, to, text } of steps) {
      expect(parties).toContain(from);
      if (to) expect(parties).toContain(to);
      expect(text.length).toBeLessThanOrEqual(to ? 52 : 43);
    }
  },
);
