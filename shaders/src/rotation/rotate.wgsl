// One thread per pair of columns: rotates it.
@group(0) @binding(0) var<storage, read_write> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> cosine: array<f32>;
@group(0) @binding(2) var<storage, read_write> sine: array<f32>;
@group(0) @binding(3) var<storage, read_write> result: array<f32>;
// Workgroups; pairs; heads, pairs of a head; positions that have angles, the others repeat them; the direction's bits.
@group(0) @binding(4) var<storage, read> numbers: array<u32>;

@compute @workgroup_size(64, 1, 1)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let pair = (group.y * groups.x + group.x) * 64u + thread;
    if (pair >= numbers[1]) {
        return;
    }
    let half = numbers[3];
    let head = pair / half;
    let column = pair % half;
    let angle = head / numbers[2] % numbers[4] * half + column;
    let c = cosine[angle];
    let s = sine[angle] * bitcast<f32>(numbers[5]);
    let at = head * 2u * half + column;
    let first = x[at];
    let second = x[at + half];
    result[at] = first * c - second * s;
    result[at + half] = second * c + first * s;
}
