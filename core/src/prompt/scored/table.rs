//! Tables with named columns: CSV and TSV (RFC 4180), JSON lines, and lists of JSON objects.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
};

use serde_json::{Map, Value};

use super::separated::records;
use crate::{Error, Result, prompt::dataset::Records};

/// A text and its score.
#[derive(Debug, Clone, PartialEq)]
pub struct ScoredText {
    /// Names it in logs and errors: `row-1` and so on.
    pub id: String,
    /// The text.
    pub text: String,
    /// Its score, on whatever scale the file has.
    pub score: f64,
}

/// Something that an ad is wanted for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// Whose it is.
    pub brand: String,
    /// What it is called.
    pub title: String,
    /// What there is to say about it; empty where the file does not tell.
    pub description: String,
}

/// A table of texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    path: PathBuf,
    columns: Vec<String>,
    /// A cell for each column; `None` where a JSON object lacks it.
    rows: Vec<Vec<Option<String>>>,
}

impl Table {
    /// Reads a file; its ending says what it is.
    ///
    /// # Errors
    /// As [`Table::parse`], or if the file cannot be read.
    #[cfg(not(target_family = "wasm"))]
    pub fn read(path: &Path) -> Result<Self> {
        Self::parse(&std::fs::read(path).map_err(|e| Error::read(path, e))?, path)
    }

    /// Reads the bytes of a file: `.csv` and `.tsv` with a line of column names, `.jsonl` with an object a line,
    /// `.json` with a list of objects.
    ///
    /// # Errors
    /// Names the row that cannot be read, or says that there is none.
    pub fn parse(bytes: &[u8], path: &Path) -> Result<Self> {
        let ending = path.extension().map(OsStr::to_ascii_lowercase);
        let table = match ending.as_ref().and_then(|ending| ending.to_str()) {
            Some("csv") => separated(bytes, ',', path),
            Some("tsv") => separated(bytes, '\t', path),
            Some("jsonl") => Ok(objects(&lines(bytes, path)?, path)),
            Some("json") => Ok(objects(&list(bytes, path)?, path)),
            _ => Err(whole(
                path,
                "the name ends neither in .csv, .tsv, .jsonl nor .json, so that it cannot be told what it is",
            )),
        }?;
        if table.rows.is_empty() { Err(whole(path, "there are no rows")) } else { Ok(table) }
    }

    /// The file it is from.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The names of the columns, in the order of the file.
    #[must_use]
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// How many rows there are.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows.len()
    }

    /// The cells of a column; those that are missing or blank are `None`.
    ///
    /// # Errors
    /// If there is no such column; the message lists those there are.
    pub fn column(&self, name: &str) -> Result<Vec<Option<&str>>> {
        let at = self.columns.iter().position(|column| column == name).ok_or_else(|| {
            whole(&self.path, &format!("there is no column `{name}`; there are {}", self.columns.join(", ")))
        })?;
        let mut cells = Vec::with_capacity(self.rows.len());
        for row in &self.rows {
            cells.push(row.get(at).and_then(Option::as_deref).filter(|cell| !cell.trim().is_empty()));
        }
        Ok(cells)
    }

    /// The texts of a column.
    ///
    /// # Errors
    /// If there is no such column, or names the row in which it is empty.
    pub fn texts(&self, name: &str) -> Result<Vec<&str>> {
        let cells = self.column(name)?.into_iter().enumerate();
        cells.map(|(index, cell)| cell.ok_or_else(|| self.problem(index, name, "is empty; a text is needed"))).collect()
    }

    /// The numbers of a column.
    ///
    /// # Errors
    /// If there is no such column, or names the row in which there is no number.
    pub fn numbers(&self, name: &str) -> Result<Vec<f64>> {
        let cells = self.column(name)?.into_iter().enumerate();
        cells
            .map(|(index, cell)| {
                let cell = cell.ok_or_else(|| self.problem(index, name, "is empty; a number is needed"))?;
                number(cell).ok_or_else(|| self.problem(index, name, &format!("{cell:?} is not a number")))
            })
            .collect()
    }

    /// Texts with their scores, from two columns.
    ///
    /// # Errors
    /// Names the column that is not there, or the row whose cell is no text or no number.
    pub fn scored(&self, text: &str, score: &str) -> Result<Vec<ScoredText>> {
        let (texts, scores) = (self.texts(text)?, self.numbers(score)?);
        let rows = texts.into_iter().zip(scores).zip(1..);
        Ok(rows
            .map(|((text, score), row)| ScoredText { id: format!("row-{row}"), text: text.to_owned(), score })
            .collect())
    }

    /// What ads are wanted for, from columns of brands and titles, and of descriptions where there is one.
    ///
    /// # Errors
    /// Names the column that is not there, or the row whose brand or title is empty.
    pub fn listings(&self, brand: &str, title: &str, description: Option<&str>) -> Result<Vec<Listing>> {
        let (brands, titles) = (self.texts(brand)?, self.texts(title)?);
        let descriptions = match description {
            Some(name) => self.column(name)?,
            None => vec![None; self.rows.len()],
        };
        let rows = brands.into_iter().zip(titles).zip(descriptions);
        Ok(rows
            .map(|((brand, title), description)| Listing {
                brand: brand.to_owned(),
                title: title.to_owned(),
                description: description.unwrap_or_default().to_owned(),
            })
            .collect())
    }

    fn problem(&self, index: usize, column: &str, problem: &str) -> Error {
        Error::Row { path: self.path.clone(), row: index + 1, column: column.to_owned(), problem: problem.to_owned() }
    }
}

/// A number as files write it.
pub(super) fn number(cell: &str) -> Option<f64> {
    cell.trim().parse().ok().filter(|value: &f64| value.is_finite())
}

fn whole(path: &Path, problem: &str) -> Error {
    Error::DataSet { path: path.to_path_buf(), problem: problem.to_owned() }
}

fn separated(bytes: &[u8], separator: char, path: &Path) -> Result<Table> {
    let at = |line, problem| Error::Data { path: path.to_path_buf(), line, problem };
    let text = utf8(bytes, path)?;
    let mut records = records(text, separator).map_err(|(line, problem)| at(line, problem))?.into_iter();
    let columns = records.next().map(|(_, columns)| columns).unwrap_or_default();
    distinct(&columns, path)?;
    let rows = records
        .map(|(line, fields)| {
            if fields.len() == columns.len() {
                return Ok(fields.into_iter().map(Some).collect());
            }
            let (found, wanted) = (fields.len(), columns.len());
            Err(at(line, format!("there are {found} fields instead of {wanted}; quote fields that hold separators")))
        })
        .collect::<Result<_>>()?;
    Ok(Table { path: path.to_path_buf(), columns, rows })
}

fn utf8<'a>(bytes: &'a [u8], path: &Path) -> Result<&'a str> {
    std::str::from_utf8(bytes).map_err(|e| {
        let line = 1 + bytes.iter().take(e.valid_up_to()).filter(|byte| **byte == b'\n').count();
        let problem = "the text is not UTF-8; save the file as UTF-8".to_owned();
        Error::Data { path: path.to_path_buf(), line, problem }
    })
}

fn distinct(columns: &[String], path: &Path) -> Result<()> {
    let twice =
        columns.iter().enumerate().find(|(index, name)| columns.iter().take(*index).any(|other| other == *name));
    twice.map_or(Ok(()), |(_, name)| Err(whole(path, &format!("two columns are called `{name}`; rename one"))))
}

fn lines(bytes: &[u8], path: &Path) -> Result<Vec<Map<String, Value>>> {
    Ok(Records::parse(utf8(bytes, path)?, path)?.rows)
}

fn list(bytes: &[u8], path: &Path) -> Result<Vec<Map<String, Value>>> {
    serde_json::from_slice(bytes).map_err(|e| whole(path, &format!("not a list of JSON objects ({e})")))
}

/// Columns in the order in which objects bring them. What is neither text, number nor truth is no cell.
fn objects(objects: &[Map<String, Value>], path: &Path) -> Table {
    let mut columns: Vec<String> = Vec::new();
    for name in objects.iter().flat_map(Map::keys) {
        if !columns.contains(name) {
            columns.push(name.clone());
        }
    }
    let cell = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        _ => None,
    };
    let rows =
        objects.iter().map(|object| columns.iter().map(|name| object.get(name).and_then(cell)).collect()).collect();
    Table { path: path.to_path_buf(), columns, rows }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(name: &str, text: &str) -> Result<Table> {
        Table::parse(text.as_bytes(), Path::new(name))
    }

    #[test]
    fn all_four_forms_say_the_same() {
        let csv = table("a.CSV", "text,score,kind\n\"one, \"\"two\"\"\nlines\",0.5,\nb,1e2,x\r\n").unwrap();
        let tsv = table("a.tsv", "text\tscore\tkind\n\"one, \"\"two\"\"\nlines\"\t0.5\t\nb\t1e2\tx\n").unwrap();
        let jsonl = table(
            "a.jsonl",
            "{\"text\": \"one, \\\"two\\\"\\nlines\", \"score\": 0.5}\n{\"text\": \"b\", \"score\": 1e2, \"kind\": \"x\", \"list\": [1]}\n",
        )
        .unwrap();
        let json = table("a.json", "[{\"text\": \"one, \\\"two\\\"\\nlines\", \"score\": 0.5}, {\"text\": \"b\", \"score\": 100, \"kind\": \"x\"}]").unwrap();
        for table in [&csv, &tsv, &jsonl, &json] {
            let scored = table.scored("text", "score").unwrap();
            assert_eq!(
                (scored[0].text.as_str(), scored[0].score, scored[1].score),
                ("one, \"two\"\nlines", 0.5, 100.0)
            );
            assert_eq!((table.rows(), table.column("kind").unwrap()), (2, vec![None, Some("x")]));
        }
        assert_eq!(jsonl.column("list").unwrap(), [None, None]);
    }

    #[test]
    fn problems_name_row_and_column() {
        let refused = |name: &str, text: &str| match table(name, text).and_then(|table| table.scored("text", "score")) {
            Ok(scored) => panic!("{scored:?}"),
            Err(error) => error.to_string(),
        };
        for (name, text, parts) in [
            ("a.csv", "", &["no rows"][..]),
            ("a.csv", "text,score\n", &["no rows"]),
            ("a.csv", "text,points\na,1\n", &["no column `score`; there are text, points"]),
            ("a.csv", "text,score\na,1\nb,many\n", &["row 2, column `score`", "\"many\" is not a number"]),
            ("a.csv", "text,score\na,1\nb,NaN\n", &["row 2, column `score`"]),
            ("a.csv", "text,score\na,1\n ,2\n", &["row 2, column `text`: is empty"]),
            ("a.csv", "text,score\na,1\nb,2,3\n", &["line 3", "3 fields instead of 2"]),
            ("a.csv", "text,text\na,1\n", &["two columns are called `text`"]),
            ("a.jsonl", "{\"text\": \"a\", \"score\": 1}\n{\"text\": \n", &["line 2", "not valid JSON"]),
            ("a.jsonl", "{\"text\": \"a\", \"score\": 1}\n{\"text\": \"b\"}\n", &["row 2, column `score`: is empty"]),
            ("a.json", "{\"text\": \"a\"}", &["not a list of JSON objects"]),
            ("a.xlsx", "", &["neither in .csv"]),
        ] {
            let error = refused(name, text);
            assert!(error.starts_with(name) && parts.iter().all(|part| error.contains(part)), "{text:?}: {error}");
        }
        let error = Table::parse(b"text,score\na\xff,1\n", Path::new("a.csv")).unwrap_err().to_string();
        assert!(error.contains("line 2") && error.contains("UTF-8"), "{error}");
    }

    #[test]
    fn listings_need_a_brand_and_a_title() {
        let table = table("a.csv", "name,brand,about\nlamp,Lux,bright\nsofa,,soft\n").unwrap();
        let error = table.listings("brand", "name", Some("about")).unwrap_err().to_string();
        assert!(error.contains("row 2, column `brand`"), "{error}");
        let listings = table.listings("name", "name", Some("brand")).unwrap();
        assert_eq!((listings[0].description.as_str(), listings[1].description.as_str()), ("Lux", ""));
    }
}
