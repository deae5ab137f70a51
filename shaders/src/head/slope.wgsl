// One workgroup per row: the gradient of a chunk of its logits (see `head_slope`).
@group(0) @binding(0) var<storage, read_write> logits: array<f32>;
@group(0) @binding(1) var<storage, read_write> targets: array<i32>;
@group(0) @binding(2) var<storage, read_write> statistics: array<f32>; // log-sum-exp, entropy
@group(0) @binding(3) var<storage, read_write> gradient: array<f32>; // of log-probability, of entropy
@group(0) @binding(4) var<storage, read_write> result: array<f32>;
@group(0) @binding(5) var<storage, read> numbers: array<u32>; // rows, columns, offset

@compute @workgroup_size(64, 1, 1)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let row = group.y * groups.x + group.x;
    if (row >= numbers[0]) {
        return;
    }
    let columns = numbers[1];
    let offset = numbers[2];
    let start = row * columns;
    let target_class = u32(targets[row]);
    let normaliser = statistics[row * 2u];
    let entropy = statistics[row * 2u + 1u];
    let of_logprob = gradient[row * 2u];
    let of_entropy = gradient[row * 2u + 1u];
    for (var c = thread; c < columns; c += 64u) {
        let logprob = logits[start + c] - normaliser;
        let hit = select(0.0, of_logprob, offset + c == target_class);
        result[start + c] = hit - exp(logprob) * (of_logprob + of_entropy * (logprob + entropy));
    }
}
