//! What each shortcut of a learning step saves: the part of a step with it and without, forward and
//! backward, at the size of the step in the main table.

use std::sync::Arc;

use burn::tensor::{
    Device, Int, Tensor, TensorData,
    activation::{silu, softmax},
};
use selfsame_shaders::{
    AdamWStep, Chunks, Stretch, adamw, linear, linear_logprobs_by, packed_attention, rms_norm, rotate,
    selective_log_softmax, swiglu,
};

use super::clock::{Cost, take_turns};

/// Rounds, whose medians are printed, and runs in each.
const ROUNDS: usize = 5;
const REPEATS: u32 = 20;

#[allow(clippy::cast_precision_loss)]
fn leaf<const D: usize>(shape: [usize; D]) -> Tensor<D> {
    let count: usize = shape.iter().product();
    let values: Vec<f32> = (0..count).map(|i| (i * 7919 % 1013) as f32 / 1013.0 - 0.5).collect();
    Tensor::<D>::from_data(TensorData::new(values, shape), &Device::flex().autodiff()).require_grad()
}

fn backward<const D: usize>(result: Tensor<D>) {
    std::hint::black_box(result.sum().backward());
}

pub fn table() {
    println!("\n| part of a step, forward and backward | composed, CPU ms | ours, CPU ms |");
    println!("|---|---|---|");
    let print = |name: &str, costs: &[Cost]| {
        println!("| {name} | {:.2} | {:.2} |", costs[0].cpu * 1e3, costs[1].cpu * 1e3);
    };
    let (rows, width, wide) = (768, 256, 448);

    let (x, weight) = (leaf([rows, width]), leaf([width]));
    let mut composed = || {
        let scale = (x.clone() * x.clone()).mean_dim(1).add_scalar(1e-5).sqrt().recip();
        backward(x.clone() * scale * weight.clone().unsqueeze::<2>());
    };
    let mut ours = || backward(rms_norm(x.clone(), weight.clone(), 1e-5));
    print("RMS norm [768, 256]", &take_turns(ROUNDS, REPEATS, &mut [&mut composed, &mut ours]));

    let (gate, up) = (leaf([rows, wide]), leaf([rows, wide]));
    let mut composed = || backward(silu(gate.clone()) * up.clone());
    let mut ours = || backward(swiglu(gate.clone(), up.clone()));
    print("SwiGLU [768, 448]", &take_turns(ROUNDS, REPEATS, &mut [&mut composed, &mut ours]));

    let (heads, angles) = (leaf([1, rows, 8, 32]), [leaf([1, rows, 1, 16]).detach(), leaf([1, rows, 1, 16]).detach()]);
    let mut composed = || {
        let [cosine, sine] = angles.clone();
        let (first, second) =
            (heads.clone().slice([0..1, 0..rows, 0..8, 0..16]), heads.clone().slice([0..1, 0..rows, 0..8, 16..32]));
        let turned = first.clone() * cosine.clone() - second.clone() * sine.clone();
        backward(Tensor::cat(vec![turned, second * cosine + first * sine], 3));
    };
    let mut ours = || {
        let [cosine, sine] = angles.clone();
        backward(rotate(heads.clone(), cosine, sine));
    };
    print("rotation [768, 8, 32]", &take_turns(ROUNDS, REPEATS, &mut [&mut composed, &mut ours]));

    let weight = leaf([wide, width]);
    let turned = |result: Tensor<2>| {
        let gradients = result.sum().backward();
        // As the optimiser needs it.
        std::hint::black_box(weight.grad(&gradients).map(|g| g.reshape([wide * width]) * 1.0));
    };
    let mut composed = || turned(x.clone().matmul(weight.clone().transpose()));
    let mut ours = || turned(linear(x.clone(), weight.clone()));
    print("projection [768, 256] to 448", &take_turns(ROUNDS, REPEATS, &mut [&mut composed, &mut ours]));

    attention(&print);
    head(&print);

    let flat = |size| leaf::<1>([size]).inner();
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
    print("AdamW, 4.26 million weights (no backward)", &take_turns(ROUNDS, REPEATS, &mut [&mut composed, &mut ours]));
}

/// Four prompts of 64 tokens with two answers of 64 each: eight rows of 128, or four trees.
fn attention(print: &impl Fn(&str, &[Cost])) {
    let rows = [leaf([8, 128, 8, 32]), leaf([8, 128, 4, 32]), leaf([8, 128, 4, 32])];
    let hidden: Vec<f32> = (0..128).flat_map(|t| (0..128).map(move |s| if s <= t { 0.0 } else { -1e9 })).collect();
    let mask = Tensor::<5>::from_data(TensorData::new(hidden, [1, 1, 1, 128, 128]), &Device::flex().autodiff());
    let mut composed = || {
        let [query, key, value] = rows.clone();
        let query = (query * 0.177).reshape([8, 128, 4, 2, 32]).permute([0, 2, 3, 1, 4]).reshape([8, 4, 256, 32]);
        let scores = query.matmul(key.permute([0, 2, 3, 1])).reshape([8, 4, 2, 128, 128]) + mask.clone();
        let mixed = softmax(scores, 4).reshape([8, 4, 256, 128]).matmul(value.swap_dims(1, 2));
        backward(mixed.reshape([8, 4, 2, 128, 32]).permute([0, 3, 1, 2, 4]).reshape([1024, 256]));
    };
    let trees = [leaf([768, 256]), leaf([768, 128]), leaf([768, 128])];
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
        let [query, key, value] = trees.clone();
        backward(packed_attention(query, key, value, 32, stretches.clone()));
    };
    print("attention of a block, 8 rows / 4 trees", &take_turns(ROUNDS, REPEATS, &mut [&mut composed, &mut ours]));
}

/// 512 labels among 4,096 tokens.
fn head(print: &impl Fn(&str, &[Cost])) {
    let (hidden, weight) = (leaf([512, 256]), leaf([4096, 256]));
    let targets: Vec<i32> = (0..512).map(|i| i * 7).collect();
    let targets = Tensor::<2, Int>::from_data(TensorData::new(targets, [512, 1]), &Device::flex().autodiff());
    let flat = |result: Tensor<2>| {
        let gradients = result.sum().backward();
        std::hint::black_box(weight.grad(&gradients).map(|g| g.reshape([4096 * 256]) * 1.0));
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
        print(name, &take_turns(ROUNDS, REPEATS, &mut [&mut composed, &mut ours]));
    }
}
