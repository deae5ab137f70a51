// A web host for one folder, as plain as the plainest that people use.

import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, resolve, sep } from 'node:path';
import { Readable } from 'node:stream';
import { createGzip } from 'node:zlib';

const MIME = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
  '.webmanifest': 'application/manifest+json',
  '.xz': 'application/x-xz',
};

/** Bytes that are sent in one go. */
const PIECE = 16384;

async function send(content, response, passes) {
  for await (const piece of content) {
    await passes?.(piece.length);
    if (!response.write(piece)) await once(response, 'drain');
  }
  response.end();
}

/**
 * Serves `root`, and nothing outside it but what is named, on a free port of the loopback interface.
 *
 * @param {string} root the folder
 * @param {object} [options]
 * @param {string} [options.prefix] the path under which it is served, such as `/some/where/`
 * @param {boolean} [options.packs] packs everything by `gzip` on the way, as some hosts do, and then does not
 *   know how much it is
 * @param {string} [options.cache] what is said about keeping files
 * @param {Map<string, Buffer|null>} [options.instead] by name, what is served instead of a file; `null`
 *   is not there
 * @param {object} [options.folders] by the first part of a name, other folders that are served there
 * @param {(bytes: number) => Promise<void>} [options.passes] is waited for before so many bytes are sent
 * @returns `url` of the folder, `log` of what was asked for and sent, and `close()`
 */
export async function serve(root, options = {}) {
  const { prefix = '/', packs = false, cache = 'no-store', instead = new Map(), folders = {}, passes } = options;
  const roots = Object.fromEntries(Object.entries({ '': root, ...folders }).map(([name, path]) => [name, resolve(path)]));
  const log = [];

  async function find(request) {
    const { pathname } = new URL(request.url, 'http://localhost');
    // Browsers ask for an icon unbidden; a 404 would appear as an error on the console.
    if (pathname === '/favicon.ico') return { status: 204 };
    if (!pathname.startsWith(prefix)) return { status: 404 };
    const name = decodeURIComponent(pathname.slice(prefix.length)) || 'index.html';
    if (instead.has(name)) {
      const content = instead.get(name);
      return content === null ? { status: 404 } : { status: 200, name, content, size: content.length };
    }
    const [first] = name.split('/');
    const elsewhere = first !== '' && Object.hasOwn(roots, first);
    const folder = roots[elsewhere ? first : ''];
    const file = resolve(folder, elsewhere ? name.slice(first.length + 1) : name);
    if (!file.startsWith(folder + sep)) return { status: 403 };
    const found = await stat(file).catch(() => null);
    if (!found?.isFile()) return { status: 404 };
    return { status: 200, name, file, size: found.size, tag: `"${found.size}-${found.mtimeMs}"` };
  }

  const server = createServer(async (request, response) => {
    const found = await find(request).catch(() => ({ status: 400 }));
    const unchanged = found.tag !== undefined && request.headers['if-none-match'] === found.tag;
    const status = unchanged ? 304 : found.status;
    const bytes = unchanged ? 0 : (found.size ?? 0);
    log.push({ method: request.method, name: found.name ?? request.url, status, bytes });
    if (status !== 200) {
      response.writeHead(status, { 'content-length': 0 });
      response.end();
      return;
    }
    response.writeHead(200, {
      'cache-control': cache,
      ...(packs ? { 'content-encoding': 'gzip' } : { 'content-length': found.size }),
      'content-type': MIME[extname(found.name)] ?? 'application/octet-stream',
      ...(found.tag && { etag: found.tag }),
    });
    const file = () => createReadStream(found.file, { highWaterMark: PIECE });
    const content = found.content ? Readable.from([found.content]) : file();
    await send(packs ? content.pipe(createGzip()) : content, response, passes).catch(() => response.destroy());
  });
  await new Promise((done, failed) => {
    server.once('error', failed);
    server.listen(0, '127.0.0.1', done);
  });
  return {
    url: `http://127.0.0.1:${server.address().port}${prefix}`,
    log,
    instead,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
