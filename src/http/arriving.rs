//! Bodies of programs on their way in, and their turns.
//!
//! A turn is for what is whole: whoever sends slowly, badly or because of their line, holds none. What a large body holds while it
//! comes is memory, as much as came so far; and of one account one large body comes at a time.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use bytes::BytesMut;
use http_body_util::BodyExt as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout, timeout_at};

use super::gate::unfinished;
use super::respond::{Refusal, Refused};
use crate::access::Actor;
use crate::record::{Turn, Turns};

/// From which sizes on a body waits for its turn, in bytes.
pub(super) const LONG: usize = 64 << 10;
const LARGE: usize = 256 << 10;
/// How many large bodies are worked on at a time: as values each is many times its text.
const LARGE_AT_ONCE: usize = 4;
/// How many long bodies are, and how many of them are one actor's.
const LONG_AT_ONCE: usize = 16;
const LONG_OF_ONE: usize = 4;
/// The memory of all large bodies together, in pieces: eight of the largest.
const PIECE: usize = 64 << 10;
const PIECES: usize = 128 * (1 << 20) / PIECE;
/// How long one waits for memory.
const WAIT: Duration = Duration::from_secs(5);
/// A piece of a large one comes within this time: its memory is others' otherwise.
const COMES_ON: Duration = Duration::from_secs(10);

/// The turns of bodies, and the memory of the large ones.
pub struct Bodies {
    large: Turns,
    long: Turns,
    /// Large ones on their way in, or whole and not answered.
    own: Turns,
    room: Arc<Semaphore>,
    comes_on: Duration,
}

/// What a body has until it is answered.
pub struct Held {
    _turn: Turn,
    _place: Option<Place>,
}

/// The place of a large body.
struct Place {
    _own: Turn,
    room: OwnedSemaphorePermit,
}

impl Default for Bodies {
    fn default() -> Self {
        Self::with_room(PIECES, COMES_ON)
    }
}

impl Bodies {
    fn with_room(pieces: usize, comes_on: Duration) -> Self {
        Self {
            large: Turns::so_many(LARGE_AT_ONCE),
            long: Turns::so_many(LONG_AT_ONCE).of_each(LONG_OF_ONE),
            own: Turns::one_each(),
            room: Arc::new(Semaphore::new(pieces)),
            comes_on,
        }
    }

    /// All of a body, and its turn if it is not short. How long it is counts, and not what it says of that.
    pub(super) async fn whole(
        &self,
        actor: &Actor,
        mut body: Body,
        limit: usize,
    ) -> Result<(Bytes, Option<Held>), Refusal> {
        let mut bytes = BytesMut::new();
        while bytes.len() <= LARGE {
            let Some(frame) = body.frame().await else {
                let is_long = bytes.len() > LONG;
                let held = if is_long { Some(Held { _turn: self.long.take(actor).await, _place: None }) } else { None };
                return Ok((bytes.freeze(), held));
            };
            if let Ok(data) = frame.map_err(|error| unfinished(&error, limit))?.into_data() {
                bytes.extend_from_slice(&data);
            }
        }
        let own = self.own.take(actor).await;
        let mut place = Place { _own: own, room: self.room_for(bytes.len().div_ceil(PIECE)).await? };
        let (mut enough, mut due) = (bytes.len() + PIECE, Instant::now() + self.comes_on);
        loop {
            let Some(frame) = timeout_at(due, body.frame()).await.map_err(|_| too_slow())? else { break };
            if let Ok(data) = frame.map_err(|error| unfinished(&error, limit))?.into_data() {
                bytes.extend_from_slice(&data);
            }
            let more = bytes.len().div_ceil(PIECE).saturating_sub(place.room.num_permits());
            if more > 0 {
                place.room.merge(self.room_for(more).await?);
            }
            if bytes.len() >= enough {
                (enough, due) = (bytes.len() + PIECE, Instant::now() + self.comes_on);
            }
        }
        let held = Held { _turn: self.large.take(actor).await, _place: Some(place) };
        Ok((bytes.freeze(), Some(held)))
    }

    async fn room_for(&self, pieces: usize) -> Result<OwnedSemaphorePermit, Refusal> {
        let pieces = u32::try_from(pieces).map_err(|_| full())?;
        let room = timeout(WAIT, self.room.clone().acquire_many_owned(pieces)).await;
        room.map_err(|_| full())?.map_err(|_| full())
    }
}

fn too_slow() -> Refusal {
    let text = "The request came too slowly. Nothing was changed. Send it again, or in smaller parts.";
    Refusal::saying(Refused::Timeout, text)
}

fn full() -> Refusal {
    let text = "Many large requests are arriving just now. Nothing was changed. Send it again in a minute, or in smaller parts.";
    Refusal::saying(Refused::Timeout, text)
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use futures_util::{FutureExt as _, StreamExt as _, stream};

    use super::*;

    const LIMIT: usize = 16 << 20;

    /// So many bytes, and then nothing more for ever.
    fn endless(size: usize) -> Body {
        let some = stream::iter([Ok::<_, Infallible>(Bytes::from(vec![b' '; size]))]);
        Body::from_stream(some.chain(stream::pending()))
    }

    /// So many bytes that say nothing of how many they are.
    fn unannounced(size: usize) -> Body {
        Body::from_stream(stream::iter([Ok::<_, Infallible>(Bytes::from(vec![b' '; size]))]))
    }

    fn is_whole(found: Option<Result<(Bytes, Option<Held>), Refusal>>, size: usize) -> bool {
        found.is_some_and(|found| found.is_ok_and(|(bytes, _)| bytes.len() == size))
    }

    #[tokio::test]
    async fn who_sends_slowly_keeps_nobody_elses_large_body_waiting() {
        let bodies = Bodies::default();
        let slow: Vec<Actor> = (0..2 * LARGE_AT_ONCE).map(|at| Actor::system(&format!("slow {at}"))).collect();
        let mut comes: Vec<_> = slow.iter().map(|one| Box::pin(bodies.whole(one, endless(LARGE + 1), LIMIT))).collect();
        assert!(comes.iter_mut().all(|one| one.now_or_never().is_none()));
        let other = Actor::system("other");
        assert!(is_whole(bodies.whole(&other, unannounced(4 * LARGE), LIMIT).now_or_never(), 4 * LARGE));
        // One that comes slowly has no turn of what is small, also of the same account and of whatever length it says it has.
        let Some(slow) = slow.first() else { panic!("there are some") };
        assert!(is_whole(bodies.whole(slow, unannounced(80), LIMIT).now_or_never(), 80));
        assert!(is_whole(bodies.whole(slow, unannounced(LARGE), LIMIT).now_or_never(), LARGE));
        // Of one account one large one comes at a time.
        assert!(bodies.whole(slow, unannounced(4 * LARGE), LIMIT).now_or_never().is_none());
        comes.clear();
        assert!(is_whole(bodies.whole(slow, unannounced(4 * LARGE), LIMIT).now_or_never(), 4 * LARGE));
    }

    #[tokio::test]
    async fn large_bodies_have_so_much_memory_together_and_no_more() {
        let bodies = Bodies::with_room(10, COMES_ON);
        let [one, other] = ["one", "other"].map(Actor::system);
        let mut first = Box::pin(bodies.whole(&one, endless(6 * PIECE), LIMIT));
        assert!(first.as_mut().now_or_never().is_none());
        assert_eq!(bodies.room.available_permits(), 4);
        assert!(bodies.whole(&other, unannounced(5 * PIECE), LIMIT).now_or_never().is_none());
        drop(first);
        let (_, held) =
            bodies.whole(&other, unannounced(5 * PIECE), LIMIT).await.unwrap_or_else(|_| panic!("there is room"));
        assert_eq!(bodies.room.available_permits(), 5, "it is in memory until it is answered");
        drop(held);
        assert_eq!(bodies.room.available_permits(), 10);
    }

    #[tokio::test]
    async fn a_large_body_that_stops_gives_its_memory_back() {
        let bodies = Bodies::with_room(PIECES, Duration::from_millis(20));
        assert!(bodies.whole(&Actor::system("one"), endless(2 * LARGE), LIMIT).await.is_err());
        assert_eq!(bodies.room.available_permits(), PIECES);
    }
}
