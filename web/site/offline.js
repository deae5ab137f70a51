// Asks the browser to keep the page, so that it opens without a connection the next time.

import { address } from './download.js';

/** Keeps the page for later. A browser that does not want to is no worse off than before. */
export async function keepForLater() {
  try {
    const workers = navigator.serviceWorker;
    await workers?.register(address('sw.js'), { updateViaCache: 'none' });
    const { active } = (await workers?.ready) ?? {};
    active?.postMessage('rest');
  } catch (error) {
    console.info(`The page is not kept for later: ${error}`);
  }
}
