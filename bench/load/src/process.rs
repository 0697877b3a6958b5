//! What the kernel says about processes: CPU time in nanoseconds, memory, descendants, and how many
//! files may be open.

use std::collections::HashSet;
use std::fs;
use std::time::Duration;

use crate::failure::{Context, Failure, Result};

/// The processes of a server.
#[derive(Debug, Clone)]
pub struct Processes {
    pids: Vec<i32>,
    tree: bool,
}

impl Processes {
    /// The processes, with their descendants where `tree` says so.
    pub fn new(pids: &[i32], tree: bool) -> Self {
        Self { pids: pids.to_vec(), tree }
    }

    /// CPU time of user and system so far. With `tree` that of living descendants and of those that
    /// were waited for; the latter is told in clock ticks (10 ms) only.
    pub fn cpu(&self) -> Result<Duration> {
        let mut total = Duration::ZERO;
        for pid in self.all()? {
            // A descendant may end at any time; what it used is then in its parent's sum.
            match cpu_of(pid) {
                Some(cpu) => total += cpu,
                None if self.pids.contains(&pid) => {
                    return Err(Failure::new(format!("process {pid} has ended")));
                }
                None => {}
            }
            if self.tree {
                total += Stat::read(pid).map_or(Duration::ZERO, |stat| stat.waited_for);
            }
        }
        Ok(total)
    }

    /// Memory in use (VmRSS), in KiB.
    pub fn resident_kib(&self) -> Result<u64> {
        let mut total = 0;
        for pid in self.all()? {
            total += resident_kib(pid).unwrap_or_default();
        }
        Ok(total)
    }

    /// How many files are open.
    pub fn open_files(&self) -> Result<u64> {
        let mut total = 0;
        for pid in self.all()? {
            if let Ok(entries) = fs::read_dir(format!("/proc/{pid}/fd")) {
                total += entries.count() as u64;
            }
        }
        Ok(total)
    }

    fn all(&self) -> Result<Vec<i32>> {
        if !self.tree {
            return Ok(self.pids.clone());
        }
        let mut parents = Vec::new();
        for entry in fs::read_dir("/proc").context("/proc")?.flatten() {
            let pid = entry.file_name().to_string_lossy().parse::<i32>();
            if let Some(stat) = pid.ok().and_then(Stat::read) {
                parents.push((stat.pid, stat.parent));
            }
        }
        let mut found: HashSet<i32> = self.pids.iter().copied().collect();
        let mut all = self.pids.clone();
        loop {
            let children: Vec<i32> = parents
                .iter()
                .filter(|(pid, parent)| found.contains(parent) && !found.contains(pid))
                .map(|&(pid, _)| pid)
                .collect();
            if children.is_empty() {
                return Ok(all);
            }
            found.extend(&children);
            all.extend(children);
        }
    }
}

/// What is read from `/proc/PID/stat`.
struct Stat {
    pid: i32,
    parent: i32,
    used: Duration,
    waited_for: Duration,
}

impl Stat {
    fn read(pid: i32) -> Option<Self> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The name is in parentheses and may hold any byte, parentheses included.
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_ascii_whitespace().collect();
        // Fields 4 and 14 to 17 of proc_pid_stat(5); the first one here is number 3.
        let ticks = |number: usize| -> Option<u64> { fields.get(number - 3)?.parse().ok() };
        Some(Self {
            pid,
            parent: fields.get(1)?.parse().ok()?,
            used: from_ticks(ticks(14)? + ticks(15)?),
            waited_for: from_ticks(ticks(16)? + ticks(17)?),
        })
    }
}

fn from_ticks(ticks: u64) -> Duration {
    // SAFETY: sysconf has no preconditions.
    let per_second = unsafe { libc::sysconf(libc::_SC_CLK_TCK) };
    Duration::from_nanos(ticks.saturating_mul(1_000_000_000 / per_second.max(1).unsigned_abs()))
}

fn cpu_of(pid: i32) -> Option<Duration> {
    let mut clock: libc::clockid_t = 0;
    // SAFETY: `clock` is valid for writes; the call only writes there.
    if unsafe { libc::clock_getcpuclockid(pid, &raw mut clock) } == 0
        && let Some(cpu) = read_clock(clock)
    {
        return Some(cpu);
    }
    Some(Stat::read(pid)?.used)
}

fn read_clock(clock: libc::clockid_t) -> Option<Duration> {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is valid for writes; a wrong clock id gives an error.
    if unsafe { libc::clock_gettime(clock, &raw mut time) } != 0 {
        return None;
    }
    Some(Duration::new(u64::try_from(time.tv_sec).ok()?, u32::try_from(time.tv_nsec).ok()?))
}

/// CPU time of this process.
pub fn own_cpu() -> Duration {
    read_clock(libc::CLOCK_PROCESS_CPUTIME_ID).unwrap_or_default()
}

fn resident_kib(pid: i32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.split_ascii_whitespace().next()?.parse().ok()
}

/// Raises the limit of open files as far as this process may, and says what it is now.
pub fn raise_open_files() -> Result<u64> {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: `limit` is valid for writes.
    if unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) } != 0 {
        return Err(std::io::Error::last_os_error()).context("limit of open files");
    }
    // More than the hard limit needs a privilege; without it, the hard limit is what there is.
    for (cur, max) in [(1 << 20, limit.rlim_max.max(1 << 20)), (limit.rlim_max, limit.rlim_max)] {
        let wanted = libc::rlimit { rlim_cur: cur, rlim_max: max };
        // SAFETY: `wanted` is valid for reads.
        if unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const wanted) } == 0 {
            return Ok(cur);
        }
    }
    Ok(limit.rlim_cur)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]
mod tests {
    use super::*;

    fn own_pid() -> i32 {
        i32::try_from(std::process::id()).unwrap()
    }

    #[test]
    fn cpu_time_grows_and_is_that_of_the_process() {
        let own = Processes::new(&[own_pid()], false);
        let before = own_cpu();
        let mut sum = 0u64;
        while own_cpu() < before + Duration::from_millis(5) {
            sum = std::hint::black_box(sum + 1);
        }
        assert!(own.cpu().unwrap() >= before + Duration::from_millis(5));
        assert!(own.resident_kib().unwrap() > 0);
    }

    #[test]
    fn descendants_are_found_and_gone_processes_are_an_error() {
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let pid = i32::try_from(child.id()).unwrap();
        assert!(Processes::new(&[own_pid()], true).all().unwrap().contains(&pid));
        assert!(!Processes::new(&[own_pid()], false).all().unwrap().contains(&pid));
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(Processes::new(&[pid], false).cpu().is_err());
    }
}
