//! What other processes of the machine can see of a server and its children: their command lines and environments.

use super::canary::{Canary, search};
use std::{collections::HashMap, fs};

/// Searches the command line of a process, and command line and environment of everything that it started. Its own environment
/// is where its operator put the secrets.
pub(super) fn search_family(pid: i32, canaries: &[Canary], found: &mut Vec<String>) -> usize {
    search(&format!("/proc/{pid}/cmdline"), &read(pid, "cmdline"), canaries, found);
    let family = descendants(pid);
    for child in &family {
        let command = read(*child, "cmdline");
        let name = String::from_utf8_lossy(&command).replace('\0', " ");
        search(&format!("the command line of {name}"), &command, canaries, found);
        search(&format!("the environment of {name}"), &read(*child, "environ"), canaries, found);
    }
    family.len()
}

/// One that just ended has nothing to show.
fn read(pid: i32, file: &str) -> Vec<u8> {
    fs::read(format!("/proc/{pid}/{file}")).unwrap_or_default()
}

fn descendants(pid: i32) -> Vec<i32> {
    let mut children: HashMap<i32, Vec<i32>> = HashMap::new();
    for entry in fs::read_dir("/proc").expect("Linux").flatten() {
        let Some(child) = entry.file_name().to_str().and_then(|name| name.parse::<i32>().ok()) else { continue };
        let status = String::from_utf8_lossy(&read(child, "status")).into_owned();
        let parent = status.lines().find_map(|line| line.strip_prefix("PPid:")?.trim().parse().ok());
        if let Some(parent) = parent {
            children.entry(parent).or_default().push(child);
        }
    }
    let mut family = Vec::new();
    let mut next = vec![pid];
    while let Some(parent) = next.pop() {
        let born = children.remove(&parent).unwrap_or_default();
        next.extend(&born);
        family.extend(born);
    }
    family
}
