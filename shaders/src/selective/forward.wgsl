// One workgroup per row: the largest logit, the sum of exponentials, the chosen log-probability.
@group(0) @binding(0) var<storage, read_write> logits: array<f32>;
@group(0) @binding(1) var<storage, read_write> targets: array<i32>;
@group(0) @binding(2) var<storage, read_write> result: array<f32>;
@group(0) @binding(3) var<storage, read> shape: array<u32>; // rows, classes

const THREADS: u32 = 64u;
var<workgroup> partial: array<f32, 64>;

@compute @workgroup_size(64, 1, 1)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    // Groups beyond the last row repeat it without writing: an early return would make the
    // barriers below non-uniform, which browsers refuse.
    let asked = group.y * groups.x + group.x;
    let row = min(asked, shape[0] - 1u);
    let classes = shape[1];
    let start = row * classes;

    var top = -3.4e38;
    for (var c = thread; c < classes; c += THREADS) {
        top = max(top, logits[start + c]);
    }
    partial[thread] = top;
    workgroupBarrier();
    for (var half = THREADS / 2u; half > 0u; half /= 2u) {
        if (thread < half) {
            partial[thread] = max(partial[thread], partial[thread + half]);
        }
        workgroupBarrier();
    }
    top = partial[0];
    workgroupBarrier();

    var sum = 0.0;
    for (var c = thread; c < classes; c += THREADS) {
        sum += exp(logits[start + c] - top);
    }
    partial[thread] = sum;
    workgroupBarrier();
    for (var half = THREADS / 2u; half > 0u; half /= 2u) {
        if (thread < half) {
            partial[thread] += partial[thread + half];
        }
        workgroupBarrier();
    }
    if (thread == 0u && asked < shape[0]) {
        result[row] = logits[start + u32(targets[row])] - top - log(partial[0]);
    }
}
