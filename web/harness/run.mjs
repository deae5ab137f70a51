// Opens one page of a folder in headless Chromium with WebGPU and passes the page's verdict on.
//
//   node run.mjs --site DIR [--page proof.html] [--browser PATH] [--timeout SECONDS] [--gpu] [--report FILE]
//
// The page must set `window.__result` to an object (or its JSON). The exit status is 0 only if
// that object's `ok` is exactly `true` and neither an uncaught exception nor an error on the
// console came before it: the GPU runtime reports some failures in its log only.
//
// `--report` also writes that object to a file.
//
// By default the browser is told to use SwiftShader, the software adapter inside Chromium, so the
// result is the same with and without a graphics card. `--gpu` lets it pick the real one.

import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { launch } from './lib/browser.mjs';
import { serve } from './lib/serve.mjs';
import { watch } from './lib/watch.mjs';

/** What the browser says about its WebGPU adapter; `null` where it offers none. */
function describeAdapter() {
  return (async () => {
    const adapter = await navigator.gpu?.requestAdapter();
    if (!adapter) return null;
    const { vendor, architecture, device, description } = adapter.info;
    const { limits } = adapter;
    return {
      vendor,
      architecture,
      device,
      description,
      fallback: adapter.info.isFallbackAdapter ?? null,
      shaderF16: adapter.features.has('shader-f16'),
      subgroups: adapter.features.has('subgroups'),
      maxStorageBufferBindingSize: limits.maxStorageBufferBindingSize,
      maxStorageBuffersPerShaderStage: limits.maxStorageBuffersPerShaderStage,
      maxComputeInvocationsPerWorkgroup: limits.maxComputeInvocationsPerWorkgroup,
      maxComputeWorkgroupStorageSize: limits.maxComputeWorkgroupStorageSize,
    };
  })();
}

async function main() {
  const { values: options } = parseArgs({
    options: {
      site: { type: 'string' },
      page: { type: 'string', default: 'proof.html' },
      browser: { type: 'string', default: '/usr/bin/chromium' },
      timeout: { type: 'string', default: '600' },
      gpu: { type: 'boolean', default: false },
      report: { type: 'string' },
    },
  });
  const timeout = Number(options.timeout) * 1000;
  if (!options.site || !(timeout > 0)) {
    console.error('usage: node run.mjs --site DIR [--page P] [--browser PATH] [--timeout S] [--gpu] [--report FILE]');
    return 2;
  }

  const started = performance.now();
  const seconds = () => ((performance.now() - started) / 1000).toFixed(1);
  const server = await serve(options.site);
  let browser;
  try {
    browser = await launch({ browser: options.browser, gpu: options.gpu });
    const { context } = browser;
    console.log(`browser: ${options.browser} ${context.browser()?.version() ?? ''}`.trim());
    const { errors, gone } = watch(context, (line) => console.log(`[${seconds()} s] ${line}`));

    const page = await context.newPage();
    await page.goto(`${server.url}${options.page}`, { timeout });
    console.log(`adapter: ${JSON.stringify(await page.evaluate(describeAdapter))}`);
    await Promise.race([
      page.waitForFunction(() => window.__result !== undefined, null, { timeout, polling: 100 }),
      gone,
    ]);
    let result = await page.evaluate(() => window.__result);
    if (typeof result === 'string') result = JSON.parse(result);
    console.log(`result: ${JSON.stringify(result, null, 2)}`);
    if (options.report) await writeFile(options.report, `${JSON.stringify(result, null, 2)}\n`);
    console.log(`the page took ${seconds()} s`);

    if (errors.length > 0) {
      console.error(`FAILED: ${errors.length} error(s) on the page, the first: ${errors[0]}`);
      return 1;
    }
    if (result?.ok !== true) {
      console.error('FAILED: the page did not report `ok: true`');
      return 1;
    }
    return 0;
  } finally {
    await browser?.close();
    server.close();
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(`FAILED: ${error.message ?? error}`);
  process.exitCode = 1;
}
