// Opens one page of a folder in headless Chromium with WebGPU and passes the page's verdict on.
//
//   node run.mjs --site DIR [--page proof.html] [--browser PATH] [--timeout SECONDS] [--gpu]
//
// The page must set `window.__result` to an object (or its JSON). The exit status is 0 only if
// that object's `ok` is exactly `true` and neither an uncaught exception nor an error on the
// console came before it: the GPU runtime reports some failures in its log only.
//
// By default the browser is told to use SwiftShader, the software adapter inside Chromium, so the
// result is the same with and without a graphics card. `--gpu` lets it pick the real one.

import { createReadStream } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { extname, join, resolve, sep } from 'node:path';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';

const MIME = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
};

const QUIET_BROWSER = [
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-quic',
  '--disable-sync',
];

const SOFTWARE_ADAPTER = [
  '--enable-features=Vulkan',
  '--use-angle=vulkan',
  '--use-vulkan=swiftshader',
];

/** Serves `root`, and nothing outside it, on a free port of the loopback interface. */
async function serve(root) {
  const server = createServer(async (request, response) => {
    const refuse = (status) => {
      response.writeHead(status, { 'content-length': 0 });
      response.end();
    };
    let file;
    let size;
    try {
      const { pathname } = new URL(request.url, 'http://localhost');
      // Browsers ask for an icon unbidden; a 404 would appear as an error on the console.
      if (pathname === '/favicon.ico') return refuse(204);
      file = resolve(root, `.${decodeURIComponent(pathname)}`);
      if (!file.startsWith(root + sep)) return refuse(403);
      const found = await stat(file);
      if (!found.isFile()) return refuse(404);
      size = found.size;
    } catch {
      return refuse(404);
    }
    response.writeHead(200, {
      'cache-control': 'no-store',
      'content-length': size,
      'content-type': MIME[extname(file)] ?? 'application/octet-stream',
    });
    createReadStream(file).on('error', () => response.destroy()).pipe(response);
  });
  await new Promise((done, failed) => {
    server.once('error', failed);
    server.listen(0, '127.0.0.1', done);
  });
  return server;
}

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
    },
  });
  const timeout = Number(options.timeout) * 1000;
  if (!options.site || !(timeout > 0)) {
    console.error('usage: node run.mjs --site DIR [--page P] [--browser PATH] [--timeout S] [--gpu]');
    return 2;
  }

  const started = performance.now();
  const seconds = () => ((performance.now() - started) / 1000).toFixed(1);
  const server = await serve(resolve(options.site));
  // A fresh profile: no cached module, shader or setting of an earlier run can help this one.
  const profile = await mkdtemp(join(tmpdir(), 'selfsame-browser-'));
  let context;
  try {
    context = await chromium.launchPersistentContext(profile, {
      executablePath: options.browser,
      headless: true,
      timeout: 120_000,
      args: [
        '--enable-unsafe-webgpu',
        ...QUIET_BROWSER,
        ...(options.gpu ? [] : SOFTWARE_ADAPTER),
        // Chromium's sandbox refuses to start as root, as which containers usually run.
        ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      ],
    });
    console.log(`browser: ${options.browser} ${context.browser()?.version() ?? ''}`.trim());

    const page = await context.newPage();
    const errors = [];
    page.on('console', (message) => {
      const text = message.text().slice(0, 4000);
      console.log(`[${seconds()} s] console ${message.type()}: ${text}`);
      if (message.type() === 'error') errors.push(text);
    });
    page.on('pageerror', (error) => {
      const text = (error.stack ?? String(error)).slice(0, 4000);
      console.log(`[${seconds()} s] uncaught: ${text}`);
      errors.push(text);
    });
    page.on('requestfailed', (request) =>
      console.log(`[${seconds()} s] request failed: ${request.url()} ${request.failure()?.errorText}`),
    );
    // Without this a crashed renderer would only show as a timeout, ten minutes later.
    const crashed = new Promise((_, failed) => {
      page.on('crash', () => failed(new Error('the page crashed')));
      context.on('close', () => failed(new Error('the browser went away')));
    });
    crashed.catch(() => {});

    const port = server.address().port;
    await page.goto(`http://127.0.0.1:${port}/${options.page}`, { timeout });
    console.log(`adapter: ${JSON.stringify(await page.evaluate(describeAdapter))}`);
    await Promise.race([
      page.waitForFunction(() => window.__result !== undefined, null, { timeout, polling: 100 }),
      crashed,
    ]);
    let result = await page.evaluate(() => window.__result);
    if (typeof result === 'string') result = JSON.parse(result);
    console.log(`result: ${JSON.stringify(result, null, 2)}`);
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
    await context?.close().catch(() => {});
    server.close();
    server.closeAllConnections();
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(`FAILED: ${error.message ?? error}`);
  process.exitCode = 1;
}
