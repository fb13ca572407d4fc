//! Builds the browser page with npm where that is needed and possible, and makes a table of its files for `src/web/page`.
//!
//! The page is no condition for the program: without npm (or with `COWORK_SKIP_WEB=1`) a plain status page takes its place.

#![expect(clippy::disallowed_methods, reason = "cargo speaks to a build script through the environment")]

use std::{
    env,
    fmt::Write,
    fs, io,
    path::{Path, PathBuf},
    process::Command,
    time::SystemTime,
};

/// What the page is made from, below `web/`.
const SOURCES: [&str; 9] =
    ["index.html", "package.json", "package-lock.json", "vite.config.ts", "svelte.config.js", "tsconfig.json", "build", "public", "src"];
/// Its types come from here.
const API_DESCRIPTION: &str = "docs/api/openapi.json";
/// Of a build by hand or by us; watched, so that a build by hand is noticed.
const DOCUMENT: &str = "web/dist/index.html";

fn main() {
    println!("cargo::rerun-if-env-changed=COWORK_SKIP_WEB");
    println!("cargo::rerun-if-changed=build.rs");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    if let Err(error) = prepare(&out) {
        println!("cargo::warning=the page at / is left out: {error}");
        write_table(&out, &[]).expect("cargo's own folder is writable");
    }
}

fn prepare(out: &Path) -> io::Result<()> {
    let is_skipped = env::var_os("COWORK_SKIP_WEB").is_some_and(|value| !value.is_empty() && value != "0");
    let web = Path::new("web");
    if is_skipped || !web.join("package.json").is_file() {
        return write_table(out, &[]);
    }
    let sources: Vec<PathBuf> =
        SOURCES.iter().map(|name| web.join(name)).chain([PathBuf::from(API_DESCRIPTION)]).filter(|path| path.exists()).collect();
    for source in &sources {
        println!("cargo::rerun-if-changed={}", source.display());
    }
    let newest =
        sources.iter().map(|path| newest_change(path)).try_fold(SystemTime::UNIX_EPOCH, |so_far, at| at.map(|at| so_far.max(at)))?;
    if !is_built(newest) {
        build(web, newest);
    }
    println!("cargo::rerun-if-changed={DOCUMENT}");
    let dist = web.join("dist");
    let mut files = Vec::new();
    if has_document() {
        collect(&dist, &dist, &mut files)?;
    }
    write_table(out, &files)
}

/// The latest change of a file, or of any file below a folder.
fn newest_change(path: &Path) -> io::Result<SystemTime> {
    let metadata = fs::metadata(path)?;
    if !metadata.is_dir() {
        return metadata.modified();
    }
    let mut newest = SystemTime::UNIX_EPOCH;
    for entry in fs::read_dir(path)? {
        newest = newest.max(newest_change(&entry?.path())?);
    }
    Ok(newest)
}

fn has_document() -> bool {
    fs::metadata(DOCUMENT).is_ok_and(|document| document.len() > 0)
}

fn is_built(newest: SystemTime) -> bool {
    has_document() && fs::metadata(DOCUMENT).and_then(|document| document.modified()).is_ok_and(|at| at >= newest)
}

/// Runs npm. When that is not possible an older page stays, or there is none: both are said, neither stops the build.
fn build(web: &Path, newest: SystemTime) {
    let failure = if Command::new("npm").arg("--version").output().is_ok_and(|npm| npm.status.success()) {
        install(web).and_then(|()| npm(web, &["run", "build"])).err()
    } else {
        Some("npm is missing; install Node.js 20.19 or later, or build it elsewhere with `npm ci && npm run build` in web/".to_owned())
    };
    if let Some(failure) = failure {
        let rest = if has_document() { "an older one stays" } else { "a status page takes its place; the API works without it" };
        println!("cargo::warning=the page at / was not built, {rest}. {failure}");
        println!("cargo::warning=COWORK_SKIP_WEB=1 builds without the page and without this warning");
    }
    // Cargo compares the watched document with the moment at which this script started: one that is newer would run it again
    // next time, and one that is missing would run it every time.
    if !Path::new(DOCUMENT).exists() {
        fs::create_dir_all(web.join("dist")).and_then(|()| fs::write(DOCUMENT, "")).ok();
    }
    if let Ok(document) = fs::File::options().append(true).open(DOCUMENT) {
        document.set_modified(newest).ok();
    }
}

/// The packages, unless those of the lock file are there.
fn install(web: &Path) -> Result<(), String> {
    let changed = |path: PathBuf| fs::metadata(path).and_then(|file| file.modified());
    let is_installed = match (changed(web.join("node_modules/.package-lock.json")), changed(web.join("package-lock.json"))) {
        (Ok(installed), Ok(locked)) => installed >= locked,
        _ => false,
    };
    if is_installed { Ok(()) } else { npm(web, &["ci", "--no-audit", "--no-fund"]) }
}

fn npm(web: &Path, arguments: &[&str]) -> Result<(), String> {
    let line = format!("npm {}", arguments.join(" "));
    // The tests bring their own browser; nothing is downloaded beside the packages.
    let output = Command::new("npm").args(arguments).current_dir(web).env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1").output();
    let output = output.map_err(|error| format!("`{line}` cannot be started: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    let last: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).rev().take(6).collect();
    Err(format!("`{line}` in web/ failed ({}): {}", output.status, last.into_iter().rev().collect::<Vec<_>>().join(" | ")))
}

/// The files of the page as paths below it; compressed forms and the bundler's list are no files of their own.
fn collect(root: &Path, folder: &Path, files: &mut Vec<String>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(root, &path, files)?;
        } else if path.extension().is_none_or(|extension| extension != "br") {
            let name = path.strip_prefix(root).expect("found below it").to_string_lossy().replace('\\', "/");
            if name != "manifest.json" {
                files.push(name);
            }
        }
    }
    files.sort();
    Ok(())
}

/// Copies the files beside the table, so that the program can be compiled again whatever happens to `web/dist`.
fn write_table(out: &Path, files: &[String]) -> io::Result<()> {
    let kept = out.join("page");
    if kept.exists() {
        fs::remove_dir_all(&kept)?;
    }
    fs::create_dir_all(&kept)?;
    let mut table = String::from("pub(super) const FILES: &[File] = &[\n");
    for (index, name) in files.iter().enumerate() {
        let source = Path::new("web/dist").join(name);
        fs::copy(&source, kept.join(index.to_string()))?;
        let compressed = source.with_file_name(format!("{}.br", source.file_name().expect("a file").to_string_lossy()));
        let brotli = if compressed.is_file() {
            fs::copy(&compressed, kept.join(format!("{index}.br")))?;
            format!("Some({})", included(&format!("{index}.br")))
        } else {
            "None".to_owned()
        };
        let plain = included(&index.to_string());
        writeln!(table, "    File {{ name: {name:?}, plain: {plain}, brotli: {brotli} }},").expect("a string takes any text");
    }
    table.push_str("];\n");
    fs::write(out.join("page.rs"), table)
}

fn included(kept: &str) -> String {
    format!("include_bytes!(concat!(env!(\"OUT_DIR\"), \"/page/{kept}\"))")
}
