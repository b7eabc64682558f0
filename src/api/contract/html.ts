/** Text as it may stand in HTML, attributes included. */
export const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

/** A line of prose: escaped, with `code` between backquotes. */
export const prose = (text: string): string => escapeHtml(text).replace(/`([^`]+)`/g, '<code>$1</code>');

/** A topic that may break after its slashes, so that a table of topics fits on a phone. */
export const topicHtml = (topic: string): string => `<code>${escapeHtml(topic).replaceAll('/', '/<wbr>')}</code>`;

/** JSON as a person reads it. */
export const jsonHtml = (value: unknown): string =>
  `<pre tabindex="0"><code>${escapeHtml(JSON.stringify(value, null, 2))}</code></pre>`;
