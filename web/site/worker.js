// The engine's end: loads its module and lets it work. What the page says before the module listens
// waits here, in order.

import { DownloadError, bytes, wasm } from './download.js';
import { watch } from './gpu.js';

/** What tests look at. */
self.selfsame = { devices: [] };

const waiting = [];
const hold = (event) => {
  event.stopImmediatePropagation();
  waiting.push(event.data);
};
self.addEventListener('message', hold);

/** Tells the page that the engine cannot go on. */
const fail = (error) => postMessage({ kind: 'failed', problem: String(error?.message ?? error) });

// An error in a task of the module would go nowhere, and the page would wait for ever.
self.addEventListener('unhandledrejection', (event) => fail(event.reason));

/** The bytes of a file of the page, such as `starter/config.json`. */
async function asset(name) {
  try {
    return await bytes(name.endsWith('.json') ? `assets/${name}` : `assets/${name}.gz`);
  } catch (error) {
    // The module words errors of the browser's own kind.
    if (error instanceof DownloadError) throw new DOMException(error.message, 'NetworkError');
    throw error;
  }
}

async function begin() {
  watch(new URLSearchParams(self.name), self.selfsame.devices);
  const [engine, module] = await Promise.all([
    import('./pkg/worker/selfsame_web.js'),
    wasm('pkg/worker/selfsame_web_bg.wasm.gz'),
  ]);
  await engine.default({ module_or_path: module });
  await engine.work(asset);
  self.removeEventListener('message', hold);
  for (const data of waiting.splice(0)) self.dispatchEvent(new MessageEvent('message', { data }));
}

begin().catch(fail);
