// Begins the page: looks whether the browser can do it, loads the page's module, hands it the canvas.

import { DownloadError, wasm } from './download.js';
import { takeDrops } from './files.js';
import { host, prepare } from './host.js';
import * as loading from './loading.js';
import { keepForLater } from './offline.js';

/** Why it cannot begin, as a key of the words with its values. */
class Obstacle extends Error {
  constructor(key, values = {}) {
    super(key);
    this.values = values;
  }
}

/** Finds out what is missing before anything large is loaded. */
function check() {
  const missing = ['WebAssembly', 'TransformStream', 'Worker'].find((name) => globalThis[name] === undefined);
  if (missing) throw new Obstacle('too_old', { what: missing });
  const context = document.createElement('canvas').getContext('webgl2');
  if (!context) throw new Obstacle('no_webgl');
  // Browsers allow few contexts; this one is not needed any more.
  context.getExtension('WEBGL_lose_context')?.loseContext();
}

async function begin() {
  check();
  const loadEngine = prepare();
  const [page, module] = await Promise.all([
    import('./pkg/page/selfsame_page.js'),
    wasm('pkg/page/selfsame_page_bg.wasm.xz', (done, all) => {
      loading.progress(done, all);
      if (done === all) loadEngine();
    }),
  ]);
  loading.beginning();
  await page.default({ module_or_path: module });
  // A trap leaves the module in pieces; without a word the picture would only stand still.
  const stopped = (error) => {
    if (error instanceof WebAssembly.RuntimeError) loading.fail('stopped', { what: error.message });
  };
  addEventListener('error', (event) => stopped(event.error));
  addEventListener('unhandledrejection', (event) => stopped(event.reason));

  const canvas = document.getElementById('view');
  const give = (purpose, items) => items.length > 0 && page.files(purpose, items);
  takeDrops(canvas, give);
  // Only once the engine is there: what is kept for later is not to delay what is needed now.
  await page.open(canvas, document.getElementById('mirror'), host(give, keepForLater));
  loading.done();
}

try {
  await begin();
} catch (error) {
  console.error(error);
  if (error instanceof Obstacle) loading.fail(error.message, error.values);
  else if (error instanceof DownloadError) loading.fail('no_download', { what: error.message });
  else loading.fail('refused', { what: String(error?.message ?? error) });
}
