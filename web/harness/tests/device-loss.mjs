// A graphics device that is lost in the middle of learning costs time and nothing else. It is one with nothing but the
// guaranteed limits: what learns with it learns everywhere.

import assert from 'node:assert/strict';
import { exported, losses } from '../lib/run.mjs';
import { lesson } from '../lib/small-model.mjs';
import { LEAST } from '../lib/tiny.mjs';
import { like, t } from '../lib/words.mjs';

export const name = 'device-loss';
export const about = 'a run whose device is lost while it learns ends like an undisturbed one';
export const minutes = 20;
export const graphics = true;

/** A device in software compiles shaders for minutes, and those of a new device again. */
const LONG = 10 * 60_000;

/** So many steps that there is a middle to lose the device in. */
const RUN = { recipe: 'sft', device: 'gpu', settings: { ...LEAST, demonstrations: 16 }, brings: lesson(24) };

export async function test(stage) {
  const { page, lab } = await stage.open({ query: '?limits=minimum&device=gpu' });
  await lab.start(RUN);
  await lab.becomes('finished', LONG);
  const undisturbed = losses(exported(await lab.export()));
  assert(undisturbed.length > 1);
  stage.say(`${undisturbed.length} steps undisturbed`);

  const run = await lab.start(RUN);
  await lab.sees(lab.text(like('run.now', { verb: t('verb.learn') })), LONG);
  const [worker] = page.workers();
  await worker.evaluate(() => self.selfsame.devices.at(-1).destroy());
  await lab.sees(lab.text(/device was lost/));
  stage.say('lost');
  await lab.shows(run);
  await lab.becomes('finished', LONG);
  assert.deepEqual(losses(exported(await lab.export())), undisturbed);
}
