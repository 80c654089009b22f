//! The pictures of the README, drawn from what the binary prints: `make docs` writes them anew.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use crate::binary::{REFUSED, run};

/// Light or dark, as GitHub's own pages are.
struct Theme {
    name: &'static str,
    page: &'static str,
    text: &'static str,
    faint: &'static str,
    border: &'static str,
    banner: &'static str,
    red: &'static str,
}

const THEMES: [Theme; 2] = [
    Theme {
        name: "light",
        page: "#ffffff",
        text: "#1f2328",
        faint: "#656d76",
        border: "#d0d7de",
        banner: "#ffebe9",
        red: "#cf222e",
    },
    Theme {
        name: "dark",
        page: "#0d1117",
        text: "#e6edf3",
        faint: "#8d96a0",
        border: "#30363d",
        banner: "#2d1215",
        red: "#ff7b72",
    },
];

const WIDTH: usize = 980;
const LINE: usize = 20;
/// What fits into a picture in a wide font.
const LETTERS: usize = 124;

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// A text in lines of at most this many characters, broken at blanks.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last_mut().unwrap();
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > width {
            lines.push(word.to_owned());
        } else {
            write!(line, "{}{word}", if line.is_empty() { "" } else { " " }).unwrap();
        }
    }
    lines
}

fn picture(theme: &Theme, title: &str, height: usize, drawing: &str) -> String {
    let Theme { page, border, .. } = theme;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" \
         height=\"{height}\">\n<title>{}</title>\n<rect x=\"0.5\" y=\"0.5\" width=\"{}\" height=\"{}\" rx=\"6\" \
         fill=\"{page}\" stroke=\"{border}\"/>\n{drawing}</svg>\n",
        escape(title),
        WIDTH - 1,
        height - 1
    )
}

/// A refused save in Harvester's UI: the settings' page, and one red banner that shows the message and nothing else.
/// Blanks at a line's start are lost there, and a long line goes on where it began.
fn refusal(theme: &Theme) -> String {
    let arguments = ["review", "-o", "ui", "docs/sample/bad.yaml", "--cluster", "docs/sample/cluster.yaml"];
    let ran = run(&arguments);
    assert_eq!(ran.code, REFUSED, "{ran:?}");
    let lines: Vec<String> = ran.stdout.lines().flat_map(|line| wrapped(line.trim_start(), LETTERS)).collect();
    let Theme { text, faint, border, banner, red, .. } = theme;
    let top = 64;
    let height = lines.len() * LINE + 24;
    let mut drawing = format!(
        "<g font-family=\"Lato, Helvetica, Arial, sans-serif\" fill=\"{text}\">\n\
         <text x=\"24\" y=\"38\" font-size=\"19\">Setting: <tspan fill=\"{faint}\">vm-migration-network</tspan></text>\n\
         <path d=\"M24 52H{}\" stroke=\"{border}\"/>\n\
         <rect x=\"24\" y=\"{top}\" width=\"{}\" height=\"{height}\" fill=\"{banner}\"/>\n\
         <rect x=\"24\" y=\"{top}\" width=\"5\" height=\"{height}\" fill=\"{red}\"/>\n<g font-size=\"14\">\n",
        WIDTH - 24,
        WIDTH - 48
    );
    for (index, line) in lines.iter().enumerate() {
        let y = top + 27 + index * LINE;
        writeln!(drawing, "<text x=\"44\" y=\"{y}\">{}</text>", escape(line)).unwrap();
    }
    drawing.push_str("</g>\n</g>\n");
    picture(theme, "A refused save in Harvester's UI", top + height + 24, &drawing)
}

#[test]
fn the_pictures_show_what_the_binary_prints() {
    for theme in &THEMES {
        let drawn = refusal(theme);
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("docs/pictures/refusal-{}.svg", theme.name));
        if std::env::var_os("UPDATE_DOCS").is_some() {
            fs::write(&path, &drawn).unwrap();
        }
        assert!(
            fs::read_to_string(&path).unwrap() == drawn,
            "{} is not what is printed; run: make docs",
            path.display()
        );
    }
}
