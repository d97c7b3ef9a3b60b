//! One transaction for a group of operations.

use super::super::Error;
use super::fault::{Fault, Outcome};
use super::job::Work;
use super::session::Session;
use crate::failpoint::failpoint;

/// Commits the group and says how each of its operations ended. An error means that nothing was done at all.
pub(super) fn commit(
    session: &mut Session,
    group: &mut [&mut dyn Work],
) -> Outcome<Vec<Result<(), Error>>> {
    session.begin()?;
    let mut outcomes = Vec::with_capacity(group.len());
    for work in group.iter_mut() {
        match work.run(session) {
            Ok(()) => outcomes.push(Ok(())),
            Err(fault) => {
                session.roll_back()?;
                if group.len() == 1 {
                    return Ok(vec![Err(fault.into())]);
                }
                session.begin()?;
                outcomes = one_by_one(session, group)?;
                break;
            }
        }
    }
    end(session)?;
    Ok(outcomes)
}

/// Commits one operation: the same without the lists.
pub(super) fn commit_one(session: &mut Session, work: &mut dyn Work) -> Outcome<Result<(), Error>> {
    session.begin()?;
    if let Err(fault) = work.run(session) {
        session.roll_back()?;
        return Ok(Err(fault.into()));
    }
    end(session)?;
    Ok(Ok(()))
}

/// A savepoint for each: slower, and only needed once one of them has failed, so that it fails alone.
fn one_by_one(
    session: &mut Session,
    group: &mut [&mut dyn Work],
) -> Outcome<Vec<Result<(), Error>>> {
    let mut outcomes = Vec::with_capacity(group.len());
    for work in group {
        session.execute("SAVEPOINT one")?;
        match work.run(session) {
            Ok(()) => outcomes.push(Ok(())),
            // Some errors (a full disk) end the whole transaction; then nothing of the group is done.
            Err(fault) if session.connection.is_autocommit() => return Err(fault),
            Err(fault) => {
                session.forget();
                session.execute("ROLLBACK TO one")?;
                outcomes.push(Err(Error::from(fault)));
            }
        }
        session.execute("RELEASE one")?;
    }
    Ok(outcomes)
}

fn end(session: &mut Session) -> Outcome<()> {
    failpoint("store::before_commit");
    if let Err(fault) = session.commit() {
        session.roll_back()?;
        return Err(fault);
    }
    failpoint("store::after_commit");
    Ok(())
}

/// Leaves no transaction open after an error in between.
pub(super) fn clean_up(session: &mut Session, fault: Fault) -> Fault {
    match session.roll_back() {
        Ok(()) => fault,
        Err(worse) => worse,
    }
}
