import pg from 'pg';
import { examineHistories } from './histories-exam.js';
test('prof', async () => {
  const spent = new Map<string, [number, number]>();
  const proto = pg.Client.prototype as unknown as { query: (...a: unknown[]) => unknown };
  const orig = proto.query;
  proto.query = function (...a: unknown[]) {
    const t = performance.now();
    const q = a[0] as { name?: string; text?: string } | string;
    const k = typeof q === 'string' ? q.slice(0, 40) : (q.name ?? (q.text ?? '').slice(0, 40));
    const r = orig.apply(this, a) as Promise<unknown>;
    if (r && typeof r.then === 'function') void r.then(() => { const s = spent.get(k) ?? [0, 0]; s[0] += performance.now() - t; s[1] += 1; spent.set(k, s); }, () => undefined);
    return r;
  };
  try { await examineHistories({ firstSeed: 2, tables: 1, accounts: 150, days: 25 }); } finally {
    console.log([...spent].sort((a, b) => b[1][0] - a[1][0]).slice(0, 28).map(([k, [ms, n]]) => `${Math.round(ms)} ms ${n}× ${k}`).join('\n'));
  }
}, 300000);
