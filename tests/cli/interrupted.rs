//! What happens meanwhile: Ctrl-C, a file that another program changes, a reader that goes.

use std::sync::Arc;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::sync::Semaphore;

use super::STUB;
use super::fault_server::Act;
use super::setup::{Folder, begin, end};

/// An answer that stops in its middle until the gate is opened.
fn held() -> (Arc<Semaphore>, Vec<Act>) {
    let gate = Arc::new(Semaphore::new(0));
    let script = vec![
        begin("```python\ndef f(x):\n    y = 2 * x\n    z = y\n"),
        Act::Await(gate.clone()),
        end("    return z\n```\n"),
    ];
    (gate, script)
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_ends_it_and_nothing_is_written() {
    for option in ["--write", "--diff"] {
        let (_gate, script) = held();
        let (folder, mut server) = Folder::with_server(vec![vec![script[0].clone(), Act::Silence]]).await;
        folder.write("a.py", STUB);
        let before = folder.files();
        let running = folder.start(&["generate", "a.py", "--at", "1", option]).await;
        running.interrupt();
        let ran = running.end().await;
        ran.expect(130, &["redraft: interrupted"]);
        assert_eq!((ran.output.as_str(), folder.files()), ("", before));
        server.ended(1).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_was_changed_meanwhile_is_left_as_it_is() {
    let (gate, script) = held();
    let (folder, _server) = Folder::with_server(vec![script]).await;
    folder.write("a.py", STUB);
    let running = folder.start(&["generate", "a.py", "--at", "1", "--write"]).await;
    folder.write("a.py", "# another's\n");
    gate.add_permits(1);
    running.end().await.expect(1, &["a.py: was changed while the draft was made; nothing was written"]);
    assert_eq!(folder.read("a.py"), "# another's\n");
    assert_eq!(folder.files().len(), 2, "nothing of the attempt is left");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_file_that_came_meanwhile_is_left_as_it_is() {
    let (gate, script) = held();
    let (folder, _server) = Folder::with_server(vec![script]).await;
    let running = folder.start(&["generate", "--new", "n.py", "--instruction", "f", "--write"]).await;
    folder.write("n.py", "# another's\n");
    gate.add_permits(1);
    running.end().await.expect(1, &["n.py: was changed while the draft was made; nothing was written"]);
    assert_eq!(folder.read("n.py"), "# another's\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_goes_is_no_failure() {
    let (gate, script) = held();
    let (folder, _server) = Folder::with_server(vec![script]).await;
    folder.write("a.py", STUB);
    let mut running = folder.start(&["generate", "a.py", "--at", "1"]).await;
    let mut output = BufReader::new(running.child.stdout.take().unwrap());
    let mut first = String::new();
    output.read_line(&mut first).await.unwrap();
    assert_eq!(first, "    y = 2 * x\n");
    drop(output);
    gate.add_permits(1);
    running.end().await.expect(0, &["done in"]);
    assert_eq!(folder.read("a.py"), STUB);
}
