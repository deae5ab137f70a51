// jax-js: learns on `webgpu` or in `wasm`, the whole step in one `jit`. The model and the optimiser are
// written here, since the package has neither. An array is used up by what it is given to; `.ref` is a
// further use.

import { defaultDevice, init, jit, nn, numpy as np, valueAndGrad } from '@jax-js/jax';
import { amount, learn, lesson, mask, model, optimiser, rotations } from '../work.mjs';

export async function run(device, files) {
  const started = await init(device);
  if (!started.includes(device)) throw new Error(`jax-js does not start its device ${device}`);
  defaultDevice(device);
  const { config, weights } = await model(files.model);
  const names = Object.keys(weights);
  const { tokens, labels } = lesson(config.vocab_size);
  const { width, cosine, sine } = rotations(config, amount.time);
  const group = config.num_attention_heads / config.num_key_value_heads;
  const floats = (values, shape) => np.array(values).reshape(shape);
  const data = {
    tokens: np.array(Int32Array.from(tokens)),
    wanted: nn.oneHot(np.array(Int32Array.from(labels)), config.vocab_size),
    cosine: floats(cosine, [1, amount.time, 1, width / 2]),
    sine: floats(sine, [1, amount.time, 1, width / 2]),
    hides: floats(mask(group, amount.time), [1, group * amount.time, amount.time]),
  };
  let state = names.map((name) => floats(weights[name].values, weights[name].shape));
  let first = names.map((name) => np.zeros(weights[name].shape));
  let second = names.map((name) => np.zeros(weights[name].shape));

  const loss = objective(config, names, width);
  const step = jit((state, first, second, data, corrections) => {
    const kept = state.map((weight) => weight.ref);
    const [value, gradients] = valueAndGrad(loss)(state, data);
    const squares = gradients.map((gradient) => np.sum(np.square(gradient.ref)));
    const norm = np.sqrt(squares.reduce((sum, square) => sum.add(square)));
    const scale = np.minimum(np.reciprocal(norm.add(1e-6)).mul(optimiser.norm), 1);
    const { beta1, beta2, epsilon, rate } = optimiser;
    const scaled = gradients.map((gradient) => gradient.mul(scale.ref));
    scale.dispose();
    const means = first.map((mean, index) => mean.mul(beta1).add(scaled[index].ref.mul(1 - beta1)));
    const variances = second.map((mean, index) => mean.mul(beta2).add(np.square(scaled[index]).mul(1 - beta2)));
    const [correction1, correction2] = corrections;
    const updated = kept.map((weight, index) => {
      const deviation = np.sqrt(variances[index].ref.mul(correction2.ref)).add(epsilon);
      return weight.sub(means[index].ref.mul(correction1.ref).div(deviation).mul(rate));
    });
    correction1.dispose();
    correction2.dispose();
    return [value, updated, means, variances];
  });

  const again = (arrays) => Object.fromEntries(Object.entries(arrays).map(([name, array]) => [name, array.ref]));
  const learning = await learn(async (index) => {
    const corrections = [optimiser.beta1, optimiser.beta2].map((beta) => np.array(1 / (1 - beta ** (index + 1))));
    const [value, ...rest] = step(state, first, second, again(data), corrections);
    [state, first, second] = rest;
    const [read] = await value.data();
    return read;
  });
  return { device, learning };
}

/** The mean cross-entropy of the lesson, as a function of the weights in the order of `names`. */
function objective(config, names, width) {
  const { num_attention_heads: heads, num_key_value_heads: shared } = config;
  const [batch, time] = [amount.sequences, amount.time];
  const product = (x, matrix) => np.matmul(x, matrix.transpose());
  const norm = (x, scale) => {
    const mean = np.mean(np.square(x.ref), -1, { keepdims: true });
    return x.mul(np.reciprocal(np.sqrt(mean.add(config.rms_norm_eps)))).mul(scale);
  };
  // [batch * time, count * width] to [batch * shared, count / shared * time, width].
  const parts = (x, count) => x.transpose([0, 2, 1, 3]).reshape([batch * shared, (count / shared) * time, width]);
  const split = (x, count) => x.reshape([batch, time, count, width]);

  return (state, data) => {
    const weight = (name) => state[names.indexOf(`${name}.weight`)];
    const rotate = (x) => {
      const [a, b] = np.split(x, 2, 3);
      const [c, s] = [data.cosine, data.sine];
      const left = a.ref.mul(c.ref).sub(b.ref.mul(s.ref));
      return np.concatenate([left, b.mul(c.ref).add(a.mul(s.ref))], 3);
    };
    const attention = (x, at) => {
      const query = parts(rotate(split(product(x.ref, weight(`${at}.q_proj`)), heads)), heads);
      const key = parts(rotate(split(product(x.ref, weight(`${at}.k_proj`)), shared)), shared);
      const value = parts(split(product(x, weight(`${at}.v_proj`)), shared), shared);
      const scores = np.matmul(query, key.transpose([0, 2, 1])).mul(1 / Math.sqrt(width)).add(data.hides.ref);
      const mixed = np.matmul(nn.softmax(scores, -1), value).reshape([batch, heads, time, width]);
      return product(mixed.transpose([0, 2, 1, 3]).reshape([batch * time, heads * width]), weight(`${at}.o_proj`));
    };
    const feedForward = (x, at) => {
      const gate = nn.silu(product(x.ref, weight(`${at}.gate_proj`)));
      return product(gate.mul(product(x, weight(`${at}.up_proj`))), weight(`${at}.down_proj`));
    };

    let x = np.take(weight('model.embed_tokens'), data.tokens, 0);
    for (let layer = 0; layer < config.num_hidden_layers; layer += 1) {
      const at = `model.layers.${layer}`;
      x = x.ref.add(attention(norm(x, weight(`${at}.input_layernorm`)), `${at}.self_attn`));
      x = x.ref.add(feedForward(norm(x, weight(`${at}.post_attention_layernorm`)), `${at}.mlp`));
    }
    const logits = product(norm(x, weight('model.norm')), weight('lm_head'));
    const value = np.mean(np.sum(nn.logSoftmax(logits, -1).mul(data.wanted), -1)).neg();
    for (const name of ['cosine', 'sine', 'hides']) data[name].dispose();
    return value;
  };
}
