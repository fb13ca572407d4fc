//! Every code of the contract's table, and which rule is asked first.

use super::*;
use serde_json::json;

fn verdict(rules: &ProjectSourceRules, source: &Value) -> &'static str {
    let acme = (OrgId::new("acme"), TenantId::new("acme"));
    match read_source(source).and_then(|source| rules.admit(&source, &acme.0, &acme.1)) {
        Ok(()) => "allowed",
        Err(denied) => denied.code.as_str(),
    }
}

fn git(url: &str) -> Value {
    json!({ "kind": "git", "repositoryUrl": url })
}

#[test]
fn a_repository_is_refused_by_the_first_rule_that_fails() {
    let mut rules = ProjectSourceRules::default();
    rules.git.allowed_hosts = ["github.com", "git.example:8443", "*.corp.example"].map(str::to_owned).into();
    rules.git.allowed_repositories =
        ["github.com/acme/*", "team/tools", "https://git.example:8443/only/this.git"].map(str::to_owned).into();
    for (url, expected) in [
        ("https://github.com/acme/app.git", "allowed"),
        ("https://a.corp.example/team/tools", "allowed"),
        ("https://git.example:8443/only/this", "allowed"),
        ("app", "project_source.git.invalid_url"),
        ("git@github.com:acme/app", "project_source.git.raw_credentials"),
        ("https://kim:pw@gitlab.com/a/b?x", "project_source.git.raw_credentials"),
        ("https://gitlab.com/a/b?token=1", "project_source.git.url_components"),
        ("file:///etc", "project_source.git.file_url_disabled"),
        ("http://github.com/acme/app", "project_source.git.scheme"),
        ("https://gitlab.com/acme/app", "project_source.git.host_denied"),
        ("https://github.com:8443/acme/app", "project_source.git.host_denied"),
        ("https://corp.example/team/tools", "project_source.git.host_denied"),
        ("https://evil-corp.example/team/tools", "project_source.git.host_denied"),
        ("https://github.com/acme", "project_source.git.repo_denied"),
        ("https://github.com/acme-evil/app", "project_source.git.repo_denied"),
        ("https://github.com/other/only/this", "project_source.git.repo_denied"),
    ] {
        assert_eq!(verdict(&rules, &git(url)), expected, "{url}");
    }
    let with = |fields: Value| {
        let mut source = git("https://github.com/acme/app");
        source.as_object_mut().expect("an object").extend(fields.as_object().expect("an object").clone());
        verdict(&rules, &source)
    };
    assert_eq!(with(json!({ "ref": "release/1.2", "subdirectory": "docs/a", "credentialRef": " " })), "allowed");
    assert_eq!(with(json!({ "ref": "--upload-pack=x" })), "project_source.git.ref");
    assert_eq!(with(json!({ "ref": "a..b" })), "project_source.git.ref");
    assert_eq!(with(json!({ "subdirectory": "a/../../b", "ref": "-x" })), "project_source.git.subdirectory");
    assert_eq!(with(json!({ "subdirectory": "a/.GIT" })), "project_source.git.subdirectory");
    assert_eq!(with(json!({ "credentialRef": "env:PATH" })), "project_source.git.credential_ref");
    rules.git.allow_file_urls = true;
    rules.git.allowed_repositories.clear();
    assert_eq!(verdict(&rules, &git("file:///srv/git/app")), "allowed");
    rules.git.enabled = false;
    assert_eq!(verdict(&rules, &git("nonsense")), "project_source.git.disabled");
}

#[test]
fn a_snapshot_is_of_bounded_size_and_of_the_own_tenant() {
    let mut rules = ProjectSourceRules::default();
    let of = |tenant: &str, files: u64, bytes: u64| {
        let key = snapshot_key(&TenantId::new(tenant), "s1");
        json!({ "kind": "snapshot", "snapshotId": "s1", "objectKey": key, "fileCount": files, "byteCount": bytes, "title": "x" })
    };
    assert_eq!(verdict(&rules, &of("acme", 2000, 26_214_400)), "allowed");
    assert_eq!(verdict(&rules, &of("other", 2001, 0)), "project_source.snapshot.too_many_files");
    assert_eq!(verdict(&rules, &of("other", 1, 26_214_401)), "project_source.snapshot.too_large");
    assert_eq!(verdict(&rules, &of("other", 1, 1)), "project_source.snapshot.tenant");
    let foreign = read_source(&of("other", 1, 1)).expect("well formed");
    assert_eq!(rules.evaluate(&foreign, &OrgId::new("acme")), Ok(()), "whose it is, is the session's question");
    rules.snapshots.enabled = false;
    assert_eq!(verdict(&rules, &of("acme", 9999, 0)), "project_source.snapshot.disabled");
}

#[test]
fn what_is_no_source_is_none() {
    let long = "x".repeat(3000);
    for malformed in [
        json!("git"),
        json!({}),
        json!([]),
        json!({ "kind": "zip" }),
        json!({ "kind": "git" }),
        json!({ "kind": "git", "repositoryUrl": " " }),
        json!({ "kind": "git", "repositoryUrl": "https://github.com/a/b", "ref": 7 }),
        json!({ "kind": "git", "repositoryUrl": format!("https://github.com/{long}") }),
        json!({ "kind": "snapshot", "snapshotId": "s" }),
        json!({ "kind": "snapshot", "snapshotId": "s", "objectKey": "k", "fileCount": -1 }),
    ] {
        assert_eq!(verdict(&ProjectSourceRules::default(), &malformed), "project_source.required", "{malformed}");
    }
}
