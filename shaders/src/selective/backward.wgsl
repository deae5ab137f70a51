// One thread per logit: g · (onehot − softmax), the softmax from the logits and the result.
@group(0) @binding(0) var<storage, read_write> logits: array<f32>;
@group(0) @binding(1) var<storage, read_write> targets: array<i32>;
@group(0) @binding(2) var<storage, read_write> logprobs: array<f32>;
@group(0) @binding(3) var<storage, read_write> gradient: array<f32>;
@group(0) @binding(4) var<storage, read_write> result: array<f32>;
@group(0) @binding(5) var<storage, read> shape: array<u32>; // rows, classes

@compute @workgroup_size(64, 1, 1)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let row = group.y * groups.x + group.x;
    if (row >= shape[0]) {
        return;
    }
    let classes = shape[1];
    let start = row * classes;
    let target_class = u32(targets[row]);
    let normaliser = logits[start + target_class] - logprobs[row];
    let g = gradient[row];
    for (var c = thread; c < classes; c += 64u) {
        let hit = select(0.0, 1.0, c == target_class);
        result[start + c] = g * (hit - exp(logits[start + c] - normaliser));
    }
}
