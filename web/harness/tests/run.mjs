// Tests the page: every test for itself, with a host, a browser and a profile of its own.
//
//   node tests/run.mjs --site DIR [--browser PATH] [--only NAME]… [--program PATH] [--shots DIR]
//                      [--failures DIR] [--strict] [--short] [--list]
//
// `--program` is the native program, for the test that compares with it. `--shots` writes pictures of
// the panels. `--failures` is where the remains of tests that failed are put. `--strict` makes a test
// that cannot be done here a failure. `--short` leaves out those that compute for minutes on two cores without
// a graphics device.

import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { Skipped, Stage } from '../lib/stage.mjs';
import { table } from '../lib/table.mjs';
import * as begin from './begin.mjs';
import * as csp from './csp.mjs';
import * as firstVisit from './first-visit.mjs';
import * as hostileFiles from './hostile-files.mjs';
import * as leastDevice from './least-device.mjs';
import * as noWebgpu from './no-webgpu.mjs';
import * as offline from './offline.mjs';
import * as parity from './native-parity.mjs';
import * as responsiveness from './responsiveness.mjs';
import * as ownModels from './own-models.mjs';
import * as resume from './resume.mjs';
import * as screenshots from './screenshots.mjs';
import * as timing from './timing.mjs';
import * as update from './update.mjs';

/** In the order in which a failure says most. */
const TESTS = [
  begin,
  firstVisit,
  offline,
  update,
  csp,
  hostileFiles,
  ownModels,
  screenshots,
  timing,
  noWebgpu,
  resume,
  responsiveness,
  parity,
  leastDevice,
];

/** Runs one test; gives its row of the table. */
async function run({ name, minutes, test }, options) {
  console.log(`== ${name}`);
  const stage = new Stage(name, options);
  const started = performance.now();
  let result = 'passed';
  let timer;
  try {
    const late = new Promise((_, failed) => {
      timer = setTimeout(() => failed(new Error(`it took more than ${minutes} minutes`)), minutes * 60_000);
    });
    await Promise.race([test(stage), stage.gone, late]);
    stage.check();
  } catch (error) {
    const skipped = error instanceof Skipped && !options.strict;
    result = skipped ? `SKIPPED: ${error.message}` : 'FAILED';
    if (!skipped) {
      stage.say(String(error.stack ?? error));
      await stage.keepFailure(error).catch((e) => stage.say(`nothing could be kept of it: ${e}`));
    }
  } finally {
    clearTimeout(timer);
    await stage.close();
  }
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`-- ${name}: ${result} after ${seconds} s`);
  return [name, `${seconds} s`, result];
}

const { values: options } = parseArgs({
  options: {
    site: { type: 'string' },
    browser: { type: 'string', default: '/usr/bin/chromium' },
    only: { type: 'string', multiple: true, default: [] },
    program: { type: 'string' },
    shots: { type: 'string' },
    failures: { type: 'string', default: 'target/page-failures' },
    strict: { type: 'boolean', default: false },
    short: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
  },
});
const unknown = options.only.filter((name) => !TESTS.some((test) => test.name === name));
if (options.list) {
  console.log(TESTS.map(({ name, about }) => `${name}: ${about}`).join('\n'));
} else if (!options.site || unknown.length > 0) {
  const problem = unknown.length > 0 ? `there is no test ${unknown}` : 'which page?';
  console.error(`node tests/run.mjs --site DIR …: ${problem}`);
  process.exitCode = 2;
} else {
  options.failures = resolve(options.failures);
  const wanted = ({ name, long }) =>
    options.only.length > 0 ? options.only.includes(name) : !(long && options.short);
  const chosen = TESTS.filter(wanted);
  const rows = [];
  for (const test of chosen) rows.push(await run(test, options));
  console.log(`\n${table([['test', 'time', 'result'], ...rows])}`);
  if (rows.some(([, , result]) => result === 'FAILED')) {
    console.log(`What is left of the failed ones is in ${options.failures}.`);
    process.exitCode = 1;
  }
}
