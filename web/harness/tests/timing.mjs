// How long a first visit takes on a slow connection until something is seen, and until a model answers.

import assert from 'node:assert/strict';
import { connection } from '../lib/throttle.mjs';

export const name = 'timing';
export const about = 'a first visit at 10 Mbit/s';
export const minutes = 10;

/** Bytes a second. */
const RATE = 10e6 / 8;

/** Notes when the engine first says something of each kind. */
function listen() {
  globalThis.heard = {};
  const hear = ({ data }) => {
    if (data.kind === 'ready') heard.ready ??= performance.now();
    if (data.kind === 'message' && data.json.includes('"message":"said"')) {
      if (JSON.parse(data.json).tokens.length > 0) heard.token ??= performance.now();
    }
  };
  const Plain = Worker;
  globalThis.Worker = class extends Plain {
    constructor(...how) {
      super(...how);
      this.addEventListener('message', hear);
    }
  };
}

export async function test(stage) {
  const { server, page, lab } = await stage.open({
    host: { passes: connection(RATE) },
    prepare: (context) => context.addInitScript(listen),
  });
  const loaded = () => server.log.reduce((sum, { bytes }) => sum + bytes, 0) / 1e6;
  const frame = loaded();
  await lab.question();
  await page.waitForFunction(() => heard.token, null, { timeout: 5 * 60_000, polling: 100 });
  const token = loaded();
  const times = await page.evaluate(() => ({
    ...heard,
    frame: performance.getEntriesByName('first-frame')[0].startTime,
  }));
  // What a worker notes is counted from its own beginning.
  const marks = (names) =>
    names.map((name) => performance.timeOrigin + performance.getEntriesByName(name)[0].startTime);
  const origin = await page.evaluate(() => performance.timeOrigin);
  const [came, compiled] = (await page.workers()[0].evaluate(marks, ['module-came', 'module-compiled'])).map(
    (time) => time - origin,
  );
  const seconds = (time) => (time / 1000).toFixed(1);
  stage.table([
    ['until', 'seconds', 'MB asked for'],
    ['the first frame', seconds(times.frame), frame.toFixed(1)],
    ['the engine has come', seconds(came), ''],
    ['the engine is compiled', seconds(compiled), ''],
    ['the engine is ready', seconds(times.ready), ''],
    ['the first token', seconds(times.token), token.toFixed(1)],
  ]);
  assert(times.frame < times.token);
}
