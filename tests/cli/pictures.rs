//! The pictures of the README, drawn from what the binary prints: `make docs` writes them anew.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use crate::binary::{REFUSED, command, run};

/// Light or dark, as GitHub's own pages are.
struct Theme {
    name: &'static str,
    page: &'static str,
    text: &'static str,
    faint: &'static str,
    border: &'static str,
    banner: &'static str,
    red: &'static str,
    yellow: &'static str,
    green: &'static str,
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
        yellow: "#9a6700",
        green: "#1a7f37",
    },
    Theme {
        name: "dark",
        page: "#0d1117",
        text: "#e6edf3",
        faint: "#8d96a0",
        border: "#30363d",
        banner: "#2d1215",
        red: "#ff7b72",
        yellow: "#d29922",
        green: "#3fb950",
    },
];

const WIDTH: usize = 980;
const LINE: usize = 20;
/// What fits into a picture: letters of a wide font, and of one in which all are alike.
const LETTERS: usize = 124;
const COLUMNS: usize = 120;

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

/// A command and what it prints, in a terminal. Colours are those that it asks for.
fn terminal(theme: &Theme, arguments: &[&str]) -> String {
    let ran = command(arguments).args(["--color", "always"]).env("LC_ALL", "C.UTF-8").output().unwrap();
    let printed = String::from_utf8(ran.stdout).unwrap();
    let Theme { text, faint, red, yellow, green, .. } = theme;
    let mut drawing = format!(
        "<g font-family=\"ui-monospace, SFMono-Regular, Menlo, Consolas, monospace\" font-size=\"13\" fill=\"{text}\">\n"
    );
    let prompt = format!("migration-network-webhook {}", arguments.join(" "));
    writeln!(drawing, "<text x=\"20\" y=\"32\"><tspan fill=\"{faint}\">$ </tspan>{}</text>", escape(&prompt)).unwrap();
    let mut y = 32;
    for line in printed.lines() {
        let mut row = String::new();
        let mut column = 0;
        let mut rows = Vec::new();
        for part in format!("\u{1b}[0m{line}").split("\u{1b}[").skip(1) {
            let (code, shown) = part.split_once('m').unwrap();
            let style = match code {
                "0" => String::new(),
                "1" => " font-weight=\"bold\"".to_owned(),
                "31" => format!(" fill=\"{red}\""),
                "32" => format!(" fill=\"{green}\""),
                "33" => format!(" fill=\"{yellow}\""),
                other => panic!("no colour for {other}: {line:?}"),
            };
            let mut rest = shown;
            while !rest.is_empty() {
                if column == COLUMNS {
                    rows.push(std::mem::take(&mut row));
                    column = 0;
                }
                let end = rest.char_indices().nth(COLUMNS - column).map_or(rest.len(), |(end, _)| end);
                let (piece, after) = rest.split_at(end);
                // Blanks at the start of a line, and runs of them, would be lost.
                let shown = escape(piece).replace(' ', "\u{a0}");
                write!(row, "<tspan{style}>{shown}</tspan>").unwrap();
                column += piece.chars().count();
                rest = after;
            }
        }
        rows.push(row);
        for row in rows {
            y += LINE;
            writeln!(drawing, "<text x=\"20\" y=\"{y}\">{row}</text>").unwrap();
        }
    }
    drawing.push_str("</g>\n");
    picture(theme, &prompt, y + 24, &drawing)
}

#[test]
fn the_pictures_show_what_the_binary_prints() {
    for theme in &THEMES {
        for (name, drawn) in [
            ("refusal", refusal(theme)),
            ("status", terminal(theme, &["status", "-o", "short", "--cluster", "docs/sample/broken.yaml"])),
        ] {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("docs/pictures/{name}-{}.svg", theme.name));
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
}
