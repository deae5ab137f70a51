// The work that every library is given. `web/src/speed.rs` has the same in Rust: how much it is, the
// formula of the sequences, the settings of the optimiser.

/** How much is done: see `Amount` there. */
export const amount = {
  rows: [1, 8],
  prompt: 16,
  answer: 64,
  repetitions: 3,
  sequences: 8,
  time: 64,
  warm_up: 3,
  steps: 5,
};

/** AdamW without decay of the weights, which is Adam, on gradients scaled down to a norm. */
export const optimiser = { rate: 1e-4, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, norm: 1 };

/** The first tokens of a sequence. */
export function sequence(row, length, vocabulary) {
  return Array.from({ length }, (_, at) => 3 + ((31 * row + 17 * at * at + 7 * at) % (vocabulary - 3)));
}

/** What a step of learning reads and what it should say: `tokens` and `labels`, row after row. */
export function lesson(vocabulary) {
  const rows = Array.from({ length: amount.sequences }, (_, row) => sequence(row, amount.time + 1, vocabulary));
  return { tokens: rows.flatMap((row) => row.slice(0, -1)), labels: rows.flatMap((row) => row.slice(1)) };
}

/** Cosines and sines of the rotary embedding, `[time, width / 2]` each, and the width of a head. */
export function rotations(config, time) {
  const width = config.head_dim ?? config.hidden_size / config.num_attention_heads;
  const angles = Array.from({ length: (time * width) / 2 }, (_, index) => {
    const [at, pair] = [Math.floor(index / (width / 2)), index % (width / 2)];
    return at * (config.rope_theta ?? 10000) ** ((-2 * pair) / width);
  });
  return { width, cosine: Float32Array.from(angles, Math.cos), sine: Float32Array.from(angles, Math.sin) };
}

/**
 * What is added to the scores of attention so that nothing sees what follows it, `[group * time, time]`:
 * the query heads that share a key head stand below each other.
 */
export function mask(group, time) {
  const hides = (index) => index % time > Math.floor(index / time) % time;
  return Float32Array.from({ length: group * time * time }, (_, index) => (hides(index) ? -1e9 : 0));
}

/** Milliseconds of `work`, and what it gave. */
export async function timed(work) {
  const start = performance.now();
  const value = await work();
  return [performance.now() - start, value];
}

/** Takes the steps of learning; `step` takes one and gives the loss before it. */
export async function learn(step) {
  const learning = { ms: [], losses: [] };
  for (let index = 0; index < amount.warm_up + amount.steps; index += 1) {
    const [ms, loss] = await timed(() => step(index));
    if (index >= amount.warm_up) learning.ms.push(ms);
    learning.losses.push(loss);
  }
  return learning;
}

/** The files of a model: `config` as an object, `weights` by name as `{ shape, values }`. */
export async function model(url) {
  const [config, bytes] = await Promise.all([
    fetch(`${url}/config.json`).then((response) => response.json()),
    fetch(`${url}/model.safetensors`).then((response) => response.arrayBuffer()),
  ]);
  return { config, weights: safetensors(bytes) };
}

function safetensors(bytes) {
  const length = Number(new DataView(bytes).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(bytes, 8, length)));
  delete header.__metadata__;
  const tensor = ({ dtype, shape, data_offsets: [from, to] }) => {
    const data = bytes.slice(8 + length + from, 8 + length + to);
    if (dtype === 'F32') return { shape, values: new Float32Array(data) };
    if (dtype === 'F16') return { shape, values: Float32Array.from(new Uint16Array(data), wide) };
    throw new Error(`weights of type ${dtype} are not known`);
  };
  return Object.fromEntries(Object.entries(header).map(([name, entry]) => [name, tensor(entry)]));
}

/** A half-precision number by its bits. */
function wide(bits) {
  const [sign, exponent, fraction] = [bits >> 15 ? -1 : 1, (bits >> 10) & 31, bits & 1023];
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
