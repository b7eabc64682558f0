import { loadScenario, scenarioPath } from './scenario.js';
import { ownPostgres, setStage, takeDown, type Undo } from './stage.js';
import { openDistrict } from './opening.js';
import { Player } from './player.js';
import pg from 'pg';
const spent = new Map<string, [number, number]>();
const proto = pg.Client.prototype as unknown as { query: (...a: unknown[]) => unknown };
const orig = proto.query;
proto.query = function (this: unknown, ...a: unknown[]) {
  const s0 = performance.now();
  const name = (a[0] as { name?: string }).name ?? String(a[0]).slice(0, 20);
  const note = () => { const e = spent.get(name) ?? [0, 0]; e[0] += performance.now() - s0; e[1] += 1; spent.set(name, e); };
  const cb = a.at(-1);
  if (typeof cb === 'function') { a[a.length - 1] = (...r: unknown[]) => { note(); (cb as (...r: unknown[]) => void)(...r); }; return orig.apply(this, a); }
  const r = orig.apply(this, a) as Promise<unknown>;
  void r?.then?.(note, note);
  return r;
};
const undo: Undo = [];
try {
  const t0 = performance.now();
  const t = (s: string) => console.log(((performance.now() - t0) / 1000).toFixed(2), s);
  const scenario = { ...loadScenario(scenarioPath('month')), accounts: Number(process.argv[2] ?? 60) };
  const url = await ownPostgres(undo);
  t('pg');
  const stage = await setStage(url, scenario, undo);
  t('stage');
  const h = await openDistrict(stage.ctx, scenario, stage.startsAt, () => undefined);
  t('world');
  spent.clear();
  const p = await Player.open(stage, scenario, h);
  await p.play(async (day) => t(`${day} steps ${p.steps}`));
  console.table([...spent].sort((a, b) => b[1][0] - a[1][0]).slice(0, 45).map(([n, [ms, k]]) => ({ n, ms: Math.round(ms), k, each: (ms / k).toFixed(2) })));
  const q = async (x: string) => console.table((await stage.ctx.db.pool.query(x)).rows);
  await q(`SELECT operation, state, failure_code, count(*) FROM switch_command GROUP BY 1,2,3 ORDER BY 1,2,3`);
  await q(`SELECT coalesce(step_code,purpose) step, channel, state, failure_code, count(*) FROM notice GROUP BY 1,2,3,4 ORDER BY 1,2,3,4`);
  await q(`SELECT kind, outcome, count(*) FROM hold GROUP BY 1,2 ORDER BY 1,2`);
  await q(`SELECT state, ending_code, planned_for, size FROM cut_batch ORDER BY planned_for`);
  await q(`SELECT code, count(*) FROM uplink_quarantine GROUP BY 1`);
} finally { await takeDown(undo); }
