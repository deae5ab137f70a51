// Tables for people.

/** Rows of texts or numbers below each other; the first row is the heading. */
export function table(rows) {
  const texts = rows.map((row) => row.map((cell) => String(cell)));
  const widths = texts[0].map((_, column) => Math.max(...texts.map((row) => row[column].length)));
  const numeric = widths.map((_, column) => texts.slice(1).every((row) => /^[-\d]/.test(row[column])));
  const cell = (text, column) => (numeric[column] ? text.padStart(widths[column]) : text.padEnd(widths[column]));
  return texts.map((row) => row.map(cell).join('  ').trimEnd()).join('\n');
}
