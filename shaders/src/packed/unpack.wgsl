// One workgroup per row: some rows of a packed matrix as f32 (see `packed_rows`).
@group(0) @binding(0) var<storage, read_write> words: array<u32>;
@group(0) @binding(1) var<storage, read_write> wanted: array<i32>;
@group(0) @binding(2) var<storage, read_write> result: array<f32>;
@group(0) @binding(3) var<storage, read> numbers: array<u32>; // rows, width, bits, first word of the scales

// Of a list of halves, two a word.
fn half(start: u32, index: u32) -> f32 {
    let pair = unpack2x16float(words[start + index / 2u]);
    return select(pair.x, pair.y, index % 2u == 1u);
}

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
    let width = numbers[1];
    let bits = numbers[2];
    let scales = numbers[3];
    let start = u32(wanted[row]) * width;
    for (var c = thread; c < width; c += 64u) {
        let at = start + c;
        let block = at / 32u;
        let within = at % 32u;
        var value = 0.0;
        if (bits == 16u) {
            value = half(0u, at);
        } else if (bits == 8u) {
            let number = extractBits(bitcast<i32>(words[at / 4u]), 8u * (at % 4u), 8u);
            value = f32(number) * half(scales, block);
        } else {
            // Low halves of the block's 16 bytes first, then high halves.
            let byte = within % 16u;
            let shift = 8u * (byte % 4u) + 4u * (within / 16u);
            let number = extractBits(words[block * 4u + byte / 4u], shift, 4u);
            value = half(scales, block) * (f32(number) - 8.0);
        }
        result[row * width + c] = value;
    }
}
