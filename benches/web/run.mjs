// The speed table of the page: the engine and other libraries of the browser at the same work, on this
// machine, in headless Chromium. README.md says how to prepare it and what the figures mean.
//
//   node run.mjs [--rounds 3] [--only SIDE[/DEVICE],…] [--model DIR] [--onnx DIR] [--module DIR]
//                [--browser PATH] [--timeout SECONDS] [--gpu]
//
// Prints Markdown on the standard output and what goes on meanwhile on the standard error. The folders are
// named from the repository's root, or by their whole paths. By default WebGPU is SwiftShader's, the
// software adapter inside Chromium; `--gpu` lets the browser pick a real one.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import os from 'node:os';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { launch } from '../../web/harness/lib/browser.mjs';
import { serve } from '../../web/harness/lib/serve.mjs';
import { watch } from '../../web/harness/lib/watch.mjs';
import { amount } from './work.mjs';

const HERE = fileURLToPath(new URL('./', import.meta.url));
const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Who is measured: the name in the table, the module in `sides/`, its device, and the npm package. */
const SIDES = [
  { name: 'Selfsame', side: 'selfsame', device: 'gpu', on: 'WebGPU' },
  { name: 'Selfsame', side: 'selfsame', device: 'cpu', on: 'wasm' },
  { name: 'transformers.js', side: 'transformers', device: 'webgpu', on: 'WebGPU', npm: '@huggingface/transformers' },
  { name: 'transformers.js', side: 'transformers', device: 'wasm', on: 'wasm', npm: '@huggingface/transformers' },
  { name: 'jax-js', side: 'jax', device: 'webgpu', on: 'WebGPU', npm: '@jax-js/jax' },
  { name: 'jax-js', side: 'jax', device: 'wasm', on: 'wasm', npm: '@jax-js/jax' },
  { name: 'TensorFlow.js', side: 'tfjs', device: 'webgpu', on: 'WebGPU', npm: '@tensorflow/tfjs' },
  { name: 'TensorFlow.js', side: 'tfjs', device: 'wasm', on: 'wasm', npm: '@tensorflow/tfjs' },
  { name: 'TensorFlow.js', side: 'tfjs', device: 'cpu', on: 'plain JavaScript', npm: '@tensorflow/tfjs' },
];

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    only: { type: 'string' },
    model: { type: 'string', default: 'assets/starter' },
    onnx: { type: 'string', default: 'target/web/speed/starter' },
    module: { type: 'string', default: 'target/web/site/pkg' },
    browser: { type: 'string', default: '/usr/bin/chromium' },
    timeout: { type: 'string', default: '900' },
    gpu: { type: 'boolean', default: false },
  },
});

const say = (line) => console.error(`[${new Date().toISOString().slice(11, 19)}] ${line}`);

function describeAdapter() {
  return (async () => {
    const adapter = await navigator.gpu?.requestAdapter();
    return adapter ? [adapter.info.vendor, adapter.info.architecture, adapter.info.description].join(' ') : 'none';
  })();
}

/** One side, once, in a browser of its own. */
async function measure({ side, device }, server) {
  const browser = await launch({ browser: options.browser, gpu: options.gpu });
  try {
    const { errors, gone } = watch(browser.context);
    const page = await browser.context.newPage();
    const query = new URLSearchParams({ side, device, model: '/model', onnx: '/onnx', module: '/module' });
    await page.goto(`${server.url}benches/web/speed.html?${query}`);
    const timeout = Number(options.timeout) * 1000;
    const done = page.waitForFunction(() => window.__result !== undefined, null, { timeout, polling: 500 });
    await Promise.race([done, gone]);
    const result = await page.evaluate(() => window.__result);
    const adapter = await page.evaluate(describeAdapter);
    return { errors, adapter, version: browser.context.browser()?.version(), ...result };
  } catch (error) {
    return { ok: false, error: error.message };
  } finally {
    await browser.close();
  }
}

const sorted = (numbers) => [...numbers].sort((a, b) => a - b);

function median(numbers) {
  const all = sorted(numbers);
  return (all[(all.length - 1) >> 1] + all[all.length >> 1]) / 2;
}

const digits = (number) => (number >= 100 ? number.toFixed(0) : number.toPrecision(3));

/** The median and, in brackets, the least and the greatest. */
function figure(numbers) {
  const all = sorted(numbers);
  return `${digits(median(all))} (${digits(all[0])}–${digits(all.at(-1))})`;
}

const markdown = (heading, rows) =>
  [heading, heading.map((_, column) => (column < 2 ? '---' : '--:')), ...rows]
    .map((row) => `| ${row.join(' | ')} |`)
    .join('\n');

/** Which share of the tokens of two lists of answers is the same up to the first that differs. */
function agreement(ids, others) {
  const same = ids.map((row, index) => {
    const end = row.findIndex((id, at) => id !== others[index][at]);
    return end < 0 ? row.length : end;
  });
  const share = same.reduce((a, b) => a + b) / ids.flat().length;
  return share === 1 ? 'all' : `${Math.floor(share * 100)} %`;
}

function drawing(measured) {
  const rows = measured.filter(({ results }) => results[0].decoding);
  const reference = rows[0]?.results[0].decoding;
  return markdown(
    ['library', 'computes on', ...amount.rows.map((count) => `tokens/s, ${count} ${count > 1 ? 'answers' : 'answer'}`),
      'same tokens'],
    rows.map(({ name, on, results }) => [
      name,
      on,
      ...amount.rows.map((count, index) =>
        figure(results.flatMap(({ decoding }) => decoding[index].ms.map((ms) => (count * amount.answer * 1000) / ms))),
      ),
      agreement(results[0].decoding.flatMap(({ ids }) => ids), reference.flatMap(({ ids }) => ids)),
    ]),
  );
}

function learning(measured) {
  const rows = measured.filter(({ results }) => results[0].learning);
  return markdown(
    ['library', 'computes on', 'ms per step', 'loss before the first step', 'before the last'],
    rows.map(({ name, on, results }) => [
      name,
      on,
      figure(results.flatMap(({ learning }) => learning.ms)),
      results[0].learning.losses[0].toFixed(4),
      results[0].learning.losses.at(-1).toFixed(4),
    ]),
  );
}

/** What the figures depend on. */
function surroundings(measured, load) {
  const git = (...args) => execFileSync('git', ['-C', ROOT, ...args], { encoding: 'utf8' }).trim();
  const version = (name) => JSON.parse(readFileSync(`${HERE}node_modules/${name}/package.json`, 'utf8')).version;
  const packages = [...new Set(measured.flatMap(({ npm }) => npm ?? [])), 'onnxruntime-web'];
  const { version: chromium, adapter } = measured[0].results[0];
  const changed = git('status', '--porcelain', '--', 'core', 'shaders', 'web/src', 'Cargo.lock') ? ' and changes' : '';
  return [
    `- ${os.cpus().length} cores of ${os.cpus()[0].model.trim()}, load ${load.toFixed(1)} before; ${options.rounds} rounds`,
    `- Chromium ${chromium}, headless; WebGPU adapter: ${adapter}`,
    `- Selfsame at ${git('rev-parse', '--short', 'HEAD')}${changed}; ${packages.map((name) => `${name} ${version(name)}`).join(', ')}`,
    `- ${new Date().toISOString().slice(0, 10)}, model: \`${options.model}\``,
  ].join('\n');
}

async function main() {
  const only = options.only?.split(',');
  const sides = SIDES.filter(({ side, device }) => !only || only.includes(side) || only.includes(`${side}/${device}`));
  const [load] = os.loadavg();
  const { model, onnx, module } = options;
  const from = (path) => resolve(ROOT, path);
  const server = await serve(ROOT, { folders: { model: from(model), onnx: from(onnx), module: from(module) } });
  const measured = sides.map((side) => ({ ...side, results: [] }));
  try {
    // In turn, so that what else the machine does falls on all of them.
    for (let round = 0; round < Number(options.rounds); round += 1) {
      for (const entry of measured.filter(({ failed }) => !failed)) {
        const result = await measure(entry, server);
        const { decoding, learning, errors } = result;
        const brief = { draw: decoding?.map(({ ms }) => ms.map(Math.round)), learn: learning?.ms.map(Math.round), errors };
        say(`${entry.side}/${entry.device}: ${result.ok ? JSON.stringify(brief) : result.error}`);
        if (result.ok) entry.results.push(result);
        else entry.failed = result.error;
      }
    }
  } finally {
    server.close();
  }
  const good = measured.filter(({ results }) => results.length > 0);
  if (good.length === 0) return 1;
  console.log(`${surroundings(good, load)}\n`);
  console.log(`${drawing(good)}\n\n${learning(good)}`);
  for (const { name, on, failed } of measured.filter(({ failed }) => failed)) {
    console.log(`\n${name} on ${on} failed: ${failed.split('\n')[0]}`);
  }
  console.log('\nSoftware adapters rank code paths, they do not predict GPUs.');
  return measured.some(({ failed }) => failed) ? 1 : 0;
}

process.exitCode = await main();
