//! What every room needs and no room owns: time, chance, typed ids, who acts, secrets.
//!
//! Nothing here knows of stores, connections or FHIR.

mod actor;
mod clock;
mod counted;
mod decimal;
mod id;
mod origin;
mod said;
mod secret;

pub use actor::{ActorKind, ActorRef, Role};
pub use clock::{Ambient, Clock, ManualClock, OsRandom, Random, SeededRandom, SystemClock, Timestamp};
pub use counted::counted;
pub use decimal::{Decimal, NoDecimal};
pub use id::{AccountId, BootId, FhirId, Id, IdKind, InvalidId, ResourceRef, SessionId, StoreId, TokenId};
pub use origin::network_of;
pub use said::said;
pub use secret::Secret;
