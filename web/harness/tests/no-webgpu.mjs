// A browser without WebGPU says that it will take longer, and computes on the processor.

import assert from 'node:assert/strict';
import { exported } from '../lib/run.mjs';

export const name = 'no-webgpu';
export const about = 'without WebGPU a run works on the processor, and the page says that it is slower';
export const minutes = 20;

export async function test(stage) {
  for (const how of [{ browser: { webgpu: false } }, { query: '?device=cpu' }]) {
    const { page, lab } = await stage.open(how);
    await lab.sees(lab.text(/offers no WebGPU.*slower/));
    const [worker] = page.workers();
    assert.equal(await worker.evaluate(async () => (await navigator.gpu?.requestAdapter()) ?? null), null);
    await lab.start({ settings: { 'loop.prompts': 10, 'loop.pairs': 16, 'options.held_out': 10 } });
    await lab.becomes('finished');
    const [started] = exported(await lab.export());
    assert.match(started.manifest.device, /^cpu/);
  }
}
