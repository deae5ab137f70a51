// A headless Chromium with a fresh profile: no module, shader, file or setting of an earlier run can
// help this one.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const QUIET = [
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-quic',
  '--disable-sync',
];

/** SwiftShader, the software adapter inside Chromium, for WebGPU as for WebGL: the same with and without
 * a graphics card. */
const SOFTWARE_ADAPTER = ['--use-angle=swiftshader', '--enable-unsafe-swiftshader'];

/**
 * Starts the browser.
 *
 * @param {object} options
 * @param {string} options.browser the program
 * @param {boolean} [options.gpu] lets it pick a real graphics device
 * @param {boolean} [options.webgpu] whether it offers WebGPU at all
 * @param {boolean} [options.scripts] whether pages may run scripts
 * @param {object} [options.context] further options of the context, such as `viewport`
 * @returns the Playwright `context`, and `close()`, which leaves nothing behind
 */
export async function launch({ browser, gpu = false, webgpu = true, scripts = true, context: more = {} }) {
  const profile = await mkdtemp(join(tmpdir(), 'selfsame-browser-'));
  const remove = () => rm(profile, { recursive: true, force: true, maxRetries: 5 });
  try {
    const context = await chromium.launchPersistentContext(profile, {
      executablePath: browser,
      headless: true,
      timeout: 120_000,
      args: [
        webgpu ? '--enable-unsafe-webgpu' : '--disable-features=WebGPU,WebGPUService',
        ...QUIET,
        ...(scripts ? [] : ['--blink-settings=scriptEnabled=false']),
        ...(gpu ? [] : SOFTWARE_ADAPTER),
        // Chromium's sandbox refuses to start as root, as which containers usually run.
        ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      ],
      ...more,
    });
    const close = async () => {
      await context.close().catch(() => {});
      await remove();
    };
    return { context, close };
  } catch (error) {
    await remove();
    throw error;
  }
}
