//! What a person sees of a run while it goes on: a tree on a terminal, plain lines elsewhere.

mod moment;
mod plain;
mod screen;
mod standing;
mod terminal;
#[cfg(test)]
mod tests;
mod text;
mod tree;
mod view;

use std::io::Write;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::task::JoinHandle;

pub(super) use self::moment::Moment;
use self::plain::{Plain, log_words};
use self::screen::Screen;
use self::terminal::Terminal;
use self::view::View;
use super::door::Door;
use super::print;
use crate::clock::Clock;
use crate::model::event::{Event, What};
use crate::model::ids::RunId;
use crate::model::number::grouped;
use crate::model::record::LogLine;
use crate::ops::{Engine, Retold, picture};

/// The picture is drawn anew at most so often.
const FRAME: Duration = Duration::from_millis(100);

/// Lines that belong to no run, while there is a picture that they must not break.
static STRAYS: Mutex<Option<Vec<String>>> = Mutex::new(None);

/// The picture of the runs of this process, while this lives.
#[derive(Debug)]
pub(super) struct Live {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

/// Shows what happens from now on. Call it before the run is started, so that nothing is missed.
pub(super) fn begin(door: &Door, engine: &Engine, as_json: bool) -> Option<Live> {
    if as_json {
        return None;
    }
    let (stop, stopped) = oneshot::channel();
    let show = Show::new(door.clone());
    let events = engine.all_events();
    let task = tokio::spawn(show.own(events, stopped));
    Some(Live { stop, task })
}

/// Ends the picture; what it showed last stays.
pub(super) async fn end(live: Option<Live>) {
    if let Some(live) = live {
        let _ = live.stop.send(());
        let _ = live.task.await;
    }
}

/// Shows a run that another process drives, as its store tells it, and those in which it goes on, until the last ends or its
/// process is gone. Gives the last.
pub(super) async fn follow(door: &Door, run: RunId, as_json: bool) -> crate::Result<RunId> {
    let mut show = (!as_json).then(|| Show::new(door.clone()));
    if let Some(show) = &mut show {
        show.view.infer();
    }
    #[cfg(feature = "serve")]
    if let Door::There(far) = door {
        return listen(far.events(run), show, run).await;
    }
    let engine = door.here()?;
    let mut retold = Retold::new(run);
    loop {
        let watch = crate::clock::Stopwatch::start();
        let events = retold.more(engine).await?;
        if let Some(show) = &mut show {
            for event in events {
                show.take(event).await;
            }
            show.draw();
        }
        if retold.is_over() {
            return Ok(retold.root());
        }
        // A long record takes long to read: reading must stay a small part of the time.
        Clock::real()
            .sleep((watch.elapsed() * 10).max(FRAME * 2))
            .await;
    }
}

/// Shows what a server tells of a run.
#[cfg(feature = "serve")]
async fn listen(
    mut events: super::door::Stream,
    mut show: Option<Show>,
    run: RunId,
) -> crate::Result<RunId> {
    while let Some(event) = events.next().await? {
        if let Some(show) = &mut show {
            show.take(event).await;
            show.draw();
        }
    }
    Ok(events.run().unwrap_or(run))
}

/// A log line as `runs logs` writes it, which is the same on every day.
pub(super) fn log_line(line: &LogLine, zone: &jiff::tz::TimeZone) -> String {
    let time = jiff::Timestamp::from_microsecond(line.time).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    let time = time.to_zoned(zone.clone());
    let time = time.strftime("%Y-%m-%d %H:%M:%S%.3f");
    format!(
        "{time}  {:<5}  {}",
        line.level.to_lowercase(),
        log_words(line)
    )
}

/// Writes a line that belongs to no run, above the picture if there is one.
pub(super) fn stray(level: &'static str, target: &str, message: &str) {
    say(&format!("{} {target}: {message}", level.to_lowercase()));
}

/// Writes a line to stderr, above the picture if there is one.
pub(super) fn say(line: &str) {
    let mut strays = STRAYS.lock().unwrap_or_else(PoisonError::into_inner);
    match &mut *strays {
        Some(held) => held.push(line.to_owned()),
        None => print::note(line),
    }
}

struct Show {
    door: Door,
    view: View,
    plain: Plain,
    screen: Screen,
    terminal: Option<Terminal>,
    zone: jiff::tz::TimeZone,
    /// The parameters of the run, in short.
    about: String,
    /// Lines that stay above the picture.
    above: Vec<String>,
}

impl Show {
    fn new(door: Door) -> Self {
        let flows = door.flows();
        let graphs = Box::new(move |flow: &str| {
            let meta = flows.iter().find(|meta| meta.name == flow)?;
            Some(picture::graph(meta))
        });
        let terminal = Terminal::of_stderr();
        if terminal.is_some() {
            *STRAYS.lock().unwrap_or_else(PoisonError::into_inner) = Some(Vec::new());
        }
        Self {
            door,
            view: View::new(graphs),
            plain: Plain::default(),
            screen: Screen::default(),
            terminal,
            zone: jiff::tz::TimeZone::system(),
            about: String::new(),
            above: Vec::new(),
        }
    }

    async fn own(mut self, mut events: crate::ops::Events, mut stopped: oneshot::Receiver<()>) {
        let clock = Clock::real();
        loop {
            let pause = clock.sleep(FRAME);
            tokio::pin!(pause);
            let over = loop {
                tokio::select! {
                    event = events.next() => match event {
                        Some(event) => self.take(event).await,
                        None => break true,
                    },
                    () = &mut pause => break false,
                    _ = &mut stopped => break true,
                }
            };
            if over {
                while let Some(event) = events.try_next() {
                    self.take(event).await;
                }
            }
            self.draw();
            if over {
                return;
            }
        }
    }

    async fn take(&mut self, event: Event) {
        if let What::Missed(count) = event.what {
            if self.terminal.is_none() {
                let count = grouped(count);
                let note = format!("{count} events came faster than they could be written here");
                print::note(&note);
                return;
            }
            return self.catch_up().await;
        }
        let moment = self.moment(event.at);
        if self.terminal.is_none() {
            if let Some(line) = self.plain.line(&event, &moment) {
                print::note(&line);
            }
            return;
        }
        if let What::Log(line) = &event.what {
            self.above.push(self.log_line(line, &moment));
            return;
        }
        let began = self.view.root().is_none();
        self.view.apply(&event);
        if began && let Some(root) = self.view.root() {
            let record = self.door.run(root).await.ok();
            self.about = record.map_or_else(String::new, |record| moment::about(&record.input));
        }
    }

    /// Reads from the record what was missed.
    async fn catch_up(&mut self) {
        let Some(root) = self.view.root() else { return };
        let Ok(engine) = self.door.here() else {
            return;
        };
        let Ok(events) = Retold::new(root).more(engine).await else {
            return;
        };
        for event in events {
            if !matches!(event.what, What::Log(_)) {
                self.view.apply(&event);
            }
        }
    }

    fn log_line(&self, line: &LogLine, moment: &Moment) -> String {
        let level = line.level.to_lowercase();
        let code = match level.as_str() {
            "error" => "31",
            "warn" => "33",
            _ => "2",
        };
        let words = log_words(line).replace(|c: char| c.is_control() && c != '\n', " ");
        let clock = moment.clock(line.time);
        if self.terminal.is_some_and(|terminal| terminal.colours) {
            format!("\x1b[2m{clock}\x1b[0m  \x1b[{code}m{level:<5}\x1b[0m  {words}")
        } else {
            format!("{clock}  {level:<5}  {words}")
        }
    }

    fn draw(&mut self) {
        let Some(terminal) = self.terminal else {
            return;
        };
        if let Some(strays) = &mut *STRAYS.lock().unwrap_or_else(PoisonError::into_inner) {
            self.above.append(strays);
        }
        let (width, height) = Terminal::size();
        let moment = self.moment(Clock::real().now());
        let lines = tree::draw(
            &self.view,
            &self.about,
            &moment,
            width,
            height.saturating_sub(1),
        );
        let text = self
            .screen
            .redraw(&self.above, lines, width, terminal.colours);
        self.above.clear();
        let mut stderr = std::io::stderr().lock();
        let _ = stderr
            .write_all(text.as_bytes())
            .and_then(|()| stderr.flush());
    }

    fn moment(&self, now: i64) -> Moment {
        Moment {
            now,
            zone: self.zone.clone(),
        }
    }
}

impl Drop for Show {
    fn drop(&mut self) {
        let held = STRAYS.lock().unwrap_or_else(PoisonError::into_inner).take();
        for line in held.into_iter().flatten() {
            print::note(&line);
        }
    }
}
