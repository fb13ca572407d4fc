//! Who uses the cluster during a drill.

use cowork_client::{Client, ClientError, ClientOptions, Credentials, SignedHeaders};
use cowork_domain::{
    ids::{TenantId, UserId, WorkspaceId},
    principal::Role,
};

/// Somebody with sessions and a workspace.
#[derive(Debug, Clone)]
pub(in super::super) struct Person {
    pub(in super::super) workspace: WorkspaceId,
    /// Signs requests; where they go is decided for each of them.
    pub(super) client: Client,
}

/// So many users in each of so many orgs. The tag keeps them apart from the people of other drills on
/// the same database.
pub(super) fn people(secret: &str, tag: &str, orgs: usize, users_per_org: usize) -> Result<Vec<Person>, ClientError> {
    // The signer needs no address; requests are sent by the balancer.
    let shared = Client::new(ClientOptions::new("http://127.0.0.1:1", Credentials::None))?;
    let names = (1..=orgs).flat_map(|org| (1..=users_per_org).map(move |user| (format!("drill-{tag}-{org}"), format!("user{user}"))));
    names
        .map(|(tenant, user)| {
            let workspace = WorkspaceId::of(&TenantId::new(tenant.as_str()), &UserId::new(user.as_str()));
            let client = shared.with_credentials(&Credentials::SignedHeaders(SignedHeaders {
                secret: secret.to_owned(),
                tenant_name: tenant.clone(),
                email: format!("{user}@{tenant}.test"),
                user,
                role: Role::Member,
                tenant,
            }))?;
            Ok(Person { workspace, client })
        })
        .collect()
}
