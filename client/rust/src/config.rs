use std::time::Duration;

use crate::model::Expect;

/// Config says where the servers are and how the client behaves.
#[derive(Clone, Debug)]
pub struct Config {
    /// `host:port`, `[IPv6]:port` or `unix:PATH`. The first is tried first, and the next one after a
    /// failure or the end of a connection. All must serve models of the same shape.
    pub addrs: Vec<String>,
    /// What the program expects of the servers.
    pub expect: Expect,
    /// How long a call may take, unless the call says otherwise; None: without limit.
    pub timeout: Option<Duration>,
    /// How long an attempt to connect may take, with the server's welcome. It also ends with the first
    /// timeout of the calls that wait for it, and then another one follows for the others.
    pub dial_timeout: Duration,
    /// For how long a server may owe an answer in silence before the connection is closed.
    pub stall_timeout: Duration,
    /// How often rows may be sent again when a connection breaks that had brought them to a server.
    /// Scoring changes nothing on a server, so the only cost is that a row may be scored twice. A budget
    /// bounds retries to a tenth of the calls. Rows that a server has certainly not answered, because it
    /// ended the connection in order or before they were sent, are sent again without being counted here.
    pub retries: u32,
}

impl Default for Config {
    /// The default has no address, no timeout for calls, 5 s to connect, 10 s of silence and no retries.
    fn default() -> Config {
        Config {
            addrs: Vec::new(),
            expect: Expect::default(),
            timeout: None,
            dial_timeout: Duration::from_secs(5),
            stall_timeout: Duration::from_secs(10),
            retries: 0,
        }
    }
}

impl From<&str> for Config {
    fn from(addr: &str) -> Config {
        Config { addrs: vec![addr.into()], ..Config::default() }
    }
}

/// LONGEST_DIAL is decades, and less than what a clock can count from now on.
const LONGEST_DIAL: Duration = Duration::from_secs(1 << 30);

/// Settings is what a connection needs of a [Config].
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) expect: Expect,
    pub(crate) timeout: Option<Duration>,
    pub(crate) dial_timeout: Duration,
    pub(crate) stall_timeout: Duration,
}

impl Settings {
    /// Returns the settings of a configuration, or what is wrong with it.
    pub(crate) fn new(config: &Config) -> Result<Settings, String> {
        if config.addrs.is_empty() {
            return Err("no address is given".into());
        }
        if let Some(fault) = config.expect.fault() {
            return Err(fault.into());
        }
        let timeouts = [
            ("timeout", config.timeout.unwrap_or(Duration::MAX)),
            ("dial_timeout", config.dial_timeout),
            ("stall_timeout", config.stall_timeout),
        ];
        if let Some((name, _)) = timeouts.iter().find(|(_, timeout)| timeout.is_zero()) {
            return Err(format!("{name} is 0: more is needed"));
        }
        Ok(Settings {
            expect: config.expect.clone(),
            timeout: config.timeout,
            dial_timeout: config.dial_timeout.min(LONGEST_DIAL),
            stall_timeout: config.stall_timeout,
        })
    }
}
