//! Parquet, as the data sets of Hugging Face are stored: row by row, without arrow.

mod whole;

use std::{
    fs::File,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
};

use parquet::{
    basic::Compression,
    column::page::Page,
    file::{
        metadata::{ParquetMetaData, RowGroupMetaData},
        reader::{FileReader, RowGroupReader, SerializedFileReader},
    },
    record::{Field, Row, reader::RowIter},
    schema::types::Type,
};
use serde_json::{Map, Value};

use self::whole::Whole;
use super::{columns::is_read, record::Records};
use crate::{Error, Result};

/// Reads the columns that mean something to us; of the others only the names.
///
/// # Errors
/// If the file is damaged, packed by a codec we do not have, or holds values that are not texts,
/// truth values, numbers, lists or structs.
pub(super) fn read(file: File, path: &Path) -> Result<Records> {
    let damaged = |what: String| Error::DataSet {
        path: path.to_path_buf(),
        problem: format!("the Parquet file is damaged or of a kind that is not read ({what}); write it again"),
    };
    // The crate trusts some of what a file says about itself and gives up with a panic where it lies.
    catch_unwind(AssertUnwindSafe(|| rows(file, path)))
        .unwrap_or_else(|_| Err(Failure::Damaged("its parts contradict each other".to_owned())))
        .map_err(|failure| match failure {
            Failure::Ours(error) => error,
            Failure::Damaged(what) => damaged(what),
        })
}

enum Failure {
    Ours(Error),
    Damaged(String),
}

impl From<parquet::errors::ParquetError> for Failure {
    fn from(error: parquet::errors::ParquetError) -> Self {
        Self::Damaged(error.to_string())
    }
}

fn rows(file: File, path: &Path) -> Result<Records, Failure> {
    let reader = SerializedFileReader::new(Whole(file))?;
    let schema = reader.metadata().file_metadata().schema();
    let (read, unread): (Vec<_>, Vec<_>) = schema.get_fields().iter().cloned().partition(|field| is_read(field.name()));
    let mut records = Records {
        path: path.to_path_buf(),
        rows: Vec::new(),
        text: String::new(),
        unread: unread.iter().map(|field| field.name().to_owned()).collect(),
    };
    if read.is_empty() {
        let problem = format!(
            "has none of the columns that a data set is made of; it has {}. Rename them to `prompt`, `completion`, `chosen`, `rejected`, `label`, `text` or `messages`",
            names(&records.unread)
        );
        return Err(Failure::Ours(records.unusable(problem)));
    }
    check_codecs(reader.metadata(), &records).map_err(Failure::Ours)?;
    let chunks = || reader.metadata().row_groups().iter().flat_map(RowGroupMetaData::columns);
    // The crate gives up with a panic where these are negative.
    if chunks().any(|chunk| {
        chunk.dictionary_page_offset().unwrap_or_else(|| chunk.data_page_offset()) < 0 || chunk.compressed_size() < 0
    }) {
        return Err(Failure::Damaged("a column lies before the file's beginning".to_owned()));
    }
    let projection = Type::group_type_builder(schema.name()).with_fields(read).build()?;
    for group in 0..reader.num_row_groups() {
        let group = reader.get_row_group(group)?;
        check_dictionaries(group.as_ref())?;
        for row in RowIter::from_row_group(Some(projection.clone()), group.as_ref())? {
            let index = records.rows.len();
            let fields = object(row?).map_err(|(column, what)| {
                let problem = format!("holds {what}; save the column as text or truth values");
                Failure::Ours(records.wrong(index, &column, problem))
            })?;
            records.rows.push(fields);
        }
    }
    if records.rows.is_empty() {
        return Err(Failure::Ours(records.unusable("the file holds no rows")));
    }
    Ok(records)
}

fn names(columns: &[String]) -> String {
    if columns.is_empty() { "no columns".to_owned() } else { format!("`{}`", columns.join("`, `")) }
}

/// A codec that is missing is named before its pages are met.
fn check_codecs(metadata: &ParquetMetaData, records: &Records) -> Result<()> {
    for chunk in metadata.row_groups().iter().flat_map(RowGroupMetaData::columns) {
        let Some(column) = chunk.column_path().parts().first().filter(|column| is_read(column)) else { continue };
        let codec = match chunk.compression() {
            Compression::UNCOMPRESSED
            | Compression::SNAPPY
            | Compression::GZIP(_)
            | Compression::LZ4
            | Compression::LZ4_RAW => continue,
            Compression::ZSTD(_) => "ZSTD",
            Compression::BROTLI(_) => "Brotli",
            Compression::LZO => "LZO",
        };
        return Err(records.unusable(format!(
            "column `{column}` is compressed with {codec}, which is not read. Save it again with Snappy, Gzip or LZ4: in Python `pandas.read_parquet(\"old.parquet\").to_parquet(\"new.parquet\", compression=\"snappy\")`"
        )));
    }
    Ok(())
}

/// The crate makes room for as many words as a dictionary claims to have, and ends the program where there is none.
fn check_dictionaries(group: &dyn RowGroupReader) -> Result<(), Failure> {
    for (index, column) in group.metadata().columns().iter().enumerate() {
        if !column.column_path().parts().first().is_some_and(|name| is_read(name)) {
            continue;
        }
        let mut pages = group.get_column_page_reader(index)?;
        while let Some(next) = pages.peek_next_page()? {
            if !next.is_dict {
                pages.skip_next_page()?;
            } else if let Some(Page::DictionaryPage { buf, num_values, .. }) = pages.get_next_page()?
                && num_values as usize > buf.len()
            {
                return Err(Failure::Damaged(format!("a dictionary of {num_values} values has {} bytes", buf.len())));
            }
        }
    }
    Ok(())
}

/// A row, or the column that cannot be one of ours and what it holds.
fn object(row: Row) -> Result<Map<String, Value>, (String, String)> {
    row.into_columns()
        .into_iter()
        .map(|(name, field)| match value(field) {
            Ok(value) => Ok((name, value)),
            Err(what) => Err((name, what)),
        })
        .collect()
}

fn value(field: Field) -> Result<Value, String> {
    Ok(match field {
        Field::Null => Value::Null,
        Field::Bool(value) => Value::Bool(value),
        Field::Str(text) => Value::String(text),
        Field::Byte(n) => n.into(),
        Field::Short(n) => n.into(),
        Field::Int(n) => n.into(),
        Field::Long(n) => n.into(),
        Field::UByte(n) => n.into(),
        Field::UShort(n) => n.into(),
        Field::UInt(n) => n.into(),
        Field::ULong(n) => n.into(),
        Field::Float(x) => f64::from(x).into(),
        Field::Double(x) => x.into(),
        Field::Group(row) => Value::Object(object(row).map_err(|(name, what)| format!("{what} in `{name}`"))?),
        Field::ListInternal(list) => {
            Value::Array(list.elements().iter().cloned().map(value).collect::<Result<_, _>>()?)
        }
        Field::Bytes(_) => return Err("bytes that are not marked as text".to_owned()),
        Field::MapInternal(_) => return Err("a map".to_owned()),
        Field::Float16(_) | Field::Decimal(_) => return Err("a number of a kind that is not read".to_owned()),
        Field::Date(_)
        | Field::TimeMillis(_)
        | Field::TimeMicros(_)
        | Field::TimestampMillis(_)
        | Field::TimestampMicros(_) => return Err("a date or time".to_owned()),
    })
}
