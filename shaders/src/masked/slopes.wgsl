// Eight threads per row: the gradients of unscaled scores from those of their shares, in the latter's place.
@group(0) @binding(0) var<storage, read_write> shares: array<f32>;
@group(0) @binding(1) var<storage, read_write> slopes: array<f32>;
@group(0) @binding(2) var<storage, read> numbers: array<u32>; // workgroups, rows; keys, numbers of a row, the scale's bits

@compute @workgroup_size(64, 1, 1)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let at = place(group, groups, thread);
    let span = numbers[2];
    let padded = numbers[3];
    let scale = bitcast<f32>(numbers[4]);
    let start = at.row * padded;

    var sum = 0.0;
    for (var key = at.lane; key < span; key += LANES) {
        sum += shares[start + key] * slopes[start + key];
    }
    let mean = sums_of_row(thread, vec2(sum, 0.0)).x;
    if (at.there) {
        for (var key = at.lane; key < padded; key += LANES) {
            var slope = 0.0;
            if (key < span) {
                slope = shares[start + key] * (slopes[start + key] - mean) * scale;
            }
            slopes[start + key] = slope;
        }
    }
}
