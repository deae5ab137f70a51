// The least graphics device that the standard allows is enough for sampling and for a run.

import assert from 'node:assert/strict';
import { exported } from '../lib/run.mjs';
import { TINY } from '../lib/tiny.mjs';

export const name = 'limits';
export const about = 'a graphics device with nothing but the guaranteed limits is enough';
export const minutes = 10;

export async function test(stage) {
  const { page, lab } = await stage.open({ query: '?limits=minimum&device=gpu' });
  await lab.ask();
  const [worker] = page.workers();
  const device = await worker.evaluate(() => {
    const { limits, features } = self.selfsame.devices.at(-1);
    const { maxStorageBufferBindingSize, maxStorageBuffersPerShaderStage, maxComputeInvocationsPerWorkgroup } = limits;
    // What every device has is no feature to ask for.
    const asked = [...features].filter((name) => name !== 'core-features-and-limits');
    return { maxStorageBufferBindingSize, maxStorageBuffersPerShaderStage, maxComputeInvocationsPerWorkgroup, asked };
  });
  assert.deepEqual(device, {
    maxStorageBufferBindingSize: 128 << 20,
    maxStorageBuffersPerShaderStage: 8,
    maxComputeInvocationsPerWorkgroup: 256,
    asked: [],
  });
  await lab.start({ settings: TINY, device: 'gpu' });
  await lab.becomes('finished', 50 * 60_000);
  const [started] = exported(await lab.export());
  assert.match(started.manifest.device, /^gpu/);
  // An error of the device would be a complaint on the console, which no test allows.
}
