// Fetches files of the page and unpacks those that are packed, which end with `.xz`. Packing is ours and
// not the host's, so that downloads are small from any host. What unpacks is a module of its own.

import begin, { Unpacker } from './pkg/unpack/selfsame_unpack.js';
import { say } from './words.js';

/** A download that failed, in words for the person. */
export class DownloadError extends Error {}

/** The address of a file of the page. */
export function address(name) {
  return new URL(name, import.meta.url);
}

async function request(name) {
  let response;
  try {
    response = await fetch(address(name));
  } catch {
    throw new DownloadError(`${name}: ${say('offline')}`);
  }
  if (!response.ok) throw new DownloadError(`${name}: ${say('http', { status: response.status })}`);
  return response;
}

/** Passes a stream on and reports how many bytes of how many have come; `null` where nobody knows. At its end
 * the two are equal. */
function counted(response, report) {
  // The length of what a host packed itself says nothing about what comes out of it.
  const packed = response.headers.has('content-encoding');
  const all = packed ? null : Number(response.headers.get('content-length')) || null;
  let done = 0;
  return response.body.pipeThrough(
    new TransformStream({
      transform(chunk, controller) {
        done += chunk.byteLength;
        report(done, all);
        controller.enqueue(chunk);
      },
      flush: () => report(done, done),
    }),
  );
}

let unpacking;

/** Loads the module that unpacks, once. */
function unpackable() {
  unpacking ??= request('pkg/unpack/selfsame_unpack_bg.wasm').then(async (response) =>
    begin({ module_or_path: await WebAssembly.compile(await response.arrayBuffer()) }),
  );
  return unpacking;
}

/** The files that came damaged: whoever reads a stream may be told of its errors in other words. */
const damaged = new Set();

/** What a packed file holds, while it comes. */
function unpacked(name, stream) {
  const unpacker = new Unpacker();
  const refuse = () => {
    damaged.add(name);
    throw new Error('damaged');
  };
  damaged.delete(name);
  return stream.pipeThrough(
    new TransformStream({
      transform(chunk, controller) {
        let plain;
        try {
          plain = unpacker.push(chunk);
        } catch {
          refuse();
        }
        if (plain.length > 0) controller.enqueue(plain);
      },
      flush() {
        const whole = unpacker.ended;
        unpacker.free();
        if (!whole) refuse();
      },
    }),
  );
}

async function content(name, report) {
  if (!name.endsWith('.xz')) return counted(await request(name), report);
  const [response] = await Promise.all([request(name), unpackable()]);
  return unpacked(name, counted(response, report));
}

/** A stream that broke off, or made no sense, is a failed download; what else goes wrong is not. */
function broken(name, error) {
  if (damaged.has(name)) return new DownloadError(`${name}: ${say('damaged')}`);
  const network = error instanceof TypeError && !(error instanceof DownloadError);
  return network ? new DownloadError(`${name}: ${say('offline')}`) : error;
}

/** The bytes of a file, unpacked. */
export async function bytes(name) {
  try {
    return new Uint8Array(await new Response(await content(name, () => {})).arrayBuffer());
  } catch (error) {
    throw broken(name, error);
  }
}

/** A compiled module. It is compiled while it comes. */
export async function wasm(name, report = () => {}) {
  const response = new Response(await content(name, report), { headers: { 'content-type': 'application/wasm' } });
  try {
    return await WebAssembly.compileStreaming(response);
  } catch (error) {
    throw broken(name, error);
  }
}
