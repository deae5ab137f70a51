// Models in every form that is read, made of tensors: safetensors in one file or in shards, GGUF, adapters.

import { readFileSync } from 'node:fs';

/** The tensors of a safetensors file by name, as `{shape, values}` in single precision. */
export function readTensors(path) {
  const bytes = readFileSync(path);
  const length = Number(bytes.readBigUInt64LE(0));
  const { __metadata__, ...header } = JSON.parse(bytes.subarray(8, 8 + length));
  const tensor = ({ dtype, shape, data_offsets: [from, to] }) => {
    const data = bytes.subarray(8 + length + from, 8 + length + to);
    const width = dtype === 'F32' ? 4 : 2;
    const number = { F32: (at) => data.readFloatLE(at), F16: (at) => half(data.readUInt16LE(at)) }[dtype];
    return { shape, values: Float32Array.from({ length: data.length / width }, (_, index) => number(index * width)) };
  };
  return Object.fromEntries(Object.entries(header).map(([name, entry]) => [name, tensor(entry)]));
}

/** A half-precision number by its bits. */
function half(bits) {
  const [sign, exponent, fraction] = [bits >> 15 ? -1 : 1, (bits >> 10) & 31, bits & 1023];
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

const bytesOf = ({ values }) => Buffer.from(values.buffer, values.byteOffset, values.byteLength);

/** Tensors as a safetensors file. */
export function safetensors(tensors) {
  let at = 0;
  const header = {};
  for (const [name, { shape, values }] of Object.entries(tensors)) {
    header[name] = { dtype: 'F32', shape, data_offsets: [at, at + values.byteLength] };
    at += values.byteLength;
  }
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text, ...Object.values(tensors).map(bytesOf)]);
}

/** Tensors in so many files with an index: `{name: content}`. */
export function shards(tensors, count) {
  const name = (shard) => `model-0000${shard + 1}-of-0000${count}.safetensors`;
  const entries = Object.entries(tensors);
  // In turn, so that what is read one after the other lies in different files.
  const home = (index) => index % count;
  const weightMap = Object.fromEntries(entries.map(([tensor], index) => [tensor, name(home(index))]));
  const files = { 'model.safetensors.index.json': JSON.stringify({ metadata: {}, weight_map: weightMap }) };
  for (let shard = 0; shard < count; shard += 1) {
    files[name(shard)] = safetensors(Object.fromEntries(entries.filter((_, index) => home(index) === shard)));
  }
  return files;
}

/** Numbers that look like chance and are the same every time, between -1 and 1. */
export function numbers(count, seed) {
  let state = seed;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

/** The names of a Llama's tensors with their shapes. */
export function shapes(config) {
  const { hidden_size: d, intermediate_size: f, vocab_size: vocabulary, num_hidden_layers: layers } = config;
  const width = d / config.num_attention_heads;
  const keys = width * config.num_key_value_heads;
  const all = { 'model.embed_tokens.weight': [vocabulary, d], 'model.norm.weight': [d] };
  for (let layer = 0; layer < layers; layer += 1) {
    const at = `model.layers.${layer}`;
    Object.assign(all, {
      [`${at}.input_layernorm.weight`]: [d],
      [`${at}.self_attn.q_proj.weight`]: [d, d],
      [`${at}.self_attn.k_proj.weight`]: [keys, d],
      [`${at}.self_attn.v_proj.weight`]: [keys, d],
      [`${at}.self_attn.o_proj.weight`]: [d, d],
      [`${at}.post_attention_layernorm.weight`]: [d],
      [`${at}.mlp.gate_proj.weight`]: [f, d],
      [`${at}.mlp.up_proj.weight`]: [f, d],
      [`${at}.mlp.down_proj.weight`]: [d, f],
    });
  }
  return { ...all, 'lm_head.weight': [vocabulary, d] };
}

/** An adapter (PEFT's LoRA) of every query and every matrix into a block's feed-forward layer, with its scale. */
export function adapter(config, rank, alpha) {
  const targets = ['self_attn.q_proj', 'mlp.up_proj'];
  const matrices = Object.entries(shapes(config)).filter(([name]) => targets.some((target) => name.includes(target)));
  const tensors = {};
  for (const [index, [name, [output, input]]] of matrices.entries()) {
    const at = `base_model.model.${name.replace('.weight', '')}`;
    tensors[`${at}.lora_A.weight`] = { shape: [rank, input], values: numbers(rank * input, 2 * index + 1) };
    const up = numbers(output * rank, 2 * index + 2).map((value) => value / 20);
    tensors[`${at}.lora_B.weight`] = { shape: [output, rank], values: up };
  }
  const about = {
    peft_type: 'LORA',
    r: rank,
    lora_alpha: alpha,
    target_modules: targets.map((target) => target.split('.').at(-1)),
  };
  return { about, tensors, scale: alpha / rank };
}

/** The tensors with an adapter's updates in them: `W + scale B A`. */
export function merged(tensors, { tensors: adapters, scale }) {
  const update = (name, { shape, values }) => {
    const at = `base_model.model.${name.replace('.weight', '')}`;
    const [down, up] = ['A', 'B'].map((side) => adapters[`${at}.lora_${side}.weight`]);
    if (!down) return { shape, values };
    const [, input] = shape;
    const [rank] = down.shape;
    const sum = (row, column) => {
      let all = 0;
      for (let inner = 0; inner < rank; inner += 1) {
        all += up.values[row * rank + inner] * down.values[inner * input + column];
      }
      return all;
    };
    const changed = values.map((value, at) => value + scale * sum(Math.floor(at / input), at % input));
    return { shape, values: changed };
  };
  return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, update(name, tensor)]));
}
