//! Tables of texts and scores. The first byte says which ending the file's name has.

use std::path::Path;

use selfsame_core::prompt::scored::Table;

pub(super) fn read(bytes: &[u8]) {
    let Some((kind, bytes)) = bytes.split_first() else { return };
    let name = match kind {
        b't' => "a.tsv",
        b'l' => "a.jsonl",
        b'j' => "a.json",
        _ => "a.csv",
    };
    let Ok(table) = Table::parse(bytes, Path::new(name)) else { return };
    assert!(table.rows() > 0);
    let columns = table.columns().to_vec();
    for column in &columns {
        assert_eq!(table.column(column).expect("it is one of them").len(), table.rows());
        let _ = (table.texts(column), table.numbers(column));
    }
    if let [text, score, ..] = columns.as_slice() {
        let _ = (table.scored(text, score), table.listings(text, score, columns.get(2).map(String::as_str)));
    }
}
