//! Chromium without a window, by the `DevTools` protocol over a pipe: JSON documents that a zero byte ends.
//!
//! <https://chromedevtools.github.io/devtools-protocol>

use std::env;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

pub struct Browser {
    process: Child,
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
    /// Where it keeps what it knows; gone with it.
    _profile: tempfile::TempDir,
    session: String,
    calls: u64,
    /// The URLs that were asked for since this was last looked at.
    fetched: Vec<String>,
    is_loaded: bool,
}

impl Browser {
    /// A browser with one empty page. `CHROMIUM` names the program.
    pub fn start() -> Self {
        let program = env::var("CHROMIUM").unwrap_or_else(|_| "chromium".to_owned());
        let profile = tempfile::tempdir().unwrap();
        // It reads from descriptor 3 and writes to 4. The sandbox needs rights that a container lacks.
        let mut process = Command::new("sh")
            .args(["-c", r#"exec "$@" 3<&0 4>&1 </dev/null >/dev/null 2>&1"#, "sh", &program])
            .args(["--headless", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"])
            .args(["--no-first-run", "--disable-background-networking", "--disable-component-update"])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (requests, answers) = (process.stdin.take().unwrap(), BufReader::new(process.stdout.take().unwrap()));
        let mut browser = Self {
            process,
            requests,
            answers,
            _profile: profile,
            session: String::new(),
            calls: 0,
            fetched: Vec::new(),
            is_loaded: false,
        };
        let target = browser.call("Target.createTarget", &json!({"url": "about:blank"}));
        let attach = json!({"targetId": target["targetId"], "flatten": true});
        let session = browser.call("Target.attachToTarget", &attach);
        session["sessionId"].as_str().unwrap().clone_into(&mut browser.session);
        browser.call("Network.enable", &json!({}));
        browser.call("Page.enable", &json!({}));
        browser
    }

    /// Calls a method, and waits for its result.
    pub fn call(&mut self, method: &str, parameters: &Value) -> Value {
        self.calls += 1;
        let id = self.calls;
        let mut call = json!({"id": id, "method": method, "params": parameters});
        if !self.session.is_empty() {
            call["sessionId"] = self.session.as_str().into();
        }
        self.requests.write_all(format!("{call}\0").as_bytes()).expect("is Chromium installed?");
        loop {
            let mut answer = self.next();
            if answer["id"] == id {
                assert!(answer.get("error").is_none(), "{method}: {answer}");
                return answer["result"].take();
            }
        }
    }

    /// Opens a page, and says which URLs that asked for.
    pub fn open(&mut self, url: &str) -> Vec<String> {
        self.fetched.clear();
        self.is_loaded = false;
        let opened = self.call("Page.navigate", &json!({"url": url}));
        assert!(opened.get("errorText").is_none(), "{url}: {opened}");
        while !self.is_loaded {
            self.next();
        }
        std::mem::take(&mut self.fetched)
    }

    fn next(&mut self) -> Value {
        let mut message = Vec::new();
        self.answers.read_until(0, &mut message).unwrap();
        assert_eq!(message.pop(), Some(0), "Chromium ended; is it installed? CHROMIUM names the program");
        let message: Value = serde_json::from_slice(&message).unwrap();
        if message["method"] == "Network.requestWillBeSent" {
            self.fetched.push(message["params"]["request"]["url"].as_str().unwrap().to_owned());
        }
        self.is_loaded |= message["method"] == "Page.loadEventFired";
        message
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
