// A graphics device that is lost in the middle of learning costs time and nothing else.

import assert from 'node:assert/strict';
import { exported, losses } from '../lib/run.mjs';
import { TINY } from '../lib/tiny.mjs';
import { like, t } from '../lib/words.mjs';

export const name = 'device-loss';
export const about = 'a run whose device is lost while it learns ends like an undisturbed one';
export const minutes = 90;
export const long = true;

/** A device in software compiles shaders for minutes. */
const LONG = 40 * 60_000;

export async function test(stage) {
  const { page, lab } = await stage.open({ query: '?device=gpu' });
  const settings = { ...TINY, 'loop.pairs': 8 };
  await lab.start({ settings, device: 'gpu' });
  await lab.becomes('finished', LONG);
  const undisturbed = losses(exported(await lab.export()));
  assert(undisturbed.length > 1);

  const run = await lab.start({ settings, device: 'gpu' });
  await lab.sees(lab.text(like('run.now', { verb: t('verb.learn') })), LONG);
  const [worker] = page.workers();
  await worker.evaluate(() => self.selfsame.devices.at(-1).destroy());
  await lab.sees(lab.text(/device was lost/));
  await lab.shows(run);
  await lab.becomes('finished', LONG);
  assert.deepEqual(losses(exported(await lab.export())), undisturbed);
}
