//! The processes of a soak, and what is done to them.

use std::fs::{File, OpenOptions};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::dice::Dice;
use crate::work::ENOUGH;

/// How long the last processes may take to bring everything to its end.
const SETTLE: Duration = Duration::from_secs(180);

/// What was done to the processes.
#[derive(Debug, Default)]
pub struct Kills {
    /// Processes that were killed.
    pub kills: u64,
    /// Processes that were stopped for a while.
    pub stops: u64,
    /// Processes that ended although nobody had killed them, before it was enough or with an error.
    pub broke: u64,
    /// The last processes did not end in time.
    pub hung: bool,
}

/// Keeps processes at work in `folder` and kills them, for that long; then lets them finish.
pub fn torment(
    folder: &Path,
    processes: usize,
    time: Duration,
    dice: &mut Dice,
) -> std::io::Result<Kills> {
    let mut done = Kills::default();
    let mut crew: Vec<Child> = Vec::new();
    let begun = Instant::now();
    while begun.elapsed() < time {
        man(&mut crew, processes, folder, dice, &mut done)?;
        let left = time.saturating_sub(begun.elapsed());
        sleep(left.min(Duration::from_millis(dice.below(2500) as u64 + 50)));
        strike(&mut crew, dice, &mut done)?;
    }
    File::create(folder.join(ENOUGH))?;
    man(&mut crew, processes, folder, dice, &mut done)?;
    settle(crew, &mut done)?;
    Ok(done)
}

/// Fills the crew up.
fn man(
    crew: &mut Vec<Child>,
    processes: usize,
    folder: &Path,
    dice: &mut Dice,
    done: &mut Kills,
) -> std::io::Result<()> {
    let mut living = Vec::new();
    for mut child in crew.drain(..) {
        match child.try_wait()? {
            Some(_) => done.broke += 1,
            None => living.push(child),
        }
    }
    while living.len() < processes {
        living.push(spawn(folder, dice.throw())?);
    }
    *crew = living;
    Ok(())
}

fn spawn(folder: &Path, seed: u64) -> std::io::Result<Child> {
    let words = OpenOptions::new()
        .append(true)
        .create(true)
        .open(folder.join("words"))?;
    Command::new(std::env::current_exe()?)
        .args(["work", "--seed", &seed.to_string()])
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(words)
        .spawn()
}

/// Does one cruel thing.
fn strike(crew: &mut Vec<Child>, dice: &mut Dice, done: &mut Kills) -> std::io::Result<()> {
    let one = dice.below(crew.len());
    match dice.below(10) {
        0 => {
            for child in crew.drain(..) {
                kill(child, done)?;
            }
        }
        1..=3 => {
            signal(&crew[one], "STOP")?;
            done.stops += 1;
            sleep(Duration::from_millis(dice.below(3000) as u64));
            if dice.below(2) == 0 {
                kill(crew.remove(one), done)?;
            } else {
                signal(&crew[one], "CONT")?;
            }
        }
        _ => kill(crew.remove(one), done)?,
    }
    Ok(())
}

fn kill(mut child: Child, done: &mut Kills) -> std::io::Result<()> {
    if child.try_wait()?.is_some() {
        done.broke += 1;
        return Ok(());
    }
    child.kill()?;
    child.wait()?;
    done.kills += 1;
    Ok(())
}

fn signal(child: &Child, name: &str) -> std::io::Result<()> {
    Command::new("kill")
        .arg(format!("-{name}"))
        .arg(child.id().to_string())
        .status()
        .map(drop)
}

fn settle(mut crew: Vec<Child>, done: &mut Kills) -> std::io::Result<()> {
    let begun = Instant::now();
    while let Some(mut child) = crew.pop() {
        match child.try_wait()? {
            Some(status) if status.success() => {}
            Some(_) => done.broke += 1,
            None if begun.elapsed() > SETTLE => {
                done.hung = true;
                child.kill()?;
                child.wait()?;
            }
            None => {
                crew.push(child);
                sleep(Duration::from_millis(20));
            }
        }
    }
    Ok(())
}
