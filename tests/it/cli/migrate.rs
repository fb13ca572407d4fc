use crate::program::run_with;
use cowork_store::test_database::TestDatabase;
use serde_json::Value;

#[tokio::test]
async fn a_database_is_brought_up_to_date_as_a_step_of_its_own() {
    let database = TestDatabase::create().await;
    let environment = [("OPEN_COWORK_CLOUD_CONTROL_PLANE_URL", database.url())];
    let migrate = |arguments: &[&str], code: i32| -> Value {
        let arguments: Vec<&str> = ["migrate", "--output", "json"].iter().chain(arguments).copied().collect();
        let done = run_with(&arguments, &environment).expect_code(code);
        serde_json::from_str(&done.stdout()).expect("data is JSON")
    };
    let pending = migrate(&["--status"], 1);
    assert_eq!(pending["applied"], Value::from(Vec::<i64>::new()));
    assert!(!pending["pending"].as_array().expect("a list").is_empty());
    let applied = migrate(&[], 0);
    assert_eq!(applied["applied"], pending["pending"]);
    assert_eq!(migrate(&[], 0)["applied"].as_array().map(Vec::len), Some(0), "once is enough");
    assert_eq!(migrate(&["--status"], 0)["pending"].as_array().map(Vec::len), Some(0));

    let nowhere = [("OPEN_COWORK_CLOUD_CONTROL_PLANE_URL", "postgres://kim:hunter22@127.0.0.1:1/none")];
    let failed = run_with(&["migrate"], &nowhere).expect_code(1);
    assert!(failed.stderr().starts_with("error: ") && !failed.stderr().contains("hunter22"), "{}", failed.stderr());
    assert_eq!(failed.stdout(), "");
}
