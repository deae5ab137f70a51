// Eight threads per row: the softmax of scaled and masked scores, in their place.
@group(0) @binding(0) var<storage, read_write> scores: array<f32>;
@group(0) @binding(1) var<storage, read_write> mask: array<f32>;
// Workgroups, rows; keys, and numbers of a row; queries, heads; the scale's bits; in the mask from entry to entry, from
// query to query and from key to key.
@group(0) @binding(2) var<storage, read> numbers: array<u32>;

// Eight threads share a row, and a workgroup takes eight rows.
const LANES: u32 = 8u;
const ROWS: u32 = 8u;
var<workgroup> largest: array<f32, 64>;
var<workgroup> sums: array<f32, 64>;

@compute @workgroup_size(64, 1, 1)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    // Threads beyond the last row write nothing; an early return would make the barriers below non-uniform.
    let asked = (group.y * groups.x + group.x) * ROWS + thread / LANES;
    let lane = thread % LANES;
    let there = asked < numbers[1];
    let row = min(asked, numbers[1] - 1u);
    let span = numbers[2];
    let padded = numbers[3];
    let time = numbers[4];
    let heads = numbers[5];
    let scale = bitcast<f32>(numbers[6]);
    let start = row * padded;
    let hidden = row / (time * heads) * numbers[7] + row % time * numbers[8];

    var top = -3.4e38;
    for (var key = lane; key < span; key += LANES) {
        top = max(top, scores[start + key] * scale + mask[hidden + key * numbers[9]]);
    }
    largest[thread] = top;
    workgroupBarrier();
    for (var other = thread - lane; other < thread - lane + LANES; other += 1u) {
        top = max(top, largest[other]);
    }
    var sum = 0.0;
    for (var key = lane; key < span; key += LANES) {
        let share = exp(scores[start + key] * scale + mask[hidden + key * numbers[9]] - top);
        sum += share;
        if (there) {
            scores[start + key] = share;
        }
    }
    sums[thread] = sum;
    workgroupBarrier();
    var total = 0.0;
    for (var other = thread - lane; other < thread - lane + LANES; other += 1u) {
        total += sums[other];
    }
    if (there) {
        for (var key = lane; key < padded; key += LANES) {
            // Behind the keys there is whatever there was.
            scores[start + key] = select(0.0, scores[start + key] / total, key < span);
        }
    }
}
