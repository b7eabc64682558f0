import { escapeHtml } from './html.js';
import type { Sequence, Step } from './sequences.js';

const LANE = 300;
const TOP = 56;
const ROW = 44;
const HALF_HEAD = 70;

/** A sequence as inline SVG, its colours from the page's style sheet, and the same as a list for whoever does not see it. */
export function sequenceFigure({ id, title, parties, steps }: Sequence): string {
  const width = parties.length * LANE;
  const height = TOP + steps.length * ROW + 24;
  const middle = (party: string): number => parties.indexOf(party) * LANE + LANE / 2;
  const heads = parties.map((party) => {
    const x = middle(party);
    return `<line class="life" x1="${x}" y1="40" x2="${x}" y2="${height - 8}"/><rect class="head" x="${x - HALF_HEAD}" y="8" width="${HALF_HEAD * 2}" height="32" rx="6"/><text class="party" x="${x}" y="29">${escapeHtml(party)}</text>`;
  });
  const drawn = steps.map((step, index) => drawStep(step, TOP + index * ROW + 26, middle));
  const words = steps.map((step) => `<li>${escapeHtml(inWords(step))}</li>`);
  return `<figure id="${id}"><figcaption>${escapeHtml(title)}</figcaption>
<div class="scroll" role="region" aria-label="${escapeHtml(title)}" tabindex="0"><svg class="sequence" role="img" aria-label="${escapeHtml(title)}; told in words below" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">
${heads.join('\n')}
${drawn.join('\n')}
</svg></div>
<details><summary>In words</summary><ol>${words.join('')}</ol></details></figure>`;
}

function drawStep({ from, to, text }: Step, y: number, middle: (party: string) => number): string {
  const x1 = middle(from);
  if (to === undefined)
    return `<rect class="act" x="${x1 - LANE / 2 + 4}" y="${y - 24}" width="${LANE - 8}" height="30" rx="4"/>${lines(text, x1, y - 5)}`;
  const x2 = middle(to);
  const tip = x2 > x1 ? x2 - 9 : x2 + 9;
  return `<line class="arrow" x1="${x1}" y1="${y}" x2="${tip}" y2="${y}"/><path class="tip" d="M${x2} ${y}L${tip} ${y - 5}V${y + 5}Z"/>${lines(text, (x1 + x2) / 2, y - 7)}`;
}

const lines = (text: string, x: number, y: number): string => `<text x="${x}" y="${y}">${escapeHtml(text)}</text>`;

const inWords = ({ from, to, text }: Step): string => (to ? `${from} to ${to}: ${text}` : `${from}: ${text}`);
