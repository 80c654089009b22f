//! Lines on their way to standard error.
//!
//! A line costs whoever logs it a copy into memory, not a system call: requests do not wait for a slow reader of the
//! logs, nor for one that stopped. What such a reader leaves behind is bounded, and what does not fit is counted.

use std::io::{self, Write};
use std::mem;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// The most that waits to be written.
const PENDING: usize = 1 << 20;
/// How long lines are gathered after some were written: many fit into one system call, and nobody reads faster. The first
/// after a pause is written at once.
const GATHER: Duration = Duration::from_millis(2);
/// How long the end waits for a slow reader.
const LAST: Duration = Duration::from_secs(1);

/// The lines of the process. Dropped, it waits until they are written.
#[derive(Debug)]
pub(in crate::cli) struct Lines(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    /// Something changed that the thread waits for.
    news: Condvar,
    /// The thread is done.
    done: Condvar,
}

#[derive(Debug, Default)]
struct State {
    pending: Vec<u8>,
    left_out: u64,
    /// The thread sleeps until there is something.
    idle: bool,
    ending: bool,
    ended: bool,
}

impl Lines {
    /// Starts the thread that writes. `note` is the line that stands for those left out.
    ///
    /// # Errors
    ///
    /// If there can be none.
    pub(super) fn start(
        sink: impl Write + Send + 'static,
        note: impl Fn(u64) -> String + Send + 'static,
    ) -> io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let lines = Self(Arc::clone(&shared));
        thread::Builder::new().name("logs".to_owned()).spawn(move || shared.write_to(sink, note))?;
        Ok(lines)
    }

    /// Where lines are put in.
    pub(super) fn writer(&self) -> Writer {
        Writer(Arc::clone(&self.0))
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.ending = true;
        self.0.news.notify_one();
        // Longer than a reader that still reads needs; one that does not must not keep the process.
        let _ = self.0.done.wait_timeout_while(state, LAST, |state| !state.ended);
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, line: &[u8]) {
        let mut state = self.state();
        if state.pending.len() + line.len() > PENDING {
            state.left_out += 1;
            return;
        }
        state.pending.extend_from_slice(line);
        if mem::take(&mut state.idle) {
            self.news.notify_one();
        }
    }

    fn write_to(&self, mut sink: impl Write, note: impl Fn(u64) -> String) {
        let (mut taken, mut lost) = (Vec::new(), 0);
        loop {
            let mut state = self.state();
            while state.pending.is_empty() && !state.ending {
                state.idle = true;
                state = self.news.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
            if state.pending.is_empty() {
                state.ended = true;
                self.done.notify_all();
                return;
            }
            mem::swap(&mut state.pending, &mut taken);
            let left_out = mem::take(&mut state.left_out);
            drop(state);
            // Without a reader there is nobody to tell. One may come back: then it hears how much it missed.
            if sink.write_all(&taken).is_err() {
                lost += taken.split_inclusive(|byte| *byte == b'\n').count() as u64;
            }
            lost += left_out;
            if lost > 0 && writeln!(sink, "{}", note(lost)).is_ok() {
                lost = 0;
            }
            taken.clear();
            taken.shrink_to(64 << 10);
            let state = self.state();
            if !state.ending {
                drop(self.news.wait_timeout(state, GATHER).unwrap_or_else(PoisonError::into_inner));
            }
        }
    }
}

/// Takes lines in.
#[derive(Clone, Debug)]
pub(super) struct Writer(Arc<Shared>);

impl Writer {
    /// Adds whole lines.
    pub(super) fn put(&self, lines: &str) {
        self.0.put(lines.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, Sender, channel};

    use super::*;

    /// A reader that takes a piece only when it is told to.
    struct Slow(Receiver<()>, Sender<Vec<u8>>);

    impl Write for Slow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let _ = self.0.recv();
            let _ = self.1.send(bytes.to_vec());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn who_logs_does_not_wait_for_the_reader_and_what_waits_is_bounded() {
        let (go, told) = channel();
        let (sender, written) = channel();
        let lines = Lines::start(Slow(told, sender), |left_out| left_out.to_string()).unwrap();
        let line = "x".repeat(1024);
        for _ in 0..3000 {
            lines.writer().put(&line);
        }
        drop(go);
        drop(lines);
        let text = String::from_utf8(written.iter().flatten().collect()).unwrap();
        let whole = text.matches('x').count() / 1024;
        let left_out: usize = text.replace('x', "").lines().map(|note| note.parse::<usize>().unwrap()).sum();
        assert_eq!(whole + left_out, 3000);
        assert!(left_out >= 3000 - 2 * 1024, "there is room for 1024, and as many may have been taken");
    }

    /// Its first writes fail.
    struct Gone(u32, Sender<Vec<u8>>);

    impl Write for Gone {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if self.0 > 0 {
                self.0 -= 1;
                let _ = self.1.send(b"failed\n".to_vec());
                return Err(io::ErrorKind::StorageFull.into());
            }
            let _ = self.1.send(bytes.to_vec());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn what_could_not_be_written_is_counted() {
        let (sender, written) = channel();
        // The lines, and then the note of them.
        let lines = Lines::start(Gone(2, sender), |left_out| format!("{left_out} left out")).unwrap();
        lines.writer().put("one\ntwo\n");
        let failed: Vec<_> = written.iter().take(2).flatten().collect();
        lines.writer().put("three\n");
        drop(lines);
        let written = failed.into_iter().chain(written.iter().flatten()).collect();
        assert_eq!(String::from_utf8(written).unwrap(), "failed\nfailed\nthree\n2 left out\n");
    }

    #[test]
    fn what_was_logged_is_written_at_the_end() {
        let (go, told) = channel();
        let (sender, written) = channel();
        let lines = Lines::start(Slow(told, sender), |left_out| left_out.to_string()).unwrap();
        drop(go);
        lines.writer().put("one\n");
        lines.writer().put("two\n");
        drop(lines);
        assert_eq!(written.iter().flatten().collect::<Vec<_>>(), b"one\ntwo\n");
    }
}
