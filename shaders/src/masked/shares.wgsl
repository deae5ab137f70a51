// Eight threads per row: the softmax of scaled and masked scores, in their place.
@group(0) @binding(0) var<storage, read_write> scores: array<f32>;
@group(0) @binding(1) var<storage, read_write> mask: array<f32>;
// Workgroups, rows; keys, and numbers of a row; queries, heads; the scale's bits; in the mask from entry to entry, from
// query to query and from key to key.
@group(0) @binding(2) var<storage, read> numbers: array<u32>;

@compute @workgroup_size(64, 1, 1)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let at = place(group, groups, thread);
    let span = numbers[2];
    let padded = numbers[3];
    let time = numbers[4];
    let heads = numbers[5];
    let scale = bitcast<f32>(numbers[6]);
    let start = at.row * padded;
    let hidden = at.row / (time * heads) * numbers[7] + at.row % time * numbers[8];

    var top = -3.4e38;
    for (var key = at.lane; key < span; key += LANES) {
        top = max(top, scores[start + key] * scale + mask[hidden + key * numbers[9]]);
    }
    top = top_of_row(thread, top);
    var sum = 0.0;
    for (var key = at.lane; key < span; key += LANES) {
        let share = exp(scores[start + key] * scale + mask[hidden + key * numbers[9]] - top);
        sum += share;
        if (at.there) {
            scores[start + key] = share;
        }
    }
    let total = sums_of_row(thread, vec2(sum, 0.0)).x;
    if (at.there) {
        for (var key = at.lane; key < padded; key += LANES) {
            // Behind the keys there is whatever there was.
            scores[start + key] = select(0.0, scores[start + key] / total, key < span);
        }
    }
}
