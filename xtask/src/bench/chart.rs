//! A bar chart of processor time, as SVG that reads well on white and on black.

use std::fmt::Write as _;

use super::report::Row;

const LEFT: f64 = 300.0;
const WIDTH: f64 = 900.0;
const BAR: f64 = 16.0;
const GAP: f64 = 18.0;
const TOP: f64 = 64.0;
/// Room for the figure at the end of the longest bar.
const FIGURE: f64 = 60.0;

/// One colour for each engine, whoever takes part; told apart by the colour-blind too.
const COLOURS: &[(&str, &str)] =
    &[("nginx", "#8c8c8c"), ("HAProxy", "#e69f00"), ("Envoy", "#cc79a7"), ("Weir", "#0072b2")];

/// Draws CPU seconds for a million requests: one group for each workload, one bar for each engine.
pub(crate) fn draw(workloads: &[&str], engines: &[&str], rows: &[Row]) -> String {
    let most = rows.iter().map(|row| row.cpu).fold(f64::MIN_POSITIVE, f64::max);
    let scale = (WIDTH - LEFT - FIGURE) / most;
    let mut bars = String::new();
    let mut top = TOP;
    for workload in workloads {
        let middle = top + BAR * engines.len() as f64 / 2.0 + 4.0;
        text(&mut bars, LEFT - 10.0, middle, "end", workload);
        for engine in engines {
            let row = rows.iter().find(|row| row.workload == *workload && row.engine == *engine);
            bar(&mut bars, top, row.map(|row| row.cpu), scale, colour(engine));
            top += BAR;
        }
        top += GAP;
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {top}\" \
         font-family=\"sans-serif\" font-size=\"13\" fill=\"#777\">\n\
         <title>CPU seconds for a million requests; less is better</title>\n{}{bars}</svg>\n",
        legend(engines)
    )
}

fn legend(engines: &[&str]) -> String {
    let mut out = String::new();
    text(&mut out, 10.0, 20.0, "start", "CPU seconds for a million requests; less is better");
    for (index, engine) in engines.iter().enumerate() {
        let left = LEFT + 110.0 * index as f64;
        rectangle(&mut out, left, 34.0, 12.0, colour(engine));
        text(&mut out, left + 18.0, 45.0, "start", engine);
    }
    out
}

/// A bar with its figure; a dash where nothing was measured.
fn bar(out: &mut String, top: f64, value: Option<f64>, scale: f64, colour: &str) {
    let length = value.map_or(0.0, |value| value * scale);
    rectangle(out, LEFT, top, length, colour);
    let figure = value.map_or_else(|| "–".to_owned(), |value| format!("{value:.1}"));
    text(out, LEFT + length + 6.0, top + 12.0, "start", &figure);
}

fn rectangle(out: &mut String, left: f64, top: f64, width: f64, colour: &str) {
    let height = BAR - 3.0;
    writeln!(
        out,
        "<rect x=\"{left:.1}\" y=\"{top:.1}\" width=\"{width:.1}\" height=\"{height}\" \
         fill=\"{colour}\"/>"
    )
    .expect("writing to memory cannot fail");
}

fn text(out: &mut String, left: f64, top: f64, anchor: &str, content: &str) {
    let content = content.replace('&', "&amp;").replace('<', "&lt;");
    writeln!(out, "<text x=\"{left:.1}\" y=\"{top:.1}\" text-anchor=\"{anchor}\">{content}</text>")
        .expect("writing to memory cannot fail");
}

fn colour(engine: &str) -> &'static str {
    COLOURS.iter().find(|(name, _)| *name == engine).map_or("#000000", |(_, colour)| colour)
}
