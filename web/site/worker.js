// The engine's end: loads its module and lets it work. What the page says before the module listens
// waits here, in order.

import { DownloadError, bytes, wasm } from './download.js';
import { watch } from './gpu.js';

/** What tests look at. */
self.selfsame = { devices: [] };

/** Is fulfilled when the engine may be loaded. */
let load;
const loading = new Promise((done) => {
  load = done;
});

/** Is fulfilled when the page listens. */
let hear;
const heard = new Promise((done) => {
  hear = done;
});

const waiting = [];
const hold = (event) => {
  event.stopImmediatePropagation();
  if (event.data.kind === 'load') load();
  else if (event.data.kind === 'begin') hear();
  else waiting.push(event.data);
};
self.addEventListener('message', hold);

/** Tells the page that the engine cannot go on. */
async function fail(error) {
  await heard;
  postMessage({ kind: 'failed', problem: String(error?.message ?? error) });
}

// An error in a task of the module would go nowhere, and the page would wait for ever.
self.addEventListener('unhandledrejection', (event) => fail(event.reason));

const fetched = (name) => bytes(name.endsWith('.json') ? `assets/${name}` : `assets/${name}.xz`);

/** What is sure to be asked for, and comes while the module is compiled. */
const coming = new Map();

function loadStarter() {
  for (const name of ['config.json', 'tokenizer.json', 'model.safetensors'].map((name) => `starter/${name}`)) {
    // Whoever asks for it tries again, and hears why it does not come.
    coming.set(name, fetched(name).catch(() => undefined));
  }
}

/** The bytes of a file of the page, such as `starter/config.json`. */
async function asset(name) {
  try {
    const early = await coming.get(name);
    coming.delete(name);
    return early ?? (await fetched(name));
  } catch (error) {
    // The module words errors of the browser's own kind.
    if (error instanceof DownloadError) throw new DOMException(error.message, 'NetworkError');
    throw error;
  }
}

async function begin() {
  watch(new URLSearchParams(self.name), self.selfsame.devices);
  await loading;
  const [engine, module] = await Promise.all([
    import('./pkg/worker/selfsame_web.js'),
    wasm('pkg/worker/selfsame_web_bg.wasm.xz', (done, all) => {
      if (done !== all) return;
      performance.mark('module-came');
      loadStarter();
    }),
  ]);
  performance.mark('module-compiled');
  await engine.default({ module_or_path: module });
  await heard;
  await engine.work(asset);
  self.removeEventListener('message', hold);
  for (const data of waiting.splice(0)) self.dispatchEvent(new MessageEvent('message', { data }));
}

begin().catch(fail);
