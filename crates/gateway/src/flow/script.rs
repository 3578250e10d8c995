//! Scripts of policies: on threads of their own, and back into the flow.

use mediation::{Machine, MediationFault, Message, ScriptRun};
use model::fault::FaultCode;

use super::host::View;
use super::{Flow, of_mediation};
use crate::fault::Failure;
use crate::scripts::NotRun;

impl Flow<'_> {
    /// Has a script run; what it did is done to the message.
    ///
    /// # Errors
    ///
    /// Why it broke off, where no sequence takes it.
    pub(super) async fn script(
        &mut self,
        machine: &mut Machine,
        run: Box<ScriptRun>,
        message: &mut Message,
    ) -> Result<(), Failure> {
        let name = run.name().to_owned();
        let config = &self.exchange.snapshot.config.scripts;
        let ended = self.exchange.record.connection.worker.shared.scripts.run(run, config).await;
        let view = View { exchange: self.exchange, api: self.api, notes: None };
        match ended {
            Ok(run) => machine.take_script(*run, message, &view, &self.limits),
            Err(reason) => machine.fail(message, fault(&name, reason)),
        }
        .map_err(of_mediation)
    }
}

fn fault(name: &str, reason: NotRun) -> MediationFault {
    let code = match reason {
        NotRun::Queue | NotRun::Waited | NotRun::Lost => FaultCode::Overloaded,
        NotRun::Late | NotRun::Panic => FaultCode::ScriptFailed,
    };
    MediationFault::new(code, format!("the script of {name}: {reason}"))
}
