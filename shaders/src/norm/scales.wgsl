// Eight threads per row: one over its root mean square.
@group(0) @binding(0) var<storage, read_write> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> scales: array<f32>;
@group(0) @binding(2) var<storage, read> numbers: array<u32>; // workgroups, rows, columns, the bits of epsilon

@compute @workgroup_size(64, 1, 1)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let at = place(group, groups, thread);
    let columns = numbers[2];
    let epsilon = bitcast<f32>(numbers[3]);
    let start = at.row * columns;

    var sum = 0.0;
    for (var c = at.lane; c < columns; c += LANES) {
        sum += x[start + c] * x[start + c];
    }
    let total = sums_of_row(thread, vec2(sum, 0.0)).x;
    let scale = 1.0 / sqrt(total / f32(columns) + epsilon);
    if (at.there && at.lane == 0u) {
        scales[at.row] = scale;
    }
}
