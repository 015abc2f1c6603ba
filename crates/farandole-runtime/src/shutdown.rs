use tokio::sync::watch;

/// A request to end, which any number of tasks can wait for.
#[derive(Clone, Debug)]
pub struct Shutdown(watch::Receiver<bool>);

/// The other end of a [`Shutdown`]: asks for the end. Dropping it asks too, since nobody else could.
#[derive(Debug)]
pub struct Trigger(watch::Sender<bool>);

/// The exit code of a process that a second Ctrl-C ended: 128 + SIGINT, as shells have it.
const INTERRUPTED: i32 = 130;

impl Shutdown {
    /// Requested by SIGTERM or SIGINT (Ctrl-C); a second one ends the process at once with code 130.
    /// Call it inside a tokio runtime.
    pub fn on_signals() -> Self {
        let (trigger, shutdown) = Self::manual();
        tokio::spawn(async move {
            signal().await;
            trigger.request();
            tracing::info!("ending; a second signal ends at once");
            signal().await;
            std::process::exit(INTERRUPTED);
        });
        shutdown
    }

    /// Requested by the returned [`Trigger`].
    pub fn manual() -> (Trigger, Self) {
        let (sender, receiver) = watch::channel(false);
        (Trigger(sender), Self(receiver))
    }

    /// Waits until the end is requested.
    pub async fn requested(&self) {
        // An error means that the trigger is gone, and a trigger that goes has asked.
        let _ = self.0.clone().wait_for(|asked| *asked).await;
    }

    /// Whether the end has been requested.
    pub fn is_requested(&self) -> bool {
        *self.0.borrow()
    }
}

impl Trigger {
    /// Asks for the end; asking again changes nothing.
    pub fn request(&self) {
        self.0.send_replace(true);
    }
}

impl Drop for Trigger {
    fn drop(&mut self) {
        self.request();
    }
}

#[cfg(unix)]
async fn signal() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => tokio::select! {
            _ = terminate.recv() => {}
            _ = tokio::signal::ctrl_c() => {}
        },
        Err(error) => {
            tracing::warn!("SIGTERM can't be watched ({error}); Ctrl-C still ends this process");
            let _ = tokio::signal::ctrl_c().await;
        }
    }
}

#[cfg(not(unix))]
async fn signal() {
    let _ = tokio::signal::ctrl_c().await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_clone_hears_the_request() {
        let (trigger, shutdown) = Shutdown::manual();
        let other = shutdown.clone();
        assert!(!other.is_requested());
        trigger.request();
        shutdown.requested().await;
        other.requested().await;
        assert!(other.is_requested());
    }

    #[tokio::test]
    async fn a_dropped_trigger_is_a_request() {
        let (trigger, shutdown) = Shutdown::manual();
        drop(trigger);
        shutdown.requested().await;
        assert!(shutdown.is_requested());
    }
}
