//! The numbers of what `base` names. For ever, as those of [`words`](crate::audit::words).

use crate::base::{ActorKind, Role};

pub const fn actor_kind_number(kind: ActorKind) -> u8 {
    match kind {
        ActorKind::Person => 1,
        ActorKind::ProxyFor => 2,
        ActorKind::Service => 3,
        ActorKind::ShareLink => 4,
        ActorKind::System => 5,
        ActorKind::Anonymous => 6,
    }
}

pub const fn actor_kind(number: u8) -> Option<ActorKind> {
    Some(match number {
        1 => ActorKind::Person,
        2 => ActorKind::ProxyFor,
        3 => ActorKind::Service,
        4 => ActorKind::ShareLink,
        5 => ActorKind::System,
        6 => ActorKind::Anonymous,
        _ => return None,
    })
}

pub const fn role_number(role: Role) -> u8 {
    match role {
        Role::Patient => 1,
        Role::Proxy => 2,
        Role::Clinician => 3,
        Role::Nurse => 4,
        Role::Reception => 5,
        Role::HealthAdmin => 6,
        Role::Operator => 7,
    }
}

pub const fn role(number: u8) -> Option<Role> {
    Some(match number {
        1 => Role::Patient,
        2 => Role::Proxy,
        3 => Role::Clinician,
        4 => Role::Nurse,
        5 => Role::Reception,
        6 => Role::HealthAdmin,
        7 => Role::Operator,
        _ => return None,
    })
}
