// Looks at pictures: enough of PNG for the browser's screenshots.

import { inflateSync } from 'node:zlib';

/** The pixels of a picture with 8 bits a channel: `{ width, height, channels, data }`. */
export function decode(png) {
  const parts = [];
  let shape;
  for (let at = 8; at < png.length; ) {
    const length = png.readUInt32BE(at);
    const type = png.toString('latin1', at + 4, at + 8);
    const body = png.subarray(at + 8, at + 8 + length);
    if (type === 'IHDR') shape = head(body);
    if (type === 'IDAT') parts.push(body);
    at += length + 12;
  }
  return { ...shape, data: unfiltered(inflateSync(Buffer.concat(parts)), shape) };
}

function head(body) {
  const channels = { 2: 3, 6: 4 }[body[9]];
  const known = body[8] === 8 && channels !== undefined && body[12] === 0;
  if (!known) throw new Error('not a kind of PNG that browsers write');
  return { width: body.readUInt32BE(0), height: body.readUInt32BE(4), channels };
}

/** Undoes what each row was filtered with. */
function unfiltered(raw, { width, height, channels }) {
  const stride = width * channels;
  const data = Buffer.alloc(stride * height);
  for (let row = 0; row < height; row += 1) {
    const filter = raw[row * (stride + 1)];
    for (let x = 0; x < stride; x += 1) {
      const at = row * stride + x;
      const left = x < channels ? 0 : data[at - channels];
      const up = row === 0 ? 0 : data[at - stride];
      const corner = x < channels || row === 0 ? 0 : data[at - stride - channels];
      data[at] = raw[row * (stride + 1) + 1 + x] + predicted(filter, left, up, corner);
    }
  }
  return data;
}

function predicted(filter, left, up, corner) {
  switch (filter) {
    case 0:
      return 0;
    case 1:
      return left;
    case 2:
      return up;
    case 3:
      return (left + up) >> 1;
    default: {
      const guess = left + up - corner;
      const [a, b, c] = [left, up, corner].map((value) => Math.abs(guess - value));
      if (a <= b && a <= c) return left;
      return b <= c ? up : corner;
    }
  }
}

/** How many colours a picture has, and which share of it the most frequent one covers. */
export function colours(picture) {
  const { data, channels } = picture;
  const counts = new Map();
  for (let at = 0; at < data.length; at += channels) {
    const colour = (data[at] << 16) | (data[at + 1] << 8) | data[at + 2];
    counts.set(colour, (counts.get(colour) ?? 0) + 1);
  }
  return { count: counts.size, most: Math.max(...counts.values()) / (data.length / channels) };
}
