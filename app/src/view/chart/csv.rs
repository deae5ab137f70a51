//! A chart as a table, for other programs.

use super::Chart;

/// One row a point: the line's name, x, y and its standard error, with a row of names before
/// (RFC 4180). Numbers are written so that reading them gives the same bits.
pub fn csv(chart: &Chart) -> String {
    let mut text = row(&["series", &chart.x, &chart.y, "standard error"]);
    for series in &chart.series {
        for (index, [x, y]) in series.points.iter().enumerate() {
            let error = series.errors.get(index).map_or_else(String::new, f64::to_string);
            text += &row(&[&series.name, &x.to_string(), &y.to_string(), &error]);
        }
    }
    text
}

fn row(fields: &[&str]) -> String {
    let quoted: Vec<String> = fields.iter().map(|field| quote(field)).collect();
    quoted.join(",") + "\r\n"
}

fn quote(field: &str) -> String {
    if field.contains(['"', ',', '\r', '\n']) {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::chart::Series;

    /// A reader of RFC 4180.
    fn read(text: &str) -> Vec<Vec<String>> {
        let (mut rows, mut fields, mut field) = (Vec::new(), Vec::new(), String::new());
        let mut quoted = false;
        let mut rest = text.chars().peekable();
        while let Some(c) = rest.next() {
            match c {
                '"' if quoted && rest.peek() == Some(&'"') => field.extend(rest.next()),
                '"' => quoted = !quoted,
                ',' if !quoted => fields.push(std::mem::take(&mut field)),
                '\r' if !quoted => {}
                '\n' if !quoted => {
                    fields.push(std::mem::take(&mut field));
                    rows.push(std::mem::take(&mut fields));
                }
                c => field.push(c),
            }
        }
        assert!(!quoted && fields.is_empty() && field.is_empty());
        rows
    }

    #[test]
    fn what_is_written_can_be_read_again() {
        let hostile = "a \"judge\", or\r\ntwo";
        let chart = Chart {
            x: "step, of all".to_owned(),
            y: "loss".to_owned(),
            series: vec![
                Series {
                    name: hostile.to_owned(),
                    points: vec![[0.0, 0.1 + 0.2], [1.0, -1e-300]],
                    errors: vec![1.0 / 3.0],
                    ..Series::default()
                },
                Series { name: String::new(), points: vec![[2.0, f64::NAN]], ..Series::default() },
            ],
            ..Chart::default()
        };
        let rows = read(&csv(&chart));
        assert_eq!(rows[0], ["series", "step, of all", "loss", "standard error"]);
        let number = |row: usize, column: usize| rows[row][column].parse::<f64>().unwrap();
        assert_eq!((rows[1][0].as_str(), rows[2][0].as_str(), rows[3][0].as_str()), (hostile, hostile, ""));
        assert_eq!(number(1, 2).to_bits(), (0.1 + 0.2_f64).to_bits());
        assert_eq!(number(1, 3).to_bits(), (1.0 / 3.0_f64).to_bits());
        assert_eq!((number(2, 1), number(2, 2), rows[2][3].as_str()), (1.0, -1e-300, ""));
        assert!(number(3, 2).is_nan());
        assert_eq!(rows.len(), 4);
    }
}
