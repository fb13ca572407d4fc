//! `cowork org` and `cowork member`, while a server runs (requirement R-RST-01).

mod command;
mod order;

use crate::{
    program::{Finished, run_with},
    server::Server,
};

/// Runs the program on a server's database.
fn cowork(server: &Server, arguments: &[&str]) -> Finished {
    run_with(arguments, &[("OPEN_COWORK_CLOUD_CONTROL_PLANE_URL", server.database_url())])
}
