//! The socket by which commands reach a running box: Unix, 0600, line-delimited JSON.
//!
//! A command sends `{"order": …}`, then any number of `{"item": …}`, then `{"end": true}`. The box answers with any
//! number of `{"item": …}` and one `{"done": …}` or `{"refused": {"code": …, "text": …}}`. It takes orders of its own
//! uid and of root only, which the kernel vouches for (`SO_PEERCRED`), whatever the file's permissions say.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::mpsc;

use super::Failure;
use super::order::{Answer, Caller, Order, Talk};
use crate::app::AppError;
use crate::base::said;
use crate::http::Stop;

/// Parts in flight, each way.
const AHEAD: usize = 16;

/// From the command to the box.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Ask {
    Order(Order),
    Item(Box<RawValue>),
    End(bool),
}

/// From the box to the command.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Tell {
    Item(Value),
    Done(Value),
    Refused { code: u8, text: String },
}

/// Takes the socket, replacing one that a killed box left behind.
pub fn listen(path: &Path) -> Result<UnixListener, AppError> {
    let wrong = |cause| AppError::File { path: path.to_owned(), what: "used as the control socket", cause };
    // The store's lock says that no other box runs here.
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(wrong(error)),
        _ => {}
    }
    let listener = UnixListener::bind(path).map_err(wrong)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).map_err(wrong)?;
    Ok(listener)
}

/// Whoever carries out the orders that come by the socket: an open box, or a locked one.
pub trait Answers: Send + Sync + 'static {
    fn carry_out(&self, order: Order, caller: Caller, talk: Talk) -> Answer<'_>;
}

/// Answers whose turn can change while the box runs: a locked box's, then the open one's. So the socket stays where it is.
pub struct InTurn(RwLock<Arc<dyn Answers>>);

impl InTurn {
    pub fn new(first: Arc<dyn Answers>) -> Self {
        Self(RwLock::new(first))
    }

    pub fn give_to(&self, next: Arc<dyn Answers>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = next;
    }
}

impl Answers for InTurn {
    fn carry_out(&self, order: Order, caller: Caller, talk: Talk) -> Answer<'_> {
        let now = self.0.read().unwrap_or_else(PoisonError::into_inner).clone();
        Box::pin(async move { now.carry_out(order, caller, talk).await })
    }
}

/// Answers commands until the box stops.
pub async fn serve(listener: UnixListener, answers: Arc<impl Answers>, stop: Stop) {
    loop {
        let stream = tokio::select! {
            () = stop.stopped() => return,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    tracing::warn!(target: "control", %error, "a command could not be taken");
                    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
                    continue;
                }
            },
        };
        let answers = answers.clone();
        tokio::spawn(async move {
            if let Err(error) = answer(stream, &*answers).await {
                tracing::debug!(target: "control", %error, "a command went away");
            }
        });
    }
}

async fn answer(stream: UnixStream, answers: &impl Answers) -> std::io::Result<()> {
    let uid = stream.peer_cred()?.uid();
    let (read, mut write) = stream.into_split();
    let own = rustix::process::geteuid().as_raw();
    if uid != own && uid != 0 {
        let text = "this box takes commands of its own user and of root only".to_owned();
        return send(&mut write, &Tell::Refused { code: 1, text }).await;
    }
    let mut lines = BufReader::new(read).lines();
    let order = match lines.next_line().await?.map(|line| serde_json::from_str(&line)) {
        Some(Ok(Ask::Order(order))) => order,
        _ => {
            let text = "the running box does not know this command; is it of another version? Restart it.".to_owned();
            return send(&mut write, &Tell::Refused { code: 1, text }).await;
        }
    };
    let (say, mut said) = mpsc::channel(AHEAD);
    let (heard, hear) = mpsc::channel(AHEAD);
    let listening = async move {
        while let Ok(Some(line)) = lines.next_line().await {
            let Ok(Ask::Item(item)) = serde_json::from_str(&line) else { break };
            if heard.send(item).await.is_err() {
                break;
            }
        }
    };
    let working = answers.carry_out(order, Caller { uid }, Talk { say, hear });
    let telling = async {
        while let Some(item) = said.recv().await {
            send(&mut write, &Tell::Item(item)).await?;
        }
        Ok::<_, std::io::Error>(())
    };
    let listening = tokio::spawn(listening);
    // When the command goes away, `telling` fails, and the order is dropped with it.
    let done = tokio::try_join!(async { Ok(working.await) }, telling);
    listening.abort();
    let (done, ()) = done?;
    let tell = match done {
        Ok(value) => Tell::Done(value),
        Err(failure) => Tell::Refused { code: failure.exit_code(), text: failure.to_string() },
    };
    send(&mut write, &tell).await
}

async fn send(write: &mut (impl AsyncWriteExt + Unpin), frame: &impl Serialize) -> std::io::Result<()> {
    let mut line = serde_json::to_vec(frame)?;
    line.push(b'\n');
    write.write_all(&line).await?;
    write.flush().await
}

/// What a command sends along with its order.
pub type Pieces<'a> = &'a mut (dyn Iterator<Item = Result<Box<RawValue>, Failure>> + Send);

/// Asks the running box. `Ok(None)` when none runs.
pub async fn ask(
    path: &Path,
    order: &Order,
    pieces: Pieces<'_>,
    item: &mut (dyn FnMut(Value) -> Result<(), Failure> + Send),
) -> Result<Option<Value>, Failure> {
    let stream = match UnixStream::connect(path).await {
        Ok(stream) => stream,
        Err(error)
            if matches!(
                error.kind(),
                std::io::ErrorKind::NotFound
                    | std::io::ErrorKind::ConnectionRefused
                    // What is no folder holds no box; opening it says so.
                    | std::io::ErrorKind::NotADirectory
            ) =>
        {
            return Ok(None);
        }
        Err(error) => {
            let path = path.display();
            return Err(Failure::failed(format!(
                "whether a box runs here cannot be seen by {path} ({}). Run the command as the box's own user or as root.",
                said(&error)
            )));
        }
    };
    let gone = |error: std::io::Error| {
        Failure::failed(format!("the running box broke off ({}). Look at its log.", said(&error)))
    };
    let (read, mut write) = stream.into_split();
    let sending = async {
        send(&mut write, &Ask::Order(order.clone())).await.map_err(gone)?;
        for piece in pieces {
            // A box that refused has closed its side; its answer says why.
            if send(&mut write, &Ask::Item(piece?)).await.is_err() {
                return Ok(());
            }
        }
        let _ = send(&mut write, &Ask::End(true)).await;
        Ok::<_, Failure>(())
    };
    let receiving = async {
        let mut lines = BufReader::new(read).lines();
        while let Some(line) = lines.next_line().await.map_err(gone)? {
            match serde_json::from_str(&line).map_err(anyhow::Error::from)? {
                Tell::Item(value) => item(value)?,
                Tell::Done(value) => return Ok(value),
                Tell::Refused { code, text } => return Err(Failure::of_code(code, text)),
            }
        }
        Err(Failure::failed("the running box stopped before it had answered. Look at its log."))
    };
    // An answer that comes before everything was sent ends the sending.
    tokio::pin!(sending, receiving);
    tokio::select! {
        answer = &mut receiving => answer.map(Some),
        sent = &mut sending => {
            sent?;
            receiving.await.map(Some)
        }
    }
}
