//! The deployment's keys as settings.

use super::*;
use crate::config::secrets::SecretsConfig;
use cowork_domain::secret::Secret as Custody;
use cowork_secrets::sealing::OpeningKey;

const DATABASE: (&str, &str) = ("OPEN_COWORK_CLOUD_CONTROL_PLANE_URL", "postgres://db/cowork");
const WEB: (&str, &str) = ("OPEN_COWORK_CLOUD_ROLE", "web");
const SECRET_KEY: (&str, &str) = ("OPEN_COWORK_CLOUD_SECRET_KEY", STRONG);

fn derived(text: &str) -> String {
    OpeningKey::derive(&Custody::new(text.to_owned())).id().to_string()
}

#[test]
fn a_web_node_needs_the_public_key_only_and_never_a_private_one() {
    let key = OpeningKey::generate();
    let (opening, sealing) = (key.to_text(), key.sealing_key().to_string());
    let config = load(&[WEB, DATABASE, ("OPEN_COWORK_CLOUD_SEALING_KEY", &sealing)]).unwrap().config;
    assert_eq!(config.secrets.sealing_key, Some(key.sealing_key()));
    assert!(config.secrets.opening_key.is_none());
    let mistaken = [WEB, DATABASE, ("OPEN_COWORK_CLOUD_SEALING_KEY", opening.expose().as_str())];
    assert_refused(&mistaken, "it is an opening key, which is private");
    assert!(!format!("{:?}", load(&mistaken)).contains(&opening.expose()[20..]), "a private key shows");
}

#[test]
fn an_opening_key_takes_the_place_of_the_secret_key_which_still_opens_what_it_sealed() {
    let key = OpeningKey::generate();
    let opening = key.to_text();
    let secrets = |variables: &[(&str, &str)]| load(variables).unwrap().config.secrets;
    let ids = |secrets: &SecretsConfig| {
        let all = secrets.opening_key.iter().chain(&secrets.previous);
        all.map(|given| given.id().to_string()).collect::<Vec<_>>()
    };
    assert_eq!(ids(&secrets(&[])), Vec::<String>::new());
    assert_eq!(ids(&secrets(&[SECRET_KEY])), [derived(STRONG)]);
    let given = ("OPEN_COWORK_CLOUD_OPENING_KEY", opening.expose().as_str());
    let both = secrets(&[SECRET_KEY, given, ("OPEN_COWORK_CLOUD_SECRET_KEY_PREVIOUS", "an old one, and another")]);
    assert_eq!(ids(&both), [key.id().to_string(), derived(STRONG), derived("an old one"), derived("and another")]);
    assert!(!format!("{both:?}").contains(&opening.expose()[20..]), "a private key shows");

    let other = OpeningKey::generate().sealing_key().to_string();
    assert_refused(&[given, ("OPEN_COWORK_CLOUD_SEALING_KEY", &other)], "this node couldn't open what it seals");
    assert_refused(&[("OPEN_COWORK_CLOUD_OPENING_KEY", &other)], "it is a sealing key, which opens nothing");
    assert_refused(&[("OPEN_COWORK_CLOUD_OPENING_KEY", "occ-wrapped-v1.x")], "as cowork secrets wrap prints it");
}

#[test]
fn production_asks_workers_for_a_key_that_opens_and_web_nodes_for_one_that_seals() {
    let tier = ("OPEN_COWORK_CLOUD_DEPLOYMENT_TIER", "public_production");
    let worker = ("OPEN_COWORK_CLOUD_ROLE", "worker");
    assert_refused(&[tier, worker, DATABASE], "needs OPEN_COWORK_CLOUD_OPENING_KEY");
    assert_refused(&[tier, worker, DATABASE, ("OPEN_COWORK_CLOUD_SECRET_KEY", "change-me")], "needs OPEN_COWORK_CLOUD_OPENING_KEY");
    assert_refused(&[tier, WEB, DATABASE], "needs OPEN_COWORK_CLOUD_SEALING_KEY in the web role");
    let is_about_keys = |problem: &String| problem.contains("_KEY");
    let key = OpeningKey::generate();
    let (opening, sealing) = (key.to_text(), key.sealing_key().to_string());
    let opening = ("OPEN_COWORK_CLOUD_OPENING_KEY", opening.expose().as_str());
    assert!(!problems(&[tier, worker, DATABASE, opening]).iter().any(is_about_keys));
    assert!(!problems(&[tier, worker, DATABASE, SECRET_KEY]).iter().any(is_about_keys));
    assert!(!problems(&[tier, WEB, DATABASE, ("OPEN_COWORK_CLOUD_SEALING_KEY", &sealing)]).iter().any(is_about_keys));
}
