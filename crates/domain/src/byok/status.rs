//! The words of a stored key, as they stand in rows and on the wire.

use serde::{Serialize, Serializer};

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$variant_doc])* $variant,)* }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The word as it is stored and sent.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            /// What this word means.
            pub fn parse(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|known| known.as_str() == word)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
    };
}

words! {
    /// What a stored key is good for.
    ByokStatus {
        /// Saved; nobody has said yet that it works.
        PendingValidation "pending_validation",
        /// In use.
        Active "active",
        /// Taken out of use for good; its ciphertext is gone.
        Disabled "disabled",
        /// Its time is over, as its provider or key manager says. It may be validated again.
        Expired "expired",
        /// Its provider refused it.
        Invalid "invalid",
        /// The deployment knows no such provider.
        Unsupported "unsupported",
    }
}

words! {
    /// Where the key itself is.
    CredentialKind {
        /// Sealed in the row.
        Plaintext "plaintext",
        /// In a key manager; the row names it.
        KmsRef "kms_ref",
    }
}

words! {
    /// How a key is, as people see it (requirement R-BYOK-02).
    Health {
        /// Nobody looked yet.
        Unchecked "unchecked",
        /// A check is due or runs.
        Checking "checking",
        /// In use, and nothing is known against it.
        Healthy "healthy",
        /// In use, but its provider refused it or could not be asked when last looked.
        Doubtful "doubtful",
        /// Its provider refused it, or isn't supported.
        Failed "failed",
        /// Out of use.
        Off "off",
    }
}

words! {
    /// Who said that a key may be used.
    ValidationSource {
        /// Its provider.
        Validator "validator",
        /// A person who overrode the validation.
        Override "override",
    }
}
