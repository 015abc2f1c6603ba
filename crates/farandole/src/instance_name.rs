//! Which copy of a service this process is.

/// `<service>-<host>-<pid>`: in containers every copy has process id 1, on one machine every copy the same host.
pub(crate) fn of(service: &str) -> String {
    let host = std::env::var("HOSTNAME")
        .ok()
        .or_else(|| std::fs::read_to_string("/proc/sys/kernel/hostname").ok())
        .map(|host| host.trim().to_owned())
        .filter(|host| !host.is_empty())
        .unwrap_or_else(|| "localhost".to_owned());
    format!("{service}-{host}-{}", std::process::id())
}
