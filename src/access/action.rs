//! What can be done to a resource, and sets of it.

/// What an actor wants to do to a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u16)]
#[non_exhaustive]
pub enum Action {
    /// Read the current version, or a former one.
    Read = 1,
    Search = 1 << 1,
    History = 1 << 2,
    Create = 1 << 3,
    Update = 1 << 4,
    Patch = 1 << 5,
    Delete = 1 << 6,
    /// Sign a note, a report or a plan: it stands as final, under one's name.
    Sign = 1 << 7,
    /// Let the patient see a result.
    Release = 1 << 8,
    /// A whole copy of one patient's record (`$everything`): asked with the Patient as target.
    Everything = 1 << 9,
    /// Bulk export of many patients (`$export`).
    Export = 1 << 10,
    /// Take back what one said oneself: it stays in the record, and says that it does not stand.
    Withdraw = 1 << 11,
}

impl Action {
    pub const ALL: [Self; 12] = [
        Self::Read,
        Self::Search,
        Self::History,
        Self::Create,
        Self::Update,
        Self::Patch,
        Self::Delete,
        Self::Sign,
        Self::Release,
        Self::Everything,
        Self::Export,
        Self::Withdraw,
    ];

    /// The stable name, as the table and the documents print it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Search => "search",
            Self::History => "history",
            Self::Create => "create",
            Self::Update => "update",
            Self::Patch => "patch",
            Self::Delete => "delete",
            Self::Sign => "sign",
            Self::Release => "release",
            Self::Everything => "everything",
            Self::Export => "export",
            Self::Withdraw => "withdraw",
        }
    }

    /// Whether this changes nothing.
    pub const fn only_looks(self) -> bool {
        matches!(self, Self::Read | Self::Search | Self::History | Self::Everything | Self::Export)
    }
}

/// A set of actions.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Actions(u16);

impl Actions {
    pub const NONE: Self = Self(0);
    pub const READ: Self = Self::of(&[Action::Read, Action::Search, Action::History]);
    pub const WRITE: Self = Self::of(&[Action::Create, Action::Update, Action::Patch]);

    pub const fn of(actions: &[Action]) -> Self {
        let mut bits = 0;
        let mut rest = actions;
        while let Some((&first, tail)) = rest.split_first() {
            bits |= first as u16;
            rest = tail;
        }
        Self(bits)
    }

    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub const fn with(self, action: Action) -> Self {
        Self(self.0 | action as u16)
    }

    /// What is in both.
    pub const fn within(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub const fn contains(self, action: Action) -> bool {
        self.0 & action as u16 != 0
    }

    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub fn iter(self) -> impl Iterator<Item = Action> {
        Action::ALL.into_iter().filter(move |action| self.contains(*action))
    }
}

impl std::fmt::Debug for Actions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.iter().map(Action::name)).finish()
    }
}
