// What the page's module asks of the browser.

import { address, bytes } from './download.js';
import { pick, save } from './files.js';

let prepared;

/**
 * Begins a worker before the engine is asked for. What is returned makes it load the engine; called once nothing
 * more is to come for the first frame, the engine comes while that frame is made.
 */
export function prepare() {
  prepared = launch();
  const worker = prepared;
  const forget = () => {
    prepared = undefined;
  };
  // One that cannot be loaded is of no use; the next one will say why to whoever asks for it.
  worker.addEventListener('error', forget, { once: true });
  return () => worker.postMessage({ kind: 'load' });
}

function launch() {
  return new Worker(bootstrap(), {
    type: 'module',
    // The wishes of the page's address: a blob has no address to carry them.
    name: location.search,
  });
}

/** What the module gets. `give(purpose, items)` takes files; `settled()` is called once the engine is there. */
export function host(give, settled) {
  return {
    /** Begins an engine. */
    spawn() {
      const worker = prepared ?? launch();
      prepared = undefined;
      // It says nothing before somebody listens.
      for (const kind of ['load', 'begin']) worker.postMessage({ kind });
      const first = { once: true };
      worker.addEventListener('message', settled, first);
      worker.addEventListener('error', settled, first);
      return worker;
    },

    /** The recorded run. */
    recorded: () => bytes('assets/recorded/scir.jsonl.xz'),

    /** Lets the person pick files; they come back through the module's `files`. */
    pick: (purpose) => pick(purpose, give),

    /** Gives a file to the person. */
    save,

    /** Asks the browser not to clear what is kept here. */
    async persist() {
      return (await navigator.storage?.persist?.().catch(() => false)) ?? false;
    },
  };
}

let blob;

/**
 * The address of a script that is nothing but our worker. A worker from a blob is under this page's
 * content security policy; one from a file would be under that of the file's headers, which a plain
 * host does not send.
 */
function bootstrap() {
  const text = `import ${JSON.stringify(address('worker.js').href)};`;
  blob ??= URL.createObjectURL(new Blob([text], { type: 'text/javascript' }));
  return blob;
}
