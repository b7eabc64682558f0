/** The page's style: system fonts, light and dark as the reader's system has it, printable, nothing fetched from elsewhere. */
export const CONTRACT_CSS = `
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #57606a; --line: #d0d7de; --paper: #ffffff; --tint: #f3f5f8; --accent: #0b5cad; --note: #fff6db; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e8eb; --soft: #a2abb5; --line: #3a424c; --paper: #14181d; --tint: #1e242b; --accent: #79b8ff; --note: #3a321a; }
}
* { box-sizing: border-box; }
html { scroll-behavior: smooth; }
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
body { margin: 0; color: var(--ink); background: var(--paper); font: 1rem/1.55 system-ui, "Segoe UI", "Noto Sans", "Noto Sans CJK SC", sans-serif; }
main, header, footer { max-width: 68rem; margin: 0 auto; padding: 0 1.25rem; }
header { padding-top: 2rem; }
h1 { margin: 0 0 .25rem; font-size: 1.9rem; line-height: 1.2; }
h2 { margin: 3rem 0 .75rem; padding-bottom: .3rem; border-bottom: 1px solid var(--line); font-size: 1.4rem; }
h3 { margin: 2.25rem 0 .25rem; font-size: 1.15rem; }
h4 { margin: 1.25rem 0 .25rem; font-size: 1rem; }
p { margin: .5rem 0; max-width: 48rem; }
.soft { color: var(--soft); font-weight: 400; }
a { color: var(--accent); }
a:focus-visible, summary:focus-visible, [tabindex]:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.skip { position: absolute; left: -999rem; }
.skip:focus { left: 1rem; top: 1rem; padding: .5rem 1rem; background: var(--paper); }
nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; margin: 1rem 0; padding: 0; list-style: none; }
code, pre { font-family: ui-monospace, "SFMono-Regular", Consolas, "Noto Sans Mono", monospace; font-size: .875em; }
pre { margin: .5rem 0; padding: .75rem 1rem; overflow-x: auto; background: var(--tint); border: 1px solid var(--line); border-radius: 6px; line-height: 1.45; }
.envelope pre { white-space: pre-wrap; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; margin: .75rem 0; }
table { width: 100%; border-collapse: collapse; font-size: .9rem; }
caption { text-align: left; color: var(--soft); padding-bottom: .35rem; }
th, td { padding: .4rem .6rem; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
thead th { background: var(--tint); white-space: nowrap; }
tbody th { font-weight: 600; }
.pattern { overflow-wrap: anywhere; }
.badge { display: inline-block; padding: 0 .5rem; border: 1px solid var(--line); border-radius: 1rem; background: var(--tint); font-size: .8rem; }
details { margin: .5rem 0; }
summary { cursor: pointer; color: var(--accent); width: fit-content; }
figure { margin: 1.5rem 0; }
figcaption { font-weight: 600; }
.sequence { display: block; max-width: none; }
.sequence text { fill: var(--ink); font: 13px system-ui, "Noto Sans", sans-serif; text-anchor: middle; }
.sequence .party { font-weight: 600; font-size: 14px; }
.sequence .head { fill: var(--tint); stroke: var(--line); }
.sequence .life { stroke: var(--line); stroke-dasharray: 4 4; }
.sequence .arrow { stroke: var(--accent); stroke-width: 1.5; }
.sequence .tip { fill: var(--accent); }
.sequence .act { fill: var(--note); stroke: var(--line); }
footer { margin-top: 3rem; padding-bottom: 3rem; color: var(--soft); }
@media (max-width: 40rem) {
  h1 { font-size: 1.5rem; }
  .topics thead { position: absolute; left: -999rem; }
  .topics tr, .topics td, .topics th { display: block; border: 0; padding: .1rem 0; }
  .topics tr { padding: .6rem 0; border-bottom: 1px solid var(--line); }
  .topics td::before { content: attr(data-name) ": "; color: var(--soft); }
}
@media print {
  :root { --ink: #000; --soft: #333; --line: #999; --paper: #fff; --tint: #fff; --note: #fff; --accent: #000; }
  nav, .skip { display: none; }
  .scroll, pre { overflow: visible; }
  pre { white-space: pre-wrap; overflow-wrap: anywhere; }
  .sequence { max-width: 100%; height: auto; }
  h2, h3, h4, figcaption { break-after: avoid; }
  tr, figure { break-inside: avoid; }
  details::details-content { content-visibility: visible; display: block; }
}
`;
