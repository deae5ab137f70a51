// A new version of the page comes with the load after the one that found it, whole.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { until } from '../lib/until.mjs';

export const name = 'update';
export const about = 'a new version takes over at the next load, and only what is new is loaded';
export const minutes = 5;

export async function test(stage) {
  const { server, page, lab } = await stage.open();
  const title = () => page.title();
  await lab.kept();
  const before = await title();

  const read = (name) => readFileSync(join(stage.options.site, name), 'utf8');
  const index = read('index.html').replace('<title>Selfsame', '<title>Selfsame, renewed');
  const hash = (text) => createHash('sha256').update(text).digest('hex').slice(0, 16);
  const renewed = read('sw.js')
    .replace(hash(read('index.html')), hash(index))
    .replace(/VERSION = '\w+'/, "VERSION = 'renewed'");
  server.instead.set('index.html', Buffer.from(index));
  server.instead.set('sw.js', Buffer.from(renewed));
  const sent = server.log.length;

  await page.reload();
  await lab.drawn();
  assert.equal(await title(), before, 'the page that is there stays whole');
  const waiting = async () => (await navigator.serviceWorker.getRegistration())?.waiting?.state === 'installed';
  await until('the new version waits', () => page.evaluate(waiting));
  const loaded = server.log.slice(sent).filter(({ status }) => status === 200);
  assert.deepEqual([...new Set(loaded.map(({ name }) => name))].sort(), ['index.html', 'sw.js']);

  await page.reload();
  await page.waitForFunction((before) => document.title !== before && document.title !== '', before);
  await lab.drawn();
  assert.match(await title(), /renewed/);
  const kept = await page.evaluate(() => caches.keys());
  assert.equal(kept.length, 1, kept.join(', '));
}
