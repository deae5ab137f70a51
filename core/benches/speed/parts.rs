//! What each shortcut of a learning step saves: the part of a step with it and without, forward and
//! backward, at the size of the step in the main table. On the CPU, and on an adapter.

use std::sync::Arc;

use burn::tensor::{
    Device, Int, Tensor, TensorData,
    activation::{silu, softmax},
};
use selfsame_shaders::{
    AdamWStep, Chunks, Panels, Stretch, adamw, cached_attention, linear, linear_logprobs_by, masked_attention,
    packed_attention, rms_norm, rotate, selective_log_softmax, swiglu,
};

use super::clock::{Cost, highest, take_turns};

/// Rounds, whose medians are printed, and runs in each on the CPU.
const ROUNDS: usize = 5;
const REPEATS: u32 = 20;

/// Has the gradients of some leaves computed: adapters do nothing of which nobody reads a number.
fn backward<const D: usize, const E: usize, const N: usize>(result: Tensor<D>, leaves: [&Tensor<E>; N]) {
    let gradients = result.sum().backward();
    for leaf in leaves {
        force(leaf.grad(&gradients).unwrap());
    }
}

/// Has a tensor computed by reading its first number.
pub fn force<const D: usize>(tensor: Tensor<D>) {
    let first = tensor.slice([(); D].map(|()| 0..1));
    std::hint::black_box(first.into_data().try_to_vec::<f32>().unwrap());
}

/// Prints rows, with processor time on the CPU and with time on the wall on an adapter.
struct Rows<'a> {
    device: &'a Device,
    repeats: u32,
}

impl Rows<'_> {
    fn on_cpu(&self) -> bool {
        *self.device == Device::flex()
    }

    #[allow(clippy::cast_precision_loss)]
    fn leaf<const D: usize>(&self, shape: [usize; D]) -> Tensor<D> {
        let count: usize = shape.iter().product();
        let values: Vec<f32> = (0..count).map(|i| (i * 7919 % 1013) as f32 / 1013.0 - 0.5).collect();
        Tensor::<D>::from_data(TensorData::new(values, shape), &self.device.clone().autodiff()).require_grad()
    }

    fn print(&self, name: &str, composed: &mut dyn FnMut(), ours: &mut dyn FnMut()) {
        println!("{}", self.row(name, composed, ours));
    }

    /// The same with the memory of one run each, where the system says it: that of an adapter is not of the process.
    fn print_with_memory(&self, name: &str, composed: &mut dyn FnMut(), ours: &mut dyn FnMut()) {
        let row = self.row(name, composed, ours);
        let memory = |work: &mut dyn FnMut()| {
            let most = if self.on_cpu() { highest(work) } else { None };
            most.map_or("?".to_owned(), |megabytes| format!("{megabytes:.1}"))
        };
        let (ours, composed) = (memory(ours), memory(composed));
        println!("{row} {composed} | {ours} |");
    }

    fn row(&self, name: &str, composed: &mut dyn FnMut(), ours: &mut dyn FnMut()) -> String {
        let costs = take_turns(ROUNDS, self.repeats, &mut [composed, ours]);
        let time = |cost: &Cost| 1e3 * if self.on_cpu() { cost.cpu } else { cost.wall };
        format!("| {name} | {:.2} | {:.2} |", time(&costs[0]), time(&costs[1]))
    }
}

/// The table of the CPU.
pub fn table() {
    println!("\n| part of a step, forward and backward | composed, CPU ms | ours, CPU ms |");
    println!("|---|---|---|");
    let rows = Rows { device: &Device::flex(), repeats: REPEATS };
    few_rows(&rows);
    pointwise(&rows);
    trees(&rows);
    optimiser(&rows);
    head(&rows);
}

/// The table of an adapter.
pub fn table_of_adapter(device: &Device) {
    println!("\n| part, forward and backward | composed, wall ms | ours, wall ms |");
    println!("|---|---|---|");
    let rows = Rows { device, repeats: 1 };
    few_rows(&rows);
    pointwise(&rows);
    masked(&rows);
    head(&rows);
}

/// A token of eight answers is drawn, by what draws it on the device.
fn few_rows(rows: &Rows<'_>) {
    for [inputs, outputs] in [[256, 448], [512, 8192]] {
        let (x, weight) = (rows.leaf([8, inputs]).inner(), rows.leaf([outputs, inputs]).inner());
        let panels = rows.on_cpu().then(|| Panels::new(weight.clone()));
        rows.print(
            &format!("projection [8, {inputs}] to {outputs}, forward alone"),
            &mut || force(x.clone().matmul(weight.clone().transpose())),
            &mut || {
                force(match &panels {
                    Some(panels) => panels.linear(x.clone()),
                    None => linear(x.clone(), weight.clone()),
                });
            },
        );
    }
    let [query, key, value] =
        [rows.leaf([8, 1, 8, 32]), rows.leaf([8, 4, 256, 32]), rows.leaf([8, 4, 256, 32])].map(Tensor::inner);
    let mask = Tensor::<3>::zeros([1, 1, 1], &query.device());
    rows.print(
        "attention of 8 queries over 200 of 256 cached keys, forward alone",
        &mut || {
            let seen = |all: &Tensor<4>| all.clone().slice([0..8, 0..4, 0..200, 0..32]);
            force(attended(query.clone(), seen(&key), seen(&value), &mask));
        },
        &mut || {
            let (query, key, value) = (query.clone(), key.clone(), value.clone());
            force(if rows.on_cpu() {
                cached_attention(query, key, value, &[0; 8], 200)
            } else {
                masked_attention(query, key, value, mask.clone(), 200)
            });
        },
    );
}

fn pointwise(rows: &Rows<'_>) {
    let (count, width, wide) = (768, 256, 448);
    let (x, weight) = (rows.leaf([count, width]), rows.leaf([width]));
    rows.print(
        "RMS norm [768, 256]",
        &mut || {
            let scale = (x.clone() * x.clone()).mean_dim(1).add_scalar(1e-5).sqrt().recip();
            backward(x.clone() * scale * weight.clone().unsqueeze::<2>(), [&x]);
        },
        &mut || backward(rms_norm(x.clone(), weight.clone(), 1e-5), [&x]),
    );
    if rows.on_cpu() {
        let (gate, up) = (rows.leaf([count, wide]), rows.leaf([count, wide]));
        rows.print("SwiGLU [768, 448]", &mut || backward(silu(gate.clone()) * up.clone(), [&gate, &up]), &mut || {
            backward(swiglu(gate.clone(), up.clone()), [&gate, &up]);
        });
    }
    let heads = rows.leaf([1, count, 8, 32]);
    let [cosine, sine] = [(); 2].map(|()| rows.leaf([1, count, 1, 16]).detach());
    rows.print(
        "rotation [768, 8, 32]",
        &mut || {
            let half = |columns: std::ops::Range<usize>| heads.clone().slice([0..1, 0..count, 0..8, columns]);
            let (first, second) = (half(0..16), half(16..32));
            let turned = first.clone() * cosine.clone() - second.clone() * sine.clone();
            backward(Tensor::cat(vec![turned, second * cosine.clone() + first * sine.clone()], 3), [&heads]);
        },
        &mut || backward(rotate(heads.clone(), cosine.clone(), sine.clone()), [&heads]),
    );
    let weight = rows.leaf([wide, width]);
    let turned = |result: Tensor<2>| {
        let gradients = result.sum().backward();
        // As the optimiser needs it.
        force(weight.grad(&gradients).unwrap().reshape([wide * width]) * 1.0);
        force(x.grad(&gradients).unwrap());
    };
    rows.print(
        "projection [768, 256] to 448",
        &mut || turned(x.clone().matmul(weight.clone().transpose())),
        &mut || turned(linear(x.clone(), weight.clone())),
    );
}

/// A step of AdamW, which has no way back.
fn optimiser(rows: &Rows<'_>) {
    let flat = |size| rows.leaf::<1>([size]).inner();
    let size = 4_262_144;
    let (weights, gradients) = (flat(size), flat(size));
    let mut moments = Some((flat(size), flat(size)));
    let mut composed = || {
        let g = gradients.clone() * 0.5;
        let first = weights.clone() * 0.9 + g.clone() * 0.1;
        let second = weights.clone() * 0.999 + g.clone() * g * 0.001;
        let update = first.clone() / (second.clone().sqrt() / 0.5 + 1e-8) * 1e-4;
        std::hint::black_box((weights.clone() * 0.9999 - update, first, second));
    };
    let step = AdamWStep {
        scale: 0.5,
        beta1: 0.9,
        one_minus_beta1: 0.1,
        beta2: 0.999,
        one_minus_beta2: 0.001,
        correction2: 0.5,
        epsilon: 1e-8,
        keep: 0.9999,
        rate: 1e-4,
    };
    let mut ours = || {
        let (first, second) = moments.take().unwrap();
        let [updated, first, second] = adamw(weights.clone(), gradients.clone(), first, second, step);
        std::hint::black_box(updated);
        moments = Some((first, second));
    };
    rows.print("AdamW, 4.26 million weights (no backward)", &mut composed, &mut ours);
}

/// Attention by burn's operations: `query` `[batch, time, heads, width]`, `key` and `value`
/// `[batch, kv_heads, span, width]`.
fn attended(query: Tensor<4>, key: Tensor<4>, value: Tensor<4>, mask: &Tensor<3>) -> Tensor<2> {
    let ([batch, time, heads, width], [_, kv_heads, span, _]) = (query.dims(), key.dims());
    let group = heads / kv_heads;
    let query = (query * (width as f64).sqrt().recip()).reshape([batch, time, kv_heads, group, width]);
    let query = query.permute([0, 2, 3, 1, 4]).reshape([batch, kv_heads, group * time, width]);
    let [_, queries, keys] = mask.dims();
    let scores = query.matmul(key.transpose()).reshape([batch, kv_heads, group, time, span])
        + mask.clone().reshape([1, 1, 1, queries, keys]);
    let mixed = softmax(scores, 4).reshape([batch, kv_heads, group * time, span]).matmul(value);
    mixed.reshape([batch, kv_heads, group, time, width]).permute([0, 3, 1, 2, 4]).reshape([batch * time, heads * width])
}

/// Query, key and value of eight rows of 128 tokens, and who sees whom.
fn rows_of_tokens(rows: &Rows<'_>) -> ([Tensor<4>; 3], Tensor<3>) {
    let hidden: Vec<f32> = (0..128).flat_map(|t| (0..128).map(move |s| if s <= t { 0.0 } else { -1e9 })).collect();
    let mask = Tensor::from_data(TensorData::new(hidden, [1, 128, 128]), &rows.device.clone().autodiff());
    ([rows.leaf([8, 128, 8, 32]), rows.leaf([8, 128, 4, 32]), rows.leaf([8, 128, 4, 32])], mask)
}

/// Attention of rows on an adapter.
fn masked(rows: &Rows<'_>) {
    let ([query, key, value], mask) = rows_of_tokens(rows);
    let turned = |all: &Tensor<4>| all.clone().swap_dims(1, 2);
    rows.print(
        "attention of a block, 8 rows of 128 tokens",
        &mut || backward(attended(query.clone(), turned(&key), turned(&value), &mask), [&query, &key, &value]),
        &mut || {
            let result = masked_attention(query.clone(), turned(&key), turned(&value), mask.clone(), 128);
            backward(result, [&query, &key, &value]);
        },
    );
}

/// Four prompts of 64 tokens with two answers of 64 each: eight rows of 128, or four trees.
fn trees(rows: &Rows<'_>) {
    let ([query, key, value], mask) = rows_of_tokens(rows);
    let turned = |all: &Tensor<4>| all.clone().swap_dims(1, 2);
    let mut composed =
        || backward(attended(query.clone(), turned(&key), turned(&value), &mask), [&query, &key, &value]);
    let trees = [rows.leaf([768, 256]), rows.leaf([768, 128]), rows.leaf([768, 128])];
    let stretches = (0..4).flat_map(|tree| {
        let start = tree * 192;
        let whole = start..start + 128;
        [
            Stretch { queries: whole.clone(), path: vec![whole], visible: (1..=128).collect() },
            Stretch {
                queries: start + 128..start + 192,
                path: vec![start..start + 64, start + 128..start + 192],
                visible: (65..=128).collect(),
            },
        ]
    });
    let stretches: Arc<[Stretch]> = stretches.collect();
    let mut ours = || {
        let [query, key, value] = &trees;
        let result = packed_attention(query.clone(), key.clone(), value.clone(), 32, stretches.clone());
        backward(result, [query, key, value]);
    };
    rows.print("attention of a block, 8 rows / 4 trees", &mut composed, &mut ours);
}

/// 512 labels among 4,096 tokens, as a table of its own: what the head saves is memory.
fn head(rows: &Rows<'_>) {
    println!("\n| head, forward and backward | composed, ms | ours, ms | composed, MiB | ours, MiB |");
    println!("|---|---|---|---|---|");
    let (hidden, weight) = (rows.leaf([512, 256]), rows.leaf([4096, 256]));
    let targets: Vec<i32> = (0..512).map(|i| i * 7).collect();
    let targets = Tensor::<2, Int>::from_data(TensorData::new(targets, [512, 1]), &rows.device.clone().autodiff());
    let flat = |result: Tensor<2>| {
        let gradients = result.sum().backward();
        force(weight.grad(&gradients).unwrap().reshape([4096 * 256]) * 1.0);
    };
    for (name, columns, keep) in [
        ("head, 512 labels: all logits / chunks of 512, kept", 512, true),
        ("head: all logits / chunks of 512, computed twice", 512, false),
        ("head: all logits / one chunk, kept", 4096, true),
    ] {
        let mut composed = || {
            let logits = hidden.clone().matmul(weight.clone().transpose());
            flat(selective_log_softmax(logits, targets.clone()));
        };
        let mut ours = || {
            let both = linear_logprobs_by(hidden.clone(), weight.clone(), targets.clone(), Chunks { columns, keep });
            flat(both.slice([0..512, 0..1]));
        };
        rows.print_with_memory(name, &mut composed, &mut ours);
    }
}
