//! Flags that change settings. A flag is only another source of a setting, the strongest one: it has no rules of its own.

use crate::config::{Environment, Loaded, Override, Sources};
use clap::{Args, ValueEnum};
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

/// The flags of every command that needs the configuration.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Settings")]
pub(super) struct SettingArgs {
    /// Configuration file, JSON with comments (default: OPEN_COWORK_CONFIG_PATH).
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,

    /// Directory of everything that this node keeps on disk (OPEN_COWORK_CLOUD_ROOT).
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,

    /// PostgreSQL to use, postgres://…; without it a private server runs in the data directory
    /// (OPEN_COWORK_CLOUD_CONTROL_PLANE_URL, which keeps a password out of the process list).
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,

    /// Which part of the cloud this process plays (OPEN_COWORK_CLOUD_ROLE).
    #[arg(long, value_enum)]
    role: Option<RoleArg>,

    /// Address and port to listen on, such as 127.0.0.1:8787 (OPEN_COWORK_CLOUD_HOST and _PORT).
    #[arg(long, value_name = "ADDRESS:PORT", value_parser = parse_listen)]
    listen: Option<SocketAddr>,

    /// Name of this node in the cluster (OPEN_COWORK_CLOUD_NODE_ID).
    #[arg(long, value_name = "NAME")]
    node_id: Option<String>,

    /// Where the other nodes of the cluster reach this one, such as 10.0.0.5:7946 (OPEN_COWORK_CLOUD_NODE_ADDRESS).
    #[arg(long, value_name = "HOST:PORT")]
    node_address: Option<String>,

    /// Where to listen for the other nodes, if that differs (OPEN_COWORK_CLOUD_NODE_LISTEN).
    #[arg(long, value_name = "ADDRESS:PORT")]
    node_listen: Option<String>,

    /// How long a stopping server says that it is not ready, and still serves, such as 10s (OPEN_COWORK_CLOUD_DRAIN_DELAY).
    #[arg(long, value_name = "TIME")]
    drain_delay: Option<String>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum RoleArg {
    AllInOne,
    Web,
    Worker,
    Scheduler,
}

impl SettingArgs {
    /// Reads the configuration from all sources.
    pub(super) fn load(self) -> anyhow::Result<Loaded> {
        let environment = Environment::of_process();
        let mut overrides = Vec::new();
        let mut set = |setting, flag, text: Option<String>| overrides.extend(text.map(|text| Override { setting, flag, text }));
        set("ROOT", "--data-dir", self.data_dir.map(|path| path.display().to_string()));
        set("CONTROL_PLANE_URL", "--database-url", self.database_url);
        set("ROLE", "--role", self.role.and_then(|role| role.to_possible_value()).map(|role| role.get_name().to_owned()));
        set("HOST", "--listen", self.listen.map(|listen| listen.ip().to_string()));
        set("PORT", "--listen", self.listen.map(|listen| listen.port().to_string()));
        set("NODE_ID", "--node-id", self.node_id);
        set("NODE_ADDRESS", "--node-address", self.node_address);
        set("NODE_LISTEN", "--node-listen", self.node_listen);
        set("DRAIN_DELAY", "--drain-delay", self.drain_delay);
        Ok(Sources { environment, file: self.config, overrides }.load()?)
    }
}

fn parse_listen(text: &str) -> Result<SocketAddr, String> {
    let (host, port) = text.rsplit_once(':').ok_or("expected an address and a port, such as 127.0.0.1:8787")?;
    let address: IpAddr = crate::config::setting::parse_host(host).ok_or("expected an IP address or localhost before the port")?;
    let port = port.parse().map_err(|_| "expected a port from 0 to 65535 behind the address")?;
    Ok(SocketAddr::new(address, port))
}
