use crate::program::{run, run_with};
use serde_json::Value;

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("not JSON ({error}): {text}"))
}

#[test]
fn settings_can_be_listed_for_programs_and_secrets_stay_masked() {
    let secret = "very-secret-value-of-a-header-0123456789";
    let environment =
        [("OPEN_COWORK_CLOUD_HEADER_AUTH_SECRET", secret), ("OPEN_COWORK_CLOUD_CONTROL_PLANE_URL", "postgres://cowork:hunter22@db/cowork")];
    let dump = run_with(&["config", "dump", "--output", "json"], &environment).expect_code(0);
    let rows = json(&dump.stdout());
    let row = |name: &str| {
        let rows = rows.as_array().expect("a list");
        rows.iter()
            .find(|row| row["name"].as_str().is_some_and(|known| known.ends_with(name)))
            .unwrap_or_else(|| panic!("no {name}"))
            .clone()
    };
    assert_eq!(row("_PORT")["source"], "default");
    assert_eq!(row("HEADER_AUTH_SECRET")["source"], "environment");
    let set = run_with(&["config", "dump", "--set"], &environment).expect_code(0);
    for text in [dump.stdout(), dump.stderr(), set.stdout(), set.stderr()] {
        assert!(!text.contains(secret) && !text.contains("hunter22"), "{text}");
    }
    assert!(set.stdout().lines().count() < 10, "only what is set: {}", set.stdout());
}

#[test]
fn a_schema_and_a_check_go_together() {
    let schema = json(&run(&["config", "schema"]).expect_code(0).stdout());
    assert!(schema["properties"].is_object(), "{schema}");
    let file = tempfile::NamedTempFile::with_suffix(".jsonc").expect("a file");
    std::fs::write(file.path(), "// empty\n{}").expect("written");
    let path = file.path().to_str().expect("text");
    run(&["config", "check", "--config", path]).expect_code(0);
    std::fs::write(file.path(), "{ \"cloud\": [").expect("written");
    let broken = run(&["config", "check", "--config", path]).expect_code(2);
    assert!(broken.stderr().contains(path), "it names the file: {}", broken.stderr());
}

#[test]
fn doctor_answers_programs_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().to_str().expect("text");
    let doctor = run(&["doctor", "--output", "json", "--listen", "127.0.0.1:0", "--data-dir", data]);
    let checks = json(&doctor.stdout());
    let states: Vec<&str> = checks.as_array().expect("a list").iter().filter_map(|check| check["state"].as_str()).collect();
    assert!(states.len() >= 3 && states.iter().all(|state| ["ok", "limited", "missing"].contains(state)), "{checks:#}");
    let expected = i32::from(states.contains(&"missing"));
    doctor.expect_code(expected);
}
