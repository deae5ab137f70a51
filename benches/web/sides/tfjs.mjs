// TensorFlow.js: learns on `webgpu`, in `wasm` or in plain JavaScript (`cpu`). Its optimiser is its own;
// the model is written here, since it has none.

import { amount, learn, lesson, mask, model, optimiser, rotations } from '../work.mjs';

const PACKAGES = new URL('../node_modules/@tensorflow/', import.meta.url).href;

/** Its files are scripts of the older kind. */
function script(name) {
  return new Promise((loaded, failed) => {
    const element = document.createElement('script');
    element.src = PACKAGES + name;
    element.onload = loaded;
    element.onerror = () => failed(new Error(`${name} could not be loaded`));
    document.head.append(element);
  });
}

export async function run(backend, files) {
  await script('tfjs/dist/tf.min.js');
  if (backend === 'wasm') {
    await script('tfjs-backend-wasm/dist/tf-backend-wasm.min.js');
    tf.wasm.setWasmPaths(`${PACKAGES}tfjs-backend-wasm/dist/`);
  }
  if (backend === 'webgpu') await script('tfjs-backend-webgpu/dist/tf-backend-webgpu.min.js');
  if (!(await tf.setBackend(backend))) throw new Error(`tfjs does not start its backend ${backend}`);
  await tf.ready();

  const { config, weights } = await model(files.model);
  const variables = Object.fromEntries(
    Object.entries(weights).map(([name, { shape, values }]) => [name, tf.variable(tf.tensor(values, shape))]),
  );
  const loss = objective(config, variables);
  const adam = tf.train.adam(optimiser.rate, optimiser.beta1, optimiser.beta2, optimiser.epsilon);
  const learning = await learn(async () => {
    const value = tf.tidy(() => {
      const { value, grads } = tf.variableGrads(loss);
      const names = Object.keys(grads);
      const norm = tf.sqrt(tf.addN(names.map((name) => tf.sum(tf.square(grads[name])))));
      const scale = tf.minimum(1, tf.div(optimiser.norm, tf.add(norm, 1e-6)));
      adam.applyGradients(Object.fromEntries(names.map((name) => [name, tf.mul(grads[name], scale)])));
      return value;
    });
    const [read] = await value.data();
    value.dispose();
    return read;
  });
  return { backend: tf.getBackend(), learning };
}

/** The mean cross-entropy of the lesson, as a function of the variables. */
function objective(config, variables) {
  const { num_attention_heads: heads, num_key_value_heads: shared } = config;
  const [batch, time, group] = [amount.sequences, amount.time, heads / shared];
  const { tokens, labels } = lesson(config.vocab_size);
  const { width, cosine, sine } = rotations(config, time);
  const half = width / 2;
  // Both as products with ones and zeros: in wasm it has no gradient for looking rows up.
  const ones = (ids) => tf.oneHot(tf.tensor1d(ids, 'int32'), config.vocab_size).toFloat();
  const [read, wanted] = [ones(tokens), ones(labels)];
  const angles = [cosine, sine].map((table) => tf.tensor(table, [1, time, 1, half]));
  const hides = tf.tensor(mask(group, time), [group * time, time]);
  const weight = (name) => variables[`${name}.weight`];

  const norm = (x, name) => {
    const scale = tf.rsqrt(tf.add(tf.mean(tf.square(x), -1, true), config.rms_norm_eps));
    return tf.mul(tf.mul(x, scale), weight(name));
  };
  const product = (x, name) => tf.matMul(x, weight(name), false, true);
  const rotate = (x) => {
    const [first, second] = tf.split(x, 2, 3);
    const [c, s] = angles;
    return tf.concat([tf.sub(tf.mul(first, c), tf.mul(second, s)), tf.add(tf.mul(second, c), tf.mul(first, s))], 3);
  };
  // [batch * time, count * width] to [batch * shared, count / shared * time, width].
  const parts = (x) => tf.reshape(tf.transpose(x, [0, 2, 1, 3]), [batch * shared, -1, width]);
  const split = (x, count) => tf.reshape(x, [batch, time, count, width]);

  const attention = (x, at) => {
    const query = parts(rotate(split(product(x, `${at}.q_proj`), heads)));
    const key = parts(rotate(split(product(x, `${at}.k_proj`), shared)));
    const value = parts(split(product(x, `${at}.v_proj`), shared));
    const scores = tf.add(tf.mul(tf.matMul(query, key, false, true), 1 / Math.sqrt(width)), hides);
    const mixed = tf.reshape(tf.matMul(tf.softmax(scores), value), [batch, heads, time, width]);
    return product(tf.reshape(tf.transpose(mixed, [0, 2, 1, 3]), [batch * time, heads * width]), `${at}.o_proj`);
  };
  const feedForward = (x, at) => {
    const gate = product(x, `${at}.gate_proj`);
    return product(tf.mul(tf.mul(gate, tf.sigmoid(gate)), product(x, `${at}.up_proj`)), `${at}.down_proj`);
  };

  return () => {
    let x = tf.matMul(read, weight('model.embed_tokens'));
    for (let layer = 0; layer < config.num_hidden_layers; layer += 1) {
      const at = `model.layers.${layer}`;
      x = tf.add(x, attention(norm(x, `${at}.input_layernorm`), `${at}.self_attn`));
      x = tf.add(x, feedForward(norm(x, `${at}.post_attention_layernorm`), `${at}.mlp`));
    }
    const logits = product(norm(x, 'model.norm'), 'lm_head');
    return tf.neg(tf.mean(tf.sum(tf.mul(wanted, tf.logSoftmax(logits)), -1)));
  };
}
