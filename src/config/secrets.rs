//! The two keys of the deployment: the one that seals what customers entrust to it, and the one that opens it.

use super::cluster::{Role, Tier};
use super::environment::Environment;
use super::problem::Findings;
use super::secret::{Secret, weakness};
use super::secret_reference;
use super::setting::{Kind, PREFIX, Setting};
use super::values::Values;
use cowork_domain::secret::Secret as Custody;
use cowork_secrets::sealing::{KeyId, OpeningKey, SealingKey};
use cowork_secrets::service::WrappedKey;

pub(super) const SETTINGS: &[Setting] = &[
    Setting::new("SEALING_KEY", Kind::Text, "public key that customers' keys are sealed to; all that a web node needs (occ-sealing-v1…)"),
    Setting::new("SEALING_KEY_REF", Kind::SecretRef, "where to read the sealing key"),
    Setting::new(
        "OPENING_KEY",
        Kind::Secret,
        "private key that opens them, for workers only: occ-opening-v1…, or occ-wrapped-v1… as a key service guards it",
    ),
    Setting::new("OPENING_KEY_REF", Kind::SecretRef, "where to read the opening key"),
    Setting::new("OPENING_KEY_PREVIOUS", Kind::Secret, "earlier opening keys, comma-separated, until `cowork secrets rewrap` is done"),
    Setting::new("OPENING_KEY_PREVIOUS_REF", Kind::SecretRef, "where to read them"),
    Setting::new("SECRET_KEY", Kind::Secret, "text from which the opening key is made where none is given; 32 random bytes"),
    Setting::new("SECRET_KEY_REF", Kind::SecretRef, "where to read that text"),
    Setting::new("SECRET_KEY_PREVIOUS", Kind::Secret, "earlier secret keys, comma-separated, until `cowork secrets rewrap` is done"),
    Setting::new("SECRET_KEY_PREVIOUS_REF", Kind::SecretRef, "where to read them"),
];

/// The `secrets` section.
#[derive(Debug, Clone)]
pub struct SecretsConfig {
    /// The public key, for roles that have no other.
    pub sealing_key: Option<SealingKey>,
    /// What opens, first of all.
    pub opening_key: Option<GivenKey>,
    /// What opens besides, during a rotation.
    pub previous: Vec<GivenKey>,
    /// Where clients of key services find their credentials; empty for roles that open nothing.
    pub surroundings: Secret<Environment>,
}

/// An opening key as it was given.
#[derive(Debug, Clone)]
pub enum GivenKey {
    /// The key itself.
    Open(Secret<OpeningKey>),
    /// A key that has to be unwrapped first.
    Wrapped(WrappedKey),
}

impl GivenKey {
    /// The id of the key, which is known before it is unwrapped.
    pub const fn id(&self) -> &KeyId {
        match self {
            Self::Open(key) => key.expose().id(),
            Self::Wrapped(key) => &key.id,
        }
    }

    fn read(setting: &str, text: &str, findings: &mut Findings) -> Option<Self> {
        let read = if WrappedKey::is_meant_by(text) {
            WrappedKey::parse(text).map(Self::Wrapped).map_err(|error| error.to_string())
        } else {
            OpeningKey::parse(&Custody::new(text.to_owned())).map(Self::of).map_err(|error| error.to_string())
        };
        read.map_err(|why| findings.problem(format!("{PREFIX}{setting} can't be used: {why}"))).ok()
    }

    fn derived(text: &str) -> Self {
        Self::of(OpeningKey::derive(&Custody::new(text.to_owned())))
    }

    const fn of(key: OpeningKey) -> Self {
        Self::Open(Secret::new(key))
    }
}

impl SecretsConfig {
    /// Reads the keys of a role. One that opens nothing gets no opening key, whatever stands beside it: the start rules refuse it.
    pub(super) fn read(
        values: &Values,
        environment: &Environment,
        role: Role,
        tier: Tier,
        secret_key: Option<&Secret>,
        findings: &mut Findings,
    ) -> Self {
        let mut texts = |setting: &str| secret_reference::resolve(values, environment, setting, findings);
        let (sealing, opening, opening_before, secret_before) =
            (texts("SEALING_KEY"), texts("OPENING_KEY"), texts("OPENING_KEY_PREVIOUS"), texts("SECRET_KEY_PREVIOUS"));
        let sealing_key = sealing.and_then(|text| {
            let parsed = SealingKey::parse(text.expose());
            parsed.map_err(|why| findings.problem(format!("{PREFIX}SEALING_KEY can't be used: {why}"))).ok()
        });
        if !role.executes() {
            return Self { sealing_key, opening_key: None, previous: Vec::new(), surroundings: Secret::new(Environment::default()) };
        }
        let mut keys = Vec::new();
        let is_given = opening.is_some();
        keys.extend(opening.and_then(|text| GivenKey::read("OPENING_KEY", text.expose(), findings)));
        if let Some(text) = secret_key {
            // A deployment that goes over to a key of its own still holds what the secret key sealed.
            keys.push(GivenKey::derived(text.expose()));
            if tier != Tier::Local
                && !is_given
                && let Some(weakness) = weakness(text.expose())
            {
                findings.warning(format!("{PREFIX}SECRET_KEY opens customers' keys and is weak: {weakness}"));
            }
        }
        let mut previous = keys;
        let opening_key = (!previous.is_empty()).then(|| previous.remove(0));
        for text in opening_before.iter().flat_map(|list| words(list.expose())) {
            previous.extend(GivenKey::read("OPENING_KEY_PREVIOUS", text, findings));
        }
        previous.extend(secret_before.iter().flat_map(|list| words(list.expose())).map(GivenKey::derived));
        if opening_key.is_none() && !previous.is_empty() {
            findings.problem(format!("{PREFIX}OPENING_KEY_PREVIOUS and {PREFIX}SECRET_KEY_PREVIOUS have no effect without a current key"));
        }
        if let (Some(sealing), Some(opening)) = (&sealing_key, &opening_key)
            && sealing.id() != opening.id()
        {
            findings.problem(format!(
                "{PREFIX}SEALING_KEY is {}, but the opening key is {}: this node couldn't open what it seals",
                sealing.id(),
                opening.id()
            ));
        }
        Self { sealing_key, opening_key, previous, surroundings: Secret::new(environment.clone()) }
    }
}

fn words(list: &str) -> impl Iterator<Item = &str> {
    list.split(',').map(str::trim).filter(|word| !word.is_empty())
}
