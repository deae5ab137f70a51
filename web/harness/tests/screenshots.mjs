// Every main panel is drawn, on a telephone as on a large screen. `--shots DIR` keeps the pictures.

import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { colours, decode } from '../lib/png.mjs';
import { t } from '../lib/words.mjs';

export const name = 'screenshots';
export const about = 'every main panel shows something at three sizes';
export const minutes = 15;

const SIZES = [
  { width: 360, height: 740 },
  { width: 1280, height: 800 },
  { width: 1920, height: 1080 },
];

const PANELS = ['lessons', 'methods', 'compose', 'iterations', 'answers', 'judges', 'atlas', 'playground', 'ads'];

/** A panel with text and lines has more colours than this, from the edges of letters alone. */
const LEAST_COLOURS = 40;

/** The ground of a panel does not cover more. */
const MOST_GROUND = 0.97;

export async function test(stage) {
  const { shots } = stage.options;
  const rows = [['panel', 'size', 'colours', 'ground']];
  const { page, lab } = await stage.open({ browser: { context: { viewport: SIZES[0] } } });
  await lab.shows(t('app.recorded'));
  // The recorded run is shown like a film; this is its end, once all of it has been read.
  await page.locator('#view').focus();
  await page.keyboard.press('Alt+End');
  await lab.becomes('finished');
  await lab.rests(/^[\d,]+ \/ [\d,]+$/);
  for (const size of SIZES) {
    const { width, height } = size;
    await page.setViewportSize(size);
    const seen = new Set();
    for (const panel of PANELS) {
      await lab.go(panel);
      await page.waitForTimeout(1500);
      const png = await page.screenshot();
      const { count, most } = colours(decode(png));
      rows.push([panel, `${width}x${height}`, count, most.toFixed(3)]);
      assert(count > LEAST_COLOURS && most < MOST_GROUND, `${panel} at ${width}x${height} is blank`);
      seen.add(png.toString('latin1'));
      if (shots) {
        await mkdir(shots, { recursive: true });
        await writeFile(join(shots, `${panel}-${width}x${height}.png`), png);
      }
    }
    assert.equal(seen.size, PANELS.length, 'panels that look the same');
    const sideways = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
    assert(!sideways, `the page is wider than ${width}`);
  }
  stage.table(rows);
}
