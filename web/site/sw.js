// Keeps the page in the browser, so that it opens without a connection, and lets nothing leave for
// anywhere else. The two values below are filled in when the page is built.

const VERSION = '{{version}}';

/** The SHA-256 of every file's content, or the beginning of it: those that are kept at once, and those that
 * are kept when there is time. */
const FILES = JSON.parse('{{files}}');

const SCOPE = self.registration.scope;

/** Several such pages may live on one origin. */
const PREFIX = `selfsame ${new URL(SCOPE).pathname} `;

const CACHE = PREFIX + VERSION;

const hashOf = (name) => FILES.now[name] ?? FILES.later[name];

self.addEventListener('install', (event) => {
  event.waitUntil(keepAll(FILES.now));
});

self.addEventListener('activate', (event) => {
  event.waitUntil(
    (async () => {
      for (const name of await ours()) if (name !== CACHE) await caches.delete(name);
      await self.clients.claim();
    })(),
  );
});

self.addEventListener('message', (event) => {
  if (event.data === 'rest') event.waitUntil(keepAll(FILES.later));
  if (event.data === 'take over') self.skipWaiting();
});

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (url.origin !== self.location.origin) {
    event.respondWith(Response.error());
  } else if (request.method === 'GET' && url.href.startsWith(SCOPE)) {
    event.respondWith(request.mode === 'navigate' ? visit(request, nameOf(url)) : answer(request, nameOf(url)));
  }
});

/** The name of a file of the page; what follows a `?` is a wish to the page and names no other file. */
function nameOf(url) {
  return decodeURIComponent(url.pathname.slice(new URL(SCOPE).pathname.length)) || 'index.html';
}

let asked = false;

/** Answers who comes to the page. */
async function visit(request, name) {
  // A newer version waits for all tabs of this one to go, since the two must not be mixed. Loading the
  // only tab anew is the moment for it; once is enough to ask.
  const { waiting } = self.registration;
  if (waiting && !asked && (await self.clients.matchAll()).length < 2) {
    asked = true;
    waiting.postMessage('take over');
    return new Response('', { headers: { refresh: '0' } });
  }
  return answer(request, name);
}

async function answer(request, name) {
  const kept = await (await caches.open(CACHE)).match(keyOf(name));
  if (kept) return kept;
  if (hashOf(name) === undefined) return fetch(request);
  try {
    return await keep(name, hashOf(name));
  } catch {
    return Response.error();
  }
}

/** Files are kept under their names, and as answers without an address of their own: the browser then
 * takes the one that was asked for, with what follows the `?`. */
const keyOf = (name) => new URL(name, SCOPE).href;

async function ours() {
  return (await caches.keys()).filter((name) => name.startsWith(PREFIX));
}

async function keepAll(files) {
  const cache = await caches.open(CACHE);
  await Promise.all(
    Object.entries(files).map(async ([name, hash]) => {
      if (!(await cache.match(keyOf(name)))) await keep(name, hash);
    }),
  );
}

/** Keeps one file and returns it: from an older version where it is the same, else from the host. */
async function keep(name, hash) {
  const answer = (await fromOlder(name, hash)) ?? (await fromHost(name, hash));
  await (await caches.open(CACHE)).put(keyOf(name), answer.clone());
  return answer;
}

async function fromOlder(name, hash) {
  for (const older of await ours()) {
    const kept = await (await caches.open(older)).match(keyOf(name));
    if (kept?.headers.get('x-content') === hash) return kept;
  }
  return undefined;
}

async function fromHost(name, hash) {
  // What the browser still has from loading the page will do, if it is of this version.
  for (const cache of ['default', 'reload']) {
    const found = await fetch(keyOf(name), { cache });
    if (!found.ok) continue;
    const bytes = await found.arrayBuffer();
    if (!(await digest(bytes)).startsWith(hash)) continue;
    const type = found.headers.get('content-type') ?? 'application/octet-stream';
    return new Response(bytes, { headers: { 'content-type': type, 'x-content': hash } });
  }
  throw new Error(`the host has no ${name} of version ${VERSION}`);
}

/** The SHA-256 of the content. */
async function digest(bytes) {
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return [...hash].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
