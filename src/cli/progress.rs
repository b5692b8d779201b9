//! How far a scan is, on standard error: a line that is drawn a few times a second, and remarks above it.
//!
//! The scan only counts; a thread of its own looks at the counters. Nothing is drawn where standard error isn't a
//! terminal.

use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::report::escaped;
use crate::scan::Progress;

/// Between two drawings.
const TICK: Duration = Duration::from_millis(150);

/// The line on the screen, where there is one.
pub struct Ticker {
    shown: Option<Shown>,
}

struct Shown {
    bar: ProgressBar,
    thread: JoinHandle<()>,
    done: mpsc::Sender<()>,
}

impl Ticker {
    /// Shows nothing.
    pub fn hidden() -> Self {
        Self { shown: None }
    }

    /// Begins to draw, where standard error is a terminal.
    pub fn start(progress: &Arc<Progress>) -> Self {
        if !io::stderr().is_terminal() {
            return Self::hidden();
        }
        let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr());
        let (done, is_done) = mpsc::channel();
        let drawn = bar.clone();
        let progress = Arc::clone(progress);
        let thread = std::thread::spawn(move || {
            let mut walked = None;
            // A quick scan ends before the first drawing, and the screen stays calm.
            while is_done.recv_timeout(TICK) == Err(mpsc::RecvTimeoutError::Timeout) {
                draw(&drawn, &progress, &mut walked);
            }
        });
        let shown = Shown { bar, thread, done };
        Self { shown: Some(shown) }
    }

    /// Says something, above the line.
    pub fn remark(&self, text: &str) {
        let text = format!("speur: {}", escaped(text));
        match &self.shown {
            Some(shown) => shown.bar.println(text),
            None => {
                let _ = writeln!(io::stderr(), "{text}");
            }
        }
    }

    /// Takes the line away.
    pub fn finish(self) {
        if let Some(shown) = self.shown {
            // The thread ends at the next look; one that has panicked has nothing left to say.
            let _ = shown.done.send(());
            let _ = shown.thread.join();
            shown.bar.finish_and_clear();
        }
    }
}

/// Draws the line. Until all folders are walked the total grows, and a time left would be a guess.
fn draw(bar: &ProgressBar, progress: &Progress, walked: &mut Option<bool>) {
    let now = progress.walked.load(Ordering::Relaxed);
    let load = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
    let done = load(&progress.bytes_done);
    bar.set_length(load(&progress.bytes_known).max(done));
    bar.set_position(done);
    let more = if now { "" } else { "+" };
    let stopping = if progress.stop.load(Ordering::Relaxed) {
        " · stopping"
    } else {
        ""
    };
    bar.set_message(format!(
        "{} of {}{more} files{stopping}",
        load(&progress.files_done),
        load(&progress.files_known)
    ));
    // Last, for it draws: with what is said above.
    if *walked != Some(now) {
        *walked = Some(now);
        bar.set_style(style(now));
    }
}

fn style(walked: bool) -> ProgressStyle {
    let template = if walked {
        "{bar:20} {decimal_bytes}/{decimal_total_bytes} · {decimal_bytes_per_sec} · {msg} · {eta} left"
    } else {
        "{spinner} {decimal_bytes} · {decimal_bytes_per_sec} · {msg}"
    };
    ProgressStyle::with_template(template).expect("the templates above are sound")
}

/// Ctrl-C asks the scan to stop, so that what was found is reported; a second one ends the program at once.
pub fn stop_on_interrupt(progress: &Arc<Progress>) {
    let progress = Arc::clone(progress);
    let asked = AtomicBool::new(false);
    let handler = move || {
        progress.stop.store(true, Ordering::Relaxed);
        if asked.swap(true, Ordering::Relaxed) {
            #[expect(
                clippy::exit,
                reason = "the user asked twice: nothing may delay the end"
            )]
            std::process::exit(130);
        }
    };
    // Without a handler Ctrl-C just ends the program, which is what the user wants even then.
    let _ = ctrlc::set_handler(handler);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_lines_can_be_drawn() {
        let bar = ProgressBar::hidden();
        let progress = Progress::default();
        let mut walked = None;
        progress.bytes_done.store(7, Ordering::Relaxed);
        draw(&bar, &progress, &mut walked);
        progress.walked.store(true, Ordering::Relaxed);
        draw(&bar, &progress, &mut walked);
        assert_eq!((bar.position(), bar.length()), (7, Some(7)));
        assert_eq!(bar.message(), "0 of 0 files");
    }
}
