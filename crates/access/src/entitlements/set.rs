//! What all sets of members have in common: a bit for each member of this version.

/// Makes a set, a tuple of its bits, of an enum whose discriminants are the bits and whose `ALL` lists
/// the members.
macro_rules! member_set {
    ($Set:ident of $Member:ident) => {
        impl $Set {
            /// Every member of this version. One that a later version adds is in no set that this one stored.
            pub const ALL: Self = Self::of($Member::ALL);
            /// None at all.
            pub const NONE: Self = Self(0);

            /// The set of these members.
            pub const fn of(members: &[$Member]) -> Self {
                let mut bits = 0;
                let mut rest = members;
                while let [member, after @ ..] = rest {
                    bits |= 1 << *member as u8;
                    rest = after;
                }
                Self(bits)
            }

            /// Whether the member is in the set.
            #[inline]
            pub const fn contains(self, member: $Member) -> bool {
                self.0 & (1 << member as u8) != 0
            }

            /// What is in both sets.
            #[must_use]
            pub const fn and(self, other: Self) -> Self {
                Self(self.0 & other.0)
            }

            /// What is in either.
            #[must_use]
            pub const fn or(self, other: Self) -> Self {
                Self(self.0 | other.0)
            }
        }
    };
}

pub(super) use member_set;
