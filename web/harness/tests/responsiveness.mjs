// While a run learns, the page's own thread is never busy for long. What WebGL takes is told apart: here
// it is drawn in software, by the same two cores that compute.

import assert from 'node:assert/strict';

export const name = 'responsiveness';
export const about = 'no task of the page takes long while a run learns';
export const minutes = 25;
export const long = true;

/** The longest that a task may take without what WebGL takes, in milliseconds. */
const LONGEST = 50;

/** Notes every frame and every long task, with the time spent in WebGL. */
function measure() {
  const note = { frames: [], long: [] };
  globalThis.measured = note;
  let inGl = 0;
  const proto = WebGL2RenderingContext.prototype;
  for (const [key, { value }] of Object.entries(Object.getOwnPropertyDescriptors(proto))) {
    if (typeof value !== 'function') continue;
    proto[key] = function (...arguments_) {
      const start = performance.now();
      try {
        return value.apply(this, arguments_);
      } finally {
        inGl += performance.now() - start;
      }
    };
  }
  const plain = requestAnimationFrame;
  globalThis.requestAnimationFrame = (callback) =>
    plain((time) => {
      const [start, gl] = [performance.now(), inGl];
      callback(time);
      note.frames.push({ start, took: performance.now() - start, gl: inGl - gl });
    });
  new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries()) note.long.push({ start: startTime, took: duration });
  }).observe({ type: 'longtask', buffered: true });
}

/** What was noted since a moment, and the moment now. */
function since(page, from) {
  return page.evaluate((from) => {
    const later = ({ start }) => start >= from;
    const { frames, long } = globalThis.measured;
    return { now: performance.now(), frames: frames.filter(later), long: long.filter(later) };
  }, from);
}

function row(what, { frames, long }) {
  const worst = (all, time) => Math.max(0, ...all.map(time)).toFixed(1);
  const [took, gl] = [(task) => task.took, (task) => task.gl];
  const own = (task) => task.took - task.gl;
  return [
    what,
    frames.length,
    worst(frames, took),
    worst(frames, own),
    worst(frames, gl),
    long.length,
    worst(long, took),
  ];
}

export async function test(stage) {
  const { page, lab } = await stage.open({ prepare: (context) => context.addInitScript(measure) });
  const begin = (await since(page, 0)).now;
  await page.waitForTimeout(10_000);
  const film = await since(page, begin);
  await lab.start();
  const start = (await since(page, 0)).now;
  await lab.becomes('finished');
  const run = await since(page, start);
  stage.table([
    ['while', 'frames', 'worst', 'of its own', 'in WebGL', 'long tasks', 'worst'],
    row('the film is shown', film),
    row('a run learns', run),
  ]);
  const slow = run.frames.filter(({ took, gl }) => took - gl > LONGEST);
  assert.equal(slow.length, 0, `${slow.length} frames took more than ${LONGEST} ms of their own`);
  // A long task that is no frame is somebody else's: a message, a timer.
  const inFrame = ({ start, took }) =>
    run.frames.some((frame) => frame.start >= start - 5 && frame.start <= start + took);
  const others = run.long.filter((task) => !inFrame(task));
  assert.equal(others.length, 0, `${others.length} tasks that draw nothing took more than ${LONGEST} ms`);
}
