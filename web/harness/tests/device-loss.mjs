// A graphics device that is lost in the middle of learning costs time and nothing else. It is one with nothing but the
// guaranteed limits: what learns with it learns everywhere.

import assert from 'node:assert/strict';
import { exported } from '../lib/run.mjs';
import { lesson } from '../lib/small-model.mjs';
import { LEAST } from '../lib/tiny.mjs';
import { like, t } from '../lib/words.mjs';

export const name = 'device-loss';
export const about = 'a run whose device is lost while it learns ends like one of the processor';
export const minutes = 10;

/** A device in software compiles shaders for minutes, and those of a new device again. */
const LONG = 10 * 60_000;

/** So many steps that there is a middle to lose the device in. */
const RUN = { recipe: 'sft', settings: { ...LEAST, demonstrations: 16 }, brings: lesson(24) };

/** How far losses may be apart that the processor and a graphics device compute. */
const NEAR = 1e-4;

export async function test(stage) {
  const { page, lab } = await stage.open({
    query: '?limits=minimum&device=gpu',
    expected: [/the wgpu device was lost \(Destroyed\)/],
  });
  // The processor is never lost, and computes the same in a moment.
  await lab.start({ ...RUN, device: 'cpu' });
  await lab.becomes('finished');
  const undisturbed = steps(await lab.export(), /^cpu/);

  const run = await lab.start({ ...RUN, device: 'gpu' });
  await lab.sees(lab.text(like('run.now', { verb: t('verb.learn') })), LONG);
  const [worker] = page.workers();
  await worker.evaluate(() => self.selfsame.devices.at(-1).destroy());
  await lab.sees(lab.text(/device was lost/));
  stage.say('lost');
  await lab.shows(run);
  await lab.becomes('finished', LONG);
  const disturbed = steps(await lab.export(), /^gpu/);
  assert.equal(disturbed.length, undisturbed.length);
  const apart = Math.max(...disturbed.map(({ loss }, index) => Math.abs(loss - undisturbed[index].loss)));
  stage.say(`${disturbed.length} losses, at most ${apart.toExponential(1)} from those of the processor`);
  assert(disturbed.length > 1 && apart < NEAR);
}

/** The steps of an exported run, which computed on such a device. */
function steps(file, device) {
  const events = exported(file);
  assert.match(events[0].manifest.device, device);
  return events.filter(({ event }) => event === 'step');
}
