use crate::{assert_guards, refusal};
use cowork_secrets::sealing::OpeningKey;

#[tokio::test]
async fn a_key_in_a_file_guards_another_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("guard.key");
    std::fs::write(&path, OpeningKey::generate().to_text().expose()).unwrap();
    let wrapped = assert_guards(&format!("file://{}", path.display()), &[]).await;
    std::fs::write(&path, OpeningKey::generate().to_text().expose()).unwrap();
    assert!(refusal(&wrapped, &[]).await.contains("not wrapped with this key"));
    std::fs::remove_file(&path).unwrap();
    assert!(refusal(&wrapped, &[]).await.contains("cannot be read"));
}
