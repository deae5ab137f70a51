// What is seen until the first frame is drawn, and again when the page cannot go on.

import { say } from './words.js';

const part = (id) => document.getElementById(id);

const megabytes = (bytes) => (bytes / 1e6).toFixed(1);

/** Shows how much of the page has come. */
export function progress(done, all) {
  const bar = part('bar');
  // Compiling goes on when the last byte has come; a full bar that stands still would look stuck.
  if (all === null || done >= all) {
    bar.removeAttribute('value');
  } else {
    bar.max = all;
    bar.value = done;
  }
  const values = { done: megabytes(done), all: megabytes(all ?? 0) };
  part('words').textContent = say(all === null ? 'downloading' : 'downloading_of', values);
}

/** Shows that everything has come and is being begun. */
export function beginning() {
  part('bar').removeAttribute('value');
  part('words').textContent = say('beginning');
}

/** Gives way to the page. */
export function done() {
  part('loading').hidden = true;
}

/** Says why the page cannot go on: `${key}` and `${key}_remedy` of the words. */
export function fail(key, values = {}) {
  part('reason').textContent = say(key, values);
  part('remedy').textContent = say(`${key}_remedy`, values);
  part('progress').hidden = true;
  part('problem').hidden = false;
  part('loading').hidden = false;
  part('reload').onclick = () => location.reload();
  part('reload').focus();
}
