//! Exported runs: a packed tar, or the tar alone, which is packed here so that its own bytes are what changes.

use std::{
    io::Write,
    path::{Component, Path},
};

use flate2::{Compression, write::GzEncoder};
use selfsame::archive::unpack;

pub(super) fn read(bytes: &[u8]) {
    let packed = if bytes.starts_with(&[0x1f, 0x8b]) {
        bytes.to_vec()
    } else {
        let mut packer = GzEncoder::new(Vec::new(), Compression::none());
        packer.write_all(bytes).and_then(|()| packer.finish()).expect("memory")
    };
    for (name, _) in unpack(&packed).unwrap_or_default() {
        let down = |part| matches!(part, Component::Normal(_));
        assert!(Path::new(&name).components().all(down) && !name.is_empty(), "{name:?} leads out of the run");
    }
}
