// One workgroup per row: merges a chunk of its logits into what is known of it (see `head_merge`).
@group(0) @binding(0) var<storage, read_write> logits: array<f32>;
@group(0) @binding(1) var<storage, read_write> targets: array<i32>;
@group(0) @binding(2) var<storage, read_write> known: array<f32>;
@group(0) @binding(3) var<storage, read_write> result: array<f32>;
@group(0) @binding(4) var<storage, read> numbers: array<u32>; // rows, columns, offset

const THREADS: u32 = 64u;
const KNOWN: u32 = 6u;
var<workgroup> partial: array<f32, 64>;
var<workgroup> partial_weighted: array<f32, 64>;
var<workgroup> partial_squares: array<f32, 64>;
var<workgroup> partial_total: array<f32, 64>;

@compute @workgroup_size(64, 1, 1)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    // Groups beyond the last row repeat it without writing: an early return would make the
    // barriers below non-uniform, which browsers refuse.
    let asked = group.y * groups.x + group.x;
    let row = min(asked, numbers[0] - 1u);
    let columns = numbers[1];
    let offset = numbers[2];
    let start = row * columns;

    let old_top = known[row * KNOWN];
    var top = old_top;
    for (var c = thread; c < columns; c += THREADS) {
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
    var weighted = 0.0;
    var squares = 0.0;
    var total = 0.0;
    for (var c = thread; c < columns; c += THREADS) {
        let logit = logits[start + c];
        let below = logit - top;
        let share = exp(below);
        sum += share;
        weighted += below * share;
        squares += share * share;
        total += logit;
    }
    partial[thread] = sum;
    partial_weighted[thread] = weighted;
    partial_squares[thread] = squares;
    partial_total[thread] = total;
    workgroupBarrier();
    for (var half = THREADS / 2u; half > 0u; half /= 2u) {
        if (thread < half) {
            partial[thread] += partial[thread + half];
            partial_weighted[thread] += partial_weighted[thread + half];
            partial_squares[thread] += partial_squares[thread + half];
            partial_total[thread] += partial_total[thread + half];
        }
        workgroupBarrier();
    }
    if (thread == 0u && asked < numbers[0]) {
        let old_sum = known[row * KNOWN + 1u];
        var new_sum = partial[0];
        var new_weighted = partial_weighted[0];
        var new_squares = partial_squares[0];
        // Before the first chunk nothing is known, and the shift would be beyond all numbers.
        if (old_sum > 0.0) {
            let shift = old_top - top;
            let shrink = exp(shift);
            new_sum += old_sum * shrink;
            new_weighted += (known[row * KNOWN + 3u] + shift * old_sum) * shrink;
            new_squares += known[row * KNOWN + 4u] * shrink * shrink;
        }
        var chosen = known[row * KNOWN + 2u];
        let target_class = u32(targets[row]);
        if (target_class >= offset && target_class < offset + columns) {
            chosen = logits[start + target_class - offset];
        }
        result[row * KNOWN] = top;
        result[row * KNOWN + 1u] = new_sum;
        result[row * KNOWN + 2u] = chosen;
        result[row * KNOWN + 3u] = new_weighted;
        result[row * KNOWN + 4u] = new_squares;
        result[row * KNOWN + 5u] = known[row * KNOWN + 5u] + partial_total[0];
    }
}
