use super::envelope::{self, Layer};
use super::*;
use cowork_domain::ids::OrgId;
use cowork_domain::secret::Secret;
use proptest::prelude::*;

const KEY: &str = "sk-canary-0123456789-customers-key";

/// A deployment with one organisation that has one secret.
struct Story {
    opening: OpeningKey,
    org: OrgId,
    org_key: OrgKey,
    sealed: Sealed,
}

impl Story {
    fn new() -> Self {
        let opening = OpeningKey::generate();
        let org = OrgId::new("org_a");
        let sealer = Sealer::new(opening.sealing_key());
        let org_key = sealer.new_org_key(&org, 1);
        let subject = Subject { org: &org, provider: "openai", secret: "byok_1", version: 1 };
        let sealed = sealer.seal(&org_key, &subject, &text(KEY)).unwrap();
        Self { opening, org, org_key, sealed }
    }

    fn opener(&self) -> Opener {
        Opener::new(self.opening.clone(), [])
    }

    fn subject(&self) -> Subject<'_> {
        Subject { org: &self.org, provider: "openai", secret: "byok_1", version: 1 }
    }

    fn opens(&self, subject: &Subject<'_>) -> Result<(), OpenError> {
        self.opener().open(&self.org_key, subject, &self.sealed).map(drop)
    }
}

fn text(text: &str) -> Secret<String> {
    Secret::new(text.to_owned())
}

/// The error; what opened is never shown, not even by a failing test.
fn refusal<T>(result: Result<T, OpenError>) -> OpenError {
    result.err().expect("it must not open")
}

#[test]
fn what_was_sealed_for_a_subject_opens_for_it_and_for_no_other() {
    let story = Story::new();
    let opened = story.opener().open(&story.org_key, &story.subject(), &story.sealed).ok().unwrap();
    assert_eq!(opened.expose(), KEY);

    let other = OrgId::new("org_b");
    assert_eq!(refusal(story.opens(&Subject { org: &other, ..story.subject() })), OpenError::OrgKey(1));
    assert_eq!(refusal(story.opens(&Subject { provider: "anthropic", ..story.subject() })), OpenError::Refused);
    assert_eq!(refusal(story.opens(&Subject { secret: "byok_2", ..story.subject() })), OpenError::Refused);
    assert_eq!(refusal(story.opens(&Subject { version: 2, ..story.subject() })), OpenError::Refused);
    // Where a part ends is bound, too.
    assert_eq!(refusal(story.opens(&Subject { provider: "openaib", secret: "yok_1", ..story.subject() })), OpenError::Refused);
}

#[test]
fn another_data_key_does_not_open_wherever_it_comes_from() {
    let story = Story::new();
    let sealer = Sealer::new(story.opening.sealing_key());
    let open = |org_key: &OrgKey| story.opener().open(org_key, &story.subject(), &story.sealed);

    let second = sealer.new_org_key(&story.org, 2);
    assert_eq!(refusal(open(&second)), OpenError::Refused);
    // One that whoever can write to the database made with the public key alone, under the right name.
    let forged = sealer.new_org_key(&story.org, 1);
    assert_eq!(refusal(open(&forged)), OpenError::Refused);
    // Halves of two keys.
    let mixed = OrgKey { public: forged.public.clone(), ..story.org_key.clone() };
    assert_eq!(refusal(open(&mixed)), OpenError::OrgKey(1));
    let renamed = OrgKey { generation: 2, ..story.org_key.clone() };
    assert_eq!(refusal(open(&renamed)), OpenError::OrgKey(2));
    let foreign = sealer.new_org_key(&OrgId::new("org_b"), 1);
    assert_eq!(refusal(open(&foreign)), OpenError::OrgKey(1));
}

#[test]
fn a_shredded_data_key_ends_its_secrets_for_the_holder_of_every_other_key() {
    let story = Story::new();
    let shredded = OrgKey { sealed_private: Vec::new(), ..story.org_key.clone() };
    assert_eq!(refusal(story.opener().open(&shredded, &story.subject(), &story.sealed)), OpenError::Shredded(1));
    let sealer = story.opener().sealer();
    assert!(matches!(sealer.seal(&shredded, &story.subject(), &text(KEY)), Err(SealError::OrgKey(1))));
    // What is left under the outer layer is a ciphertext for a key that no longer exists.
    let data = story.subject().outer_data(1, *story.opening.id());
    let inner = envelope::open(Layer::Outer, story.opening.private(), &data, story.sealed.ciphertext()).unwrap();
    assert!(envelope::open(Layer::Inner, story.opening.private(), &story.subject().inner_data(1), &inner).is_err());
}

#[test]
fn another_deployments_key_opens_nothing() {
    let story = Story::new();
    let other = OpeningKey::generate();
    let open = |opener: &Opener| opener.open(&story.org_key, &story.subject(), &story.sealed);
    assert_eq!(refusal(open(&Opener::new(other.clone(), []))), OpenError::UnknownKey(*story.opening.id()));
    // Renaming the key in the ciphertexts doesn't help.
    let renamed = |bytes: &[u8]| [&bytes[..1], other.id().as_bytes(), &bytes[1 + KeyId::LENGTH..]].concat();
    let sealed = Sealed::from_bytes(&renamed(&story.sealed.to_bytes())).unwrap();
    let org_key = OrgKey { sealed_private: renamed(&story.org_key.sealed_private), ..story.org_key.clone() };
    let both = Opener::new(other, [story.opening.clone()]);
    assert_eq!(refusal(both.open(&org_key, &story.subject(), &story.sealed)), OpenError::OrgKey(1));
    assert_eq!(refusal(both.open(&story.org_key, &story.subject(), &sealed)), OpenError::Refused);
}

#[test]
fn the_layers_have_key_schedules_of_their_own() {
    let opening = OpeningKey::generate();
    let layers = [Layer::OrgKey, Layer::Inner, Layer::Outer, Layer::Guarded];
    for (index, layer) in layers.into_iter().enumerate() {
        let sealed = envelope::seal(layer, opening.sealing_key().as_bytes(), b"data", b"plaintext").unwrap();
        for (other, opened_as) in layers.into_iter().enumerate() {
            let opened = envelope::open(opened_as, opening.private(), b"data", &sealed);
            assert_eq!(opened.is_ok(), index == other);
            assert!(envelope::open(opened_as, opening.private(), b"atad", &sealed).is_err());
        }
    }
}

#[test]
fn a_rotation_renews_what_the_old_key_held_and_ends_its_power() {
    let story = Story::new();
    let next = OpeningKey::generate();
    let during = Opener::new(next.clone(), [story.opening.clone()]);
    assert_eq!(during.open(&story.org_key, &story.subject(), &story.sealed).ok().unwrap().expose(), KEY);

    let to = during.sealer();
    let sealed = during.reseal(&story.subject(), &story.sealed, &to).unwrap();
    let org_key = during.reseal_org_key(&story.org, &story.org_key, &to).ok().unwrap();
    assert_eq!((sealed.key_id(), org_key.key_id()), (next.id(), Ok(*next.id())));
    assert_eq!((sealed.org_key(), org_key.generation), (1, 1));

    let after = Opener::new(next, []);
    assert_eq!(after.open(&org_key, &story.subject(), &sealed).ok().unwrap().expose(), KEY);
    assert!(matches!(story.opener().open(&org_key, &story.subject(), &sealed), Err(OpenError::UnknownKey(_))));
    // A moved ciphertext isn't made whole by a rotation.
    let moved = Subject { provider: "anthropic", ..story.subject() };
    assert!(matches!(during.reseal(&moved, &story.sealed, &to), Err(OpenError::Refused)));
}

#[test]
fn keys_read_back_what_they_print_and_say_what_was_mistaken_for_what() {
    let opening = OpeningKey::generate();
    let sealing = opening.sealing_key();
    assert!(OpeningKey::parse(&opening.to_text()).is_ok_and(|key| key.sealing_key() == sealing));
    assert_eq!(SealingKey::parse(&format!(" {sealing}\n")), Ok(sealing));
    assert_eq!(sealing.id().to_string().parse(), Ok(*sealing.id()));

    assert_eq!(SealingKey::parse(opening.to_text().expose()), Err(KeyTextError::OpeningInsteadOfSealing));
    assert_eq!(OpeningKey::parse(&text(&sealing.to_string())).err(), Some(KeyTextError::SealingInsteadOfOpening));
    let other = OpeningKey::generate().sealing_key();
    let mixed = sealing.to_string().replace(&sealing.id().to_string(), &other.id().to_string());
    assert_eq!(SealingKey::parse(&mixed), Err(KeyTextError::Altered));
    let zero = SealingKey::from_bytes([0; 32]);
    assert_eq!(SealingKey::parse(&zero.to_string()), Err(KeyTextError::Unusable));
    let long = format!("{sealing}AAAA");
    for wrong in ["", "occ-sealing-v1", "occ-sealing-v1..", "occ-sealing-v1.0.x", long.as_str(), "sk-somebodys-key"] {
        assert_eq!(SealingKey::parse(wrong), Err(KeyTextError::Form("occ-sealing-v1")), "{wrong}");
    }
}

#[test]
fn a_text_gives_the_same_key_on_every_node_and_in_every_version() {
    let key = OpeningKey::derive(&text("a deployment's SECRET_KEY, 32+ bytes"));
    // Changing this would lose the keys of everybody whose key comes from SECRET_KEY.
    assert_eq!(key.id().to_string(), "9795c1d517805add");
    assert_ne!(key.id(), OpeningKey::derive(&text("a deployment's SECRET_KEY, 32+ byteS")).id());
}

#[test]
fn bytes_that_are_no_sealed_value_are_told_apart() {
    let bytes = Story::new().sealed.to_bytes();
    assert_eq!(Sealed::from_bytes(&[]).err(), Some(SealedFormatError::Incomplete));
    assert_eq!(Sealed::from_bytes(&bytes[..bytes.len() - KEY.len() - 1]).err(), Some(SealedFormatError::Incomplete));
    assert_eq!(Sealed::from_bytes(&[&[9], &bytes[1..]].concat()).err(), Some(SealedFormatError::Format(9)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_text_of_any_subject_opens_again(org in "\\PC{1,40}", provider in "[a-z0-9._-]{1,64}", secret in "\\PC{0,40}", version: u32, generation: u32, plaintext in "\\PC{0,600}") {
        let opening = OpeningKey::generate();
        let org = OrgId::new(org);
        let sealer = Sealer::new(opening.sealing_key());
        let org_key = sealer.new_org_key(&org, generation);
        let subject = Subject { org: &org, provider: &provider, secret: &secret, version };
        let sealed = sealer.seal(&org_key, &subject, &text(&plaintext)).unwrap();
        let stored = Sealed::from_bytes(&sealed.to_bytes()).unwrap();
        let opened = Opener::new(opening, []).open(&org_key, &subject, &stored);
        prop_assert!(opened.is_ok_and(|opened| *opened.expose() == plaintext));
    }

    #[test]
    fn no_flipped_bit_opens(at in any::<proptest::sample::Index>(), bit in 0_u8..8, cut in any::<proptest::sample::Index>()) {
        let story = Story::new();
        let flip = |bytes: &[u8]| {
            let mut bytes = bytes.to_vec();
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
            bytes
        };
        let open = |org_key: &OrgKey, bytes: &[u8]| {
            Sealed::from_bytes(bytes).map_err(OpenError::from).and_then(|sealed| story.opener().open(org_key, &story.subject(), &sealed))
        };
        let bytes = story.sealed.to_bytes();
        prop_assert!(open(&story.org_key, &bytes).is_ok());
        prop_assert!(open(&story.org_key, &flip(&bytes)).is_err());
        prop_assert!(open(&story.org_key, &bytes[..cut.index(bytes.len())]).is_err());
        let public = OrgKey { public: flip(&story.org_key.public), ..story.org_key.clone() };
        prop_assert!(open(&public, &bytes).is_err());
        let private = OrgKey { sealed_private: flip(&story.org_key.sealed_private), ..story.org_key.clone() };
        prop_assert!(open(&private, &bytes).is_err());
    }

    #[test]
    fn reading_a_key_text_or_a_sealed_value_never_fails_badly(letters in "\\PC{0,120}", bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(SealingKey::parse(&letters).is_err());
        prop_assert!(OpeningKey::parse(&text(&letters)).is_err());
        if let Ok(sealed) = Sealed::from_bytes(&bytes) {
            prop_assert_eq!(sealed.to_bytes(), bytes);
        }
    }
}
