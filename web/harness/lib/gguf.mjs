// A Llama as a GGUF file, its matrices in blocks of eight bits. Format: ggml-org/ggml, docs/gguf.md, version 3.

/** Kinds of values, and of tensors. */
const [U32, F32, TEXT, LIST, I32] = [4, 6, 8, 9, 5];
const [PLAIN, Q8_0] = [0, 8];

/** Numbers of a block that share a scale. */
const BLOCK = 32;
const ALIGNMENT = 32;

/** The scale of every block: a power of two, so that what the file says is exact in single precision. */
const SCALE = { number: 2 ** -9, bits: 6 << 10 };

const NAMES = {
  'self_attn.q_proj': 'attn_q',
  'self_attn.k_proj': 'attn_k',
  'self_attn.v_proj': 'attn_v',
  'self_attn.o_proj': 'attn_output',
  'mlp.gate_proj': 'ffn_gate',
  'mlp.up_proj': 'ffn_up',
  'mlp.down_proj': 'ffn_down',
  input_layernorm: 'attn_norm',
  post_attention_layernorm: 'ffn_norm',
};
const OUTSIDE = { 'model.embed_tokens': 'token_embd', 'model.norm': 'output_norm', lm_head: 'output' };

/** A tensor whose values the blocks can say exactly. */
export function rounded({ shape, values }) {
  const round = (value) => SCALE.number * Math.max(-127, Math.min(127, Math.round(value / SCALE.number)));
  return { shape, values: values.map(round) };
}

const u32 = (number) => Buffer.from(Uint32Array.of(number).buffer);
const u64 = (number) => Buffer.from(BigUint64Array.of(BigInt(number)).buffer);
const text = (value) => Buffer.concat([u64(Buffer.byteLength(value)), Buffer.from(value)]);

const VALUES = {
  [U32]: u32,
  [I32]: u32,
  [F32]: (number) => Buffer.from(Float32Array.of(number).buffer),
  [TEXT]: text,
};

function entry(key, kind, value) {
  if (!Array.isArray(value)) return Buffer.concat([text(key), u32(kind), VALUES[kind](value)]);
  return Buffer.concat([text(key), u32(LIST), u32(kind), u64(value.length), ...value.map(VALUES[kind])]);
}

function renamed(name) {
  const plain = name.replace('.weight', '');
  if (OUTSIDE[plain]) return `${OUTSIDE[plain]}.weight`;
  const [, block, part] = plain.match(/^model\.layers\.(\d+)\.(.+)$/);
  return `blk.${block}.${NAMES[part]}.weight`;
}

/** Rows of heads with the two of a rotation next to each other, as the format has them. */
function interleaved({ shape, values }, heads) {
  const [rows, columns] = shape;
  const half = rows / heads / 2;
  const from = (row) => {
    const [head, within] = [Math.floor(row / (2 * half)), row % (2 * half)];
    return head * 2 * half + (within % 2) * half + Math.floor(within / 2);
  };
  const moved = values.map((_, at) => values[from(Math.floor(at / columns)) * columns + (at % columns)]);
  return { shape, values: moved };
}

function blocks(values) {
  const all = [];
  for (let at = 0; at < values.length; at += BLOCK) {
    const numbers = values.subarray(at, at + BLOCK);
    all.push(Buffer.from(Uint16Array.of(SCALE.bits).buffer), Buffer.from(Int8Array.from(numbers, (v) => v / SCALE.number).buffer));
  }
  return Buffer.concat(all);
}

/** The header of a Llama and what follows it. */
function file(entries, tensors) {
  const padded = (bytes) => Buffer.concat([bytes, Buffer.alloc((ALIGNMENT - (bytes.length % ALIGNMENT)) % ALIGNMENT)]);
  let at = 0;
  const list = [];
  const data = [];
  for (const { name, shape, kind, bytes } of tensors) {
    const sides = [...shape].reverse();
    list.push(text(name), u32(sides.length), ...sides.map(u64), u32(kind), u64(at));
    data.push(padded(bytes));
    at += data.at(-1).length;
  }
  const head = [Buffer.from('GGUF'), u32(3), u64(tensors.length), u64(entries.length)];
  return Buffer.concat([padded(Buffer.concat([...head, ...entries, ...list])), ...data]);
}

/**
 * The file of a model. Its tensors are those that {@link rounded} gave; `tokenizer` is a `tokenizer.json` of byte-level
 * BPE that splits texts as GPT-2 does.
 */
export function gguf({ config, tensors, tokenizer, template }) {
  const { vocab, merges } = tokenizer.model;
  const tokens = Object.keys(vocab).sort((a, b) => vocab[a] - vocab[b]);
  const special = new Set(tokenizer.added_tokens.map(({ content }) => content));
  const entries = [
    entry('general.architecture', TEXT, 'llama'),
    entry('llama.block_count', U32, config.num_hidden_layers),
    entry('llama.context_length', U32, config.max_position_embeddings),
    entry('llama.embedding_length', U32, config.hidden_size),
    entry('llama.feed_forward_length', U32, config.intermediate_size),
    entry('llama.attention.head_count', U32, config.num_attention_heads),
    entry('llama.attention.head_count_kv', U32, config.num_key_value_heads),
    entry('llama.attention.layer_norm_rms_epsilon', F32, config.rms_norm_eps),
    entry('llama.rope.freq_base', F32, config.rope_theta),
    entry('tokenizer.ggml.model', TEXT, 'gpt2'),
    entry('tokenizer.ggml.pre', TEXT, 'gpt-2'),
    entry('tokenizer.ggml.tokens', TEXT, tokens),
    entry('tokenizer.ggml.token_type', I32, tokens.map((token) => (special.has(token) ? 3 : 1))),
    entry('tokenizer.ggml.merges', TEXT, merges.map((pair) => pair.join(' '))),
    entry('tokenizer.ggml.bos_token_id', U32, config.bos_token_id),
    entry('tokenizer.ggml.eos_token_id', U32, config.eos_token_id),
    entry('tokenizer.chat_template', TEXT, template),
  ];
  const heads = { q_proj: config.num_attention_heads, k_proj: config.num_key_value_heads };
  const stored = Object.entries(tensors).map(([name, tensor]) => {
    const turned = heads[name.split('.').at(-2)];
    const { shape, values } = turned ? interleaved(tensor, turned) : tensor;
    const flat = shape.length === 1;
    const bytes = flat ? Buffer.from(values.buffer, values.byteOffset, values.byteLength) : blocks(values);
    return { name: renamed(name), shape, kind: flat ? PLAIN : Q8_0, bytes };
  });
  return file(entries, stored);
}
