//! The thread index: tags, the sessions that carry them, and saved filters (contract 05 §4).

use crate::{
    caller::{Caller, HEADER_MODE},
    server::{Server, session_id},
};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

#[tokio::test]
async fn sessions_are_found_by_the_tags_that_their_user_put_on_them() {
    let server = Server::with(&HEADER_MODE).await;
    let (kim, lee) = (Caller::new("acme", "kim", "member"), Caller::new("acme", "lee", "member"));
    let mut sessions = Vec::new();
    for caller in [&kim, &kim, &lee] {
        sessions.push(session_id(&server.ask(caller, Method::POST, "/api/sessions", Some(json!({}))).await));
    }
    let [first, second, theirs] = [&sessions[0], &sessions[1], &sessions[2]];
    let create = async |name: &str| {
        let made = server.ask(&kim, Method::POST, "/api/threads/tags", Some(json!({ "name": name }))).await;
        assert_eq!((made.status, &made.body["tag"]["color"]), (StatusCode::CREATED, &json!("#64748b")), "{made:?}");
        made.body["tag"]["tagId"].as_str().expect("an id").to_owned()
    };
    let (urgent, later) = (create("Urgent").await, create("later").await);
    let again = server.ask(&lee, Method::POST, "/api/threads/tags", Some(json!({ "name": " URGENT " }))).await;
    assert_eq!((again.status, &again.body["code"]), (StatusCode::CONFLICT, &json!("threads.tag_exists")), "tags are the tenant's");

    let tag = async |caller: &Caller, tag: &str, verb: &str, sessions: Value| {
        let path = format!("/api/threads/tags/{tag}/{verb}");
        server.ask(caller, Method::POST, &path, Some(json!({ "sessionIds": sessions }))).await.status
    };
    assert_eq!(tag(&kim, &urgent, "apply", json!([first, first])).await, StatusCode::OK);
    assert_eq!(tag(&kim, &later, "apply", json!([first, second])).await, StatusCode::OK);
    assert_eq!(tag(&kim, &urgent, "apply", json!([second, theirs])).await, StatusCode::NOT_FOUND, "all or none");
    assert_eq!(tag(&kim, "none", "remove", json!([])).await, StatusCode::NOT_FOUND);
    assert_eq!(tag(&kim, &urgent, "apply", json!("x")).await, StatusCode::BAD_REQUEST);
    assert_eq!(tag(&kim, &urgent, "apply", json!(vec![first; 501])).await, StatusCode::BAD_REQUEST);

    let found = async |caller: &Caller, query: &str| {
        let listed = server.ask(caller, Method::GET, &format!("/api/threads{query}"), None).await;
        let threads = listed.body["threads"].as_array().expect("a list").clone();
        threads
            .into_iter()
            .map(|thread| {
                let tags = thread["tags"].as_array().expect("tags").iter().map(|tag| tag["name"].as_str().expect("a name").to_owned());
                (thread["sessionId"].as_str().expect("an id").to_owned(), tags.collect::<Vec<_>>())
            })
            .collect::<Vec<_>>()
    };
    let both = ["later".to_owned(), "Urgent".to_owned()].to_vec();
    assert_eq!(found(&kim, &format!("?tagId={urgent}")).await, [(first.clone(), both.clone())]);
    assert_eq!(found(&kim, &format!("?tagIds={urgent},{later}")).await.len(), 2, "any of them");
    assert_eq!((found(&kim, "?tagId=none").await.len(), found(&kim, "?limit=1").await.len(), found(&kim, "").await.len()), (0, 1, 2));
    assert_eq!(found(&lee, "").await, [(theirs.clone(), Vec::new())]);

    let path = format!("/api/threads/tags/{urgent}");
    let changed = server.ask(&lee, Method::PATCH, &path, Some(json!({ "name": "Now", "color": "#00FF00" }))).await;
    assert_eq!((&changed.body["tag"]["name"], &changed.body["tag"]["color"]), (&json!("Now"), &json!("#00FF00")));
    let taken = server.ask(&lee, Method::PATCH, &path, Some(json!({ "name": "LATER" }))).await;
    assert_eq!((taken.status, &taken.body["code"]), (StatusCode::CONFLICT, &json!("threads.tag_exists")));
    assert_eq!(tag(&kim, &later, "remove", json!([first])).await, StatusCode::OK);
    assert_eq!(found(&kim, &format!("?tagId={later}")).await, [(second.clone(), vec!["later".to_owned()])]);
    assert_eq!(server.ask(&kim, Method::DELETE, &path, None).await.body, json!({ "deleted": true }));
    assert_eq!(server.ask(&kim, Method::DELETE, &path, None).await.body, json!({ "deleted": false }));
    assert!(found(&kim, "").await.iter().all(|(_, tags)| !tags.contains(&"Now".to_owned())));

    let stranger = Caller::new("globex", "eve", "owner");
    assert_eq!(server.ask(&stranger, Method::GET, "/api/threads/tags", None).await.body, json!({ "tags": [] }));
    let path = format!("/api/threads/tags/{later}");
    let refused = server.ask(&stranger, Method::PATCH, &path, Some(json!({ "name": "mine" }))).await;
    assert_eq!((refused.status, &refused.body["code"]), (StatusCode::NOT_FOUND, &json!("threads.tag_unknown")));
    assert_eq!(server.ask(&stranger, Method::DELETE, &path, None).await.body, json!({ "deleted": false }));
}

#[tokio::test]
async fn saved_filters_are_kept_as_they_were_given() {
    let server = Server::start().await;
    let path = "/api/threads/smart-filters";
    for (body, error) in [
        (json!({ "query": {} }), "Smart filter name is required."),
        (json!({ "name": "x", "query": [] }), "Smart filter query must be an object."),
        (json!({ "name": "x".repeat(65), "query": {} }), "The field name has more than 64 characters."),
    ] {
        server.post(path, body).await.expect(StatusCode::BAD_REQUEST, error);
    }
    let query = json!({ "status": "running", "tagIds": [] });
    let made = server.post(path, json!({ "name": "Mine", "query": query })).await.body["filter"].clone();
    assert_eq!((&made["name"], &made["query"]), (&json!("Mine"), &query));
    assert_eq!(server.get(path).await.body, json!({ "filters": [made] }));
    let own = format!("{path}/{}", made["filterId"].as_str().expect("an id"));
    let request = server.request(Method::PATCH, &own).json(&json!({ "query": { "text": "a" } }));
    let changed = crate::answer::Answer::of(request).await.body["filter"].clone();
    assert_eq!((&changed["name"], &changed["query"]), (&json!("Mine"), &json!({ "text": "a" })));
    for deleted in [true, false] {
        let gone = crate::answer::Answer::of(server.request(Method::DELETE, &own)).await;
        assert_eq!(gone.body, json!({ "deleted": deleted }));
    }
    let gone = crate::answer::Answer::of(server.request(Method::PATCH, &own).json(&json!({}))).await;
    assert_eq!((gone.status, &gone.body["code"]), (StatusCode::NOT_FOUND, &json!("threads.filter_unknown")));
}

#[tokio::test]
async fn a_tenant_has_so_many_tags_and_filters_and_no_more() {
    let server = Server::start().await;
    server
        .sql(
            "insert into thread_tags (id, tenant, name, color)
             select gen_random_uuid(), 'default', 'tag ' || number, '#64748b' from generate_series(1, 999) as number;
             insert into smart_filters (id, tenant, name, query)
             select gen_random_uuid(), 'default', 'filter ' || number, '{}' from generate_series(1, 999) as number",
        )
        .await;
    for (path, body) in
        [("/api/threads/tags", json!({ "name": "one" })), ("/api/threads/smart-filters", json!({ "name": "one", "query": {} }))]
    {
        assert_eq!(server.post(path, body).await.status, StatusCode::CREATED, "the thousandth {path}");
        let refused = server.post(path, json!({ "name": "two", "query": {} })).await;
        assert_eq!((refused.status, &refused.body["code"]), (StatusCode::CONFLICT, &json!("threads.too_many")), "{path}");
    }
}
