//! The pages that commands print, in a real browser: `make e2e-pages`. Needs Chromium, and fails without.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests assert by panicking, in their helpers too")]
#![expect(unreachable_pub, reason = "a test binary exports nothing: pub is what a module offers to the others")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use browser::Browser;
use data_encoding::BASE64;
use serde_json::{Value, json};

mod browser;

/// A range that is free, one in everyone's way, and a cluster that is broken in as many ways as there are checks.
const FREE: &str = r#"{"clusterNetwork":"vm-migration","vlan":100,"range":"192.168.3.0/24"}"#;
const TAKEN: &str =
    r#"{"clusterNetwork":"vm-migration","vlan":100,"range":"10.115.0.0/24","exclude":["10.115.0.128/25"]}"#;

/// What a browser says of a page: how much wider it is than the window, what is in it that could act or fetch, the least
/// contrast of a text to what is behind it, and what is coloured without a word.
const SEEN: &str = r"(() => {
  const rgb = color => color.match(/[\d.]+/g).map(Number);
  const luminance = color => {
    const [r, g, b] = rgb(color).map(part => (part /= 255) <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = node => {
    for (let at = node; at; at = at.parentElement) {
      const color = getComputedStyle(at).backgroundColor;
      if ((rgb(color)[3] ?? 1) > 0) return color;
    }
    return 'rgb(255, 255, 255)';
  };
  const contrasts = [...document.querySelectorAll('main *, footer')].filter(it => it.innerText && !it.children.length).map(it => {
    const [dark, light] = [luminance(getComputedStyle(it).color), luminance(behind(it))].sort((a, b) => a - b);
    return (light + 0.05) / (dark + 0.05);
  });
  const root = document.documentElement;
  return {
    wider: root.scrollWidth - root.clientWidth,
    active: document.querySelectorAll('script, link, iframe, img, a, form, [onclick], [onload]').length,
    contrast: Math.min(...contrasts),
    wordless: [...document.querySelectorAll('.badge')].filter(it => !it.innerText.trim()).length
      + [...document.querySelectorAll('svg.map rect')].filter(it => !it.textContent.trim()).length
      + [...document.querySelectorAll('svg.key')].filter(it => !it.parentElement.innerText.trim()).length,
    background: getComputedStyle(document.body).backgroundColor,
  };
})()";

/// The pages, each by its name.
fn pages() -> Vec<(&'static str, String)> {
    let (healthy, hostile) = ("tests/fixtures/status/healthy.yaml", "tests/pages/hostile.yaml");
    let page = |arguments: &[&str]| {
        let run = Command::new(env!("CARGO_BIN_EXE_migration-network-webhook"))
            .args(arguments)
            .args(["-o", "html"])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .unwrap();
        assert!(run.stderr.is_empty(), "{}", String::from_utf8_lossy(&run.stderr));
        String::from_utf8(run.stdout).unwrap()
    };
    vec![
        ("plan", page(&["plan", FREE, "--suggest", "24", "--cluster", healthy])),
        ("plan-refused", page(&["plan", TAKEN, "--suggest", "--cluster", healthy])),
        ("plan-hostile", page(&["plan", TAKEN, "--cluster", hostile])),
        ("status", page(&["status", "--cluster", healthy])),
        ("status-hostile", page(&["status", "--cluster", hostile])),
    ]
}

fn directory() -> PathBuf {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pages");
    fs::create_dir_all(&directory).unwrap();
    directory
}

#[test]
fn pages_read_well_on_any_screen_and_fetch_nothing() {
    let directory = directory();
    let mut browser = Browser::start();
    for (name, html) in pages() {
        let file = directory.join(format!("{name}.html"));
        fs::write(&file, html).unwrap();
        let url = format!("file://{}", file.display());
        for (width, scheme) in [(400, "light"), (400, "dark"), (1200, "light"), (1200, "dark")] {
            browser.call(
                "Emulation.setDeviceMetricsOverride",
                &json!({"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false}),
            );
            let scheme_feature = json!([{"name": "prefers-color-scheme", "value": scheme}]);
            browser.call("Emulation.setEmulatedMedia", &json!({"media": "screen", "features": scheme_feature}));
            let requests = browser.open(&url);
            assert_eq!(requests, [url.as_str()], "{name}");
            let at = format!("{name}, {width} pixels, {scheme}");
            let seen = browser.call("Runtime.evaluate", &json!({"expression": SEEN, "returnByValue": true}));
            let seen = &seen["result"]["value"];
            for nothing in ["wider", "active", "wordless"] {
                assert_eq!(seen[nothing], 0, "{at}: {nothing} in {seen}");
            }
            assert!(seen["contrast"].as_f64().unwrap() >= 4.5, "{at}: {seen}");
            let light = seen["background"] == "rgb(255, 255, 255)";
            assert_eq!(light, scheme == "light", "{at}: {seen}");
            let shot = browser.call("Page.captureScreenshot", &json!({"format": "png", "captureBeyondViewport": true}));
            let png = BASE64.decode(shot["data"].as_str().unwrap().as_bytes()).unwrap();
            fs::write(directory.join(format!("{name}-{width}-{scheme}.png")), png).unwrap();
        }
    }
}

#[test]
fn a_page_is_readable_on_paper() {
    let directory = directory();
    let mut browser = Browser::start();
    let (name, html) = pages().swap_remove(1);
    let file = directory.join("paper.html");
    fs::write(&file, html).unwrap();
    // A dark screen prints black on white.
    let dark = json!([{"name": "prefers-color-scheme", "value": "dark"}]);
    browser.call("Emulation.setEmulatedMedia", &json!({"media": "print", "features": dark}));
    browser.open(&format!("file://{}", file.display()));
    let seen = browser.call("Runtime.evaluate", &json!({"expression": SEEN, "returnByValue": true}));
    let seen: &Value = &seen["result"]["value"];
    assert_eq!(seen["background"], "rgb(255, 255, 255)", "{name}: {seen}");
    assert!(seen["contrast"].as_f64().unwrap() >= 4.5, "{name}: {seen}");
}
