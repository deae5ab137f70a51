// A graphics device with nothing but the limits that the standard guarantees is enough for sampling and for a run, and
// its loss in the middle of learning costs time and nothing else. One test, because a device in software compiles
// shaders for minutes: what the first run has compiled the second one has, until it loses its device.

import assert from 'node:assert/strict';
import { exported } from '../lib/run.mjs';
import { lesson } from '../lib/small-model.mjs';
import { LEAST, TINY } from '../lib/tiny.mjs';
import { like, t } from '../lib/words.mjs';

export const name = 'least-device';
export const about = 'a graphics device with nothing but the guaranteed limits is enough, and its loss costs time alone';
export const minutes = 20;

/** A device in software compiles shaders for minutes, and those of a new device again. */
const LONG = 10 * 60_000;

/** What every device of the standard can do, and no feature that can be asked for. */
const GUARANTEED = {
  maxStorageBufferBindingSize: 128 << 20,
  maxStorageBuffersPerShaderStage: 8,
  maxComputeInvocationsPerWorkgroup: 256,
  asked: [],
};

/** So many steps that there is a middle to lose the device in. */
const RUN = { recipe: 'sft', settings: { ...LEAST, demonstrations: 16 }, brings: lesson(24) };

/** How far losses may be apart that the processor and a graphics device compute. */
const NEAR = 1e-4;

export async function test(stage) {
  const { page, lab } = await stage.open({
    query: '?limits=minimum&device=gpu',
    expected: [/the wgpu device was lost \(Destroyed\)/],
  });
  await lab.ask();
  const [worker] = page.workers();
  assert.deepEqual(await worker.evaluate(limits), GUARANTEED);
  await lab.start({ settings: TINY, device: 'gpu' });
  await lab.becomes('finished', LONG);
  const [{ manifest }] = exported(await lab.export());
  assert.match(manifest.device, /^gpu/);
  stage.say('a run with it has finished');

  // The processor is never lost, and computes the same in a moment.
  await lab.start({ ...RUN, device: 'cpu' });
  await lab.becomes('finished');
  const undisturbed = steps(await lab.export(), /^cpu/);

  const run = await lab.start({ ...RUN, device: 'gpu' });
  await lab.sees(lab.text(like('run.now', { verb: t('verb.learn') })), LONG);
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

/** What the device of the worker can do; is called there. */
function limits() {
  const { limits: have, features } = self.selfsame.devices.at(-1);
  const { maxStorageBufferBindingSize, maxStorageBuffersPerShaderStage, maxComputeInvocationsPerWorkgroup } = have;
  // What every device has is no feature to ask for.
  const asked = [...features].filter((feature) => feature !== 'core-features-and-limits');
  return { maxStorageBufferBindingSize, maxStorageBuffersPerShaderStage, maxComputeInvocationsPerWorkgroup, asked };
}

/** The steps of an exported run, which computed on such a device. */
function steps(file, device) {
  const events = exported(file);
  assert.match(events[0].manifest.device, device);
  return events.filter(({ event }) => event === 'step');
}
