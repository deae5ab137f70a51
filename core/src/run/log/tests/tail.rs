use super::*;

fn tail() -> Tail {
    Tail::new(Path::new("events.jsonl"))
}

/// A short log with digests, as text.
fn short() -> (Vec<Record>, Vec<u8>) {
    let mut records = whole();
    records.truncate(4);
    let text = sealed(&records).concat().into_bytes();
    (records, text)
}

#[test]
fn a_log_that_is_cut_at_any_byte_is_read_as_in_one_piece() {
    let (records, text) = short();
    for cut in 0..=text.len() {
        let (first, second) = text.split_at(cut);
        let mut tail = tail();
        let mut read = tail.push(first).unwrap();
        // A line is there as soon as its end is, and no earlier.
        assert_eq!(read.len(), first.split(|byte| *byte == b'\n').count() - 1, "cut at {cut}");
        read.extend(tail.push(second).unwrap());
        assert_eq!(read, records, "cut at {cut}");
        assert!(tail.push(&[]).unwrap().is_empty(), "nothing is said twice");
    }
}

#[test]
fn a_log_can_come_byte_by_byte() {
    let (records, text) = short();
    let mut tail = tail();
    let read: Vec<Record> = text.iter().flat_map(|byte| tail.push(&[*byte]).unwrap()).collect();
    assert_eq!(read, records);
}

#[test]
fn a_last_line_that_cannot_be_read_is_damage_once_another_is_behind_it() {
    let (records, text) = short();
    let damaged = b"{\"schema\":1,\n";
    for cut in 0..damaged.len() {
        let mut tail = tail();
        assert_eq!(tail.push(&text).unwrap(), records);
        let (first, second) = damaged.split_at(cut);
        assert!(tail.push(first).unwrap().is_empty());
        assert!(tail.push(second).unwrap().is_empty(), "it can still be repaired");
        // Of what is behind it, only the end of the line tells that it is one.
        assert!(tail.push(b"{\"schema\"").unwrap().is_empty());
        let told = tail.push(b":1}\n").unwrap_err().to_string();
        assert!(told.contains("events.jsonl") && told.contains("line 5 is damaged"), "{told}");
    }
}

#[test]
fn the_digests_go_on_from_piece_to_piece() {
    let lines = sealed(&whole());
    let mut tail = tail();
    assert_eq!(tail.push(lines[..2].concat().as_bytes()).unwrap().len(), 2);
    // The third is missing, which the digest of the fourth tells.
    assert!(tail.push(lines[3].as_bytes()).unwrap().is_empty());
    let told = tail.push(lines[4].as_bytes()).unwrap_err().to_string();
    assert!(told.contains("line 3 is not as it was written"), "{told}");
}

#[test]
fn what_does_not_begin_with_a_start_is_refused() {
    let lines = sealed(&whole());
    let told = tail().push(lines[1].as_bytes()).unwrap_err().to_string();
    assert!(told.contains("line 1 is not the start of a run"), "{told}");
}
