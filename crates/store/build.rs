//! A new migration must rebuild the crate: the macro that embeds them sees only changes of files it knows.

fn main() {
    println!("cargo:rerun-if-changed=../../migrations");
}
