// The words of the views, from the same tables that the views have, so that tests go on finding a
// control when it is renamed.

import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const FOLDER = fileURLToPath(new URL('../../../assets/words/en/', import.meta.url));

/** Every text by its name, such as `run.stop`. The tables hold nothing but sections and strings. */
function read() {
  const texts = new Map();
  for (const file of readdirSync(FOLDER).filter((name) => name.endsWith('.toml'))) {
    let section = '';
    for (const line of readFileSync(FOLDER + file, 'utf8').split('\n')) {
      section = line.match(/^\[(\w+)\]$/)?.[1] ?? section;
      const [, key, text] = line.match(/^(\w+) = (".*")$/) ?? [];
      if (key) texts.set(`${section}.${key}`, JSON.parse(text));
    }
  }
  return texts;
}

const texts = read();

/** A text with its values. */
export function t(key, values = {}) {
  const text = texts.get(key);
  if (text === undefined) throw new Error(`there are no words for ${key}`);
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

/** What a text looks like whatever its other values are. */
export function like(key, values = {}) {
  const parts = t(key, values).split(/\{\w+\}/);
  return new RegExp(`^${parts.map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')).join('.+')}$`);
}
