//! Users, lists and groups as a directory reads them (RFC 7643 §4).

use super::location::Location;
use cowork_domain::timestamp::Timestamp;
use cowork_store::DirectoryUser;
use serde::Serialize;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct User<'a> {
    schemas: [&'static str; 1],
    id: &'a str,
    external_id: &'a str,
    user_name: &'a str,
    name: Name<'a>,
    display_name: &'a str,
    emails: [Email<'a>; 1],
    active: bool,
    meta: UserMeta,
}

#[derive(Serialize)]
struct Name<'a> {
    formatted: &'a str,
}

#[derive(Serialize)]
struct Email<'a> {
    value: &'a str,
    primary: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct UserMeta {
    resource_type: &'static str,
    location: String,
    last_modified: Timestamp,
    created: Timestamp,
}

impl<'a> User<'a> {
    pub(super) fn of(user: &'a DirectoryUser, location: &Location) -> Self {
        let name = user.display_name.as_deref().unwrap_or(&user.email);
        Self {
            schemas: ["urn:ietf:params:scim:schemas:core:2.0:User"],
            id: &user.id,
            external_id: &user.id,
            user_name: &user.email,
            name: Name { formatted: name },
            display_name: name,
            emails: [Email { value: &user.email, primary: true }],
            active: user.active,
            meta: UserMeta {
                resource_type: "User",
                location: location.resource("Users", &user.id),
                last_modified: user.updated_at,
                created: user.created_at,
            },
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct UserList<'a> {
    schemas: [&'static str; 1],
    total_results: usize,
    items_per_page: usize,
    start_index: usize,
    #[serde(rename = "Resources")]
    resources: Vec<User<'a>>,
}

impl<'a> UserList<'a> {
    pub(super) fn of(users: &'a [DirectoryUser], location: &Location) -> Self {
        Self {
            schemas: ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
            total_results: users.len(),
            items_per_page: users.len(),
            start_index: 1,
            resources: users.iter().map(|user| User::of(user, location)).collect(),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Group<'a> {
    schemas: [&'static str; 1],
    id: &'a str,
    display_name: &'a str,
    meta: GroupMeta,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct GroupMeta {
    resource_type: &'static str,
    location: String,
}

impl<'a> Group<'a> {
    pub(super) fn of(id: &'a str, display_name: &'a str, location: &Location) -> Self {
        Self {
            schemas: ["urn:ietf:params:scim:schemas:core:2.0:Group"],
            id,
            display_name,
            meta: GroupMeta { resource_type: "Group", location: location.resource("Groups", id) },
        }
    }
}
