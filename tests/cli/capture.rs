//! `capture` where something can't be captured. What it writes of a real API server is tested end to end.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread;

use crate::binary::{COULD_NOT_TELL, directory, run};

/// Answers every list with no object but one node. The thread ends with the process.
fn serve(node: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let server = format!("http://{}", listener.local_addr().unwrap());
    let node = node.to_owned();
    thread::spawn(move || listener.incoming().map_while(Result::ok).for_each(|stream| answer(&stream, &node)));
    server
}

fn answer(mut stream: &TcpStream, node: &str) {
    let mut head = BufReader::new(stream).lines().map_while(Result::ok).take_while(|line| !line.is_empty());
    let path = head.next().unwrap_or_default();
    head.for_each(drop);
    let items = if path.starts_with("GET /api/v1/nodes?") { node } else { "" };
    let list = format!(r#"{{"apiVersion":"v1","kind":"List","metadata":{{"resourceVersion":"7"}},"items":[{items}]}}"#);
    let head = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: application/json";
    // A client that has gone asks for nothing more.
    let _ = write!(stream, "{head}\r\nContent-Length: {}\r\n\r\n{list}", list.len());
}

#[test]
fn an_object_that_can_t_be_read_is_named_and_nothing_is_written() {
    const DEPTH: usize = 500;
    let deep = format!("{}{}", "[".repeat(DEPTH), "]".repeat(DEPTH));
    let server = serve(&format!(r#"{{"metadata":{{"name":"deep\u001b"}},"spec":{{"podCIDRs":{deep}}}}}"#));
    let files = directory(&[(
        "config",
        &format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: x\ncontexts: [{{name: x, context: {{cluster: x, user: x}}}}]\n\
             clusters: [{{name: x, cluster: {{server: '{server}'}}}}]\nusers: [{{name: x, user: {{}}}}]\n"
        ),
    )]);
    let (config, captured) = (files.path().join("config"), files.path().join("captured"));
    let ran = run(&["capture", captured.to_str().unwrap(), "--kubeconfig", config.to_str().unwrap()]);
    assert_eq!((ran.code, ran.stdout.as_str()), (COULD_NOT_TELL, ""), "{ran:?}");
    assert_eq!(
        ran.stderr,
        "error: nothing is written, as the capture would lack an object: nodes \"deep\\u001b\" can't be read: spec: invalid \
         type: sequence, expected a string\n"
    );
    assert!(!captured.exists());
}
