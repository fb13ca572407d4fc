//! `cowork org create`: an organisation with its first owner.

use super::mandate;
use crate::{
    cli::{
        ExitCode,
        database::open,
        output::{self, Output},
        settings::SettingArgs,
    },
    identity::{Invitation, SigningKey},
};
use anyhow::{Context, bail, ensure};
use clap::Args;
use cowork_domain::{
    ids::{OrgId, TenantId, UserId},
    membership::{Invitee, MemberRecord},
    principal::Role,
};
use cowork_store::{OrgRow, Store};
use serde_json::json;

const EXAMPLES: &str = "\
Examples:
  cowork org create acme --name \"Acme Inc.\" --owner kim@acme.example
  cowork org create acme --tenant acme.example --owner 4f1c2d…
  cowork org create acme --owner kim@acme.example --output json | jq -r .inviteToken

Exit codes:
  0  the organisation is there
  1  there is one of this id already, or the database cannot be used
  2  wrong usage or configuration";

/// Make an organisation, and say who its first owner is.
///
/// An owner by e-mail address is invited: the invitation is printed once and opens the membership. Where the deployment has no
/// signing secret, the first login with the address gets it.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct CreateArgs {
    /// Id of the organisation, as credentials name it.
    org: String,
    /// E-mail address of the first owner, or the account that the identity provider or proxy names.
    #[arg(long, value_name = "EMAIL|ACCOUNT")]
    owner: String,
    /// Name for people; without it the id.
    #[arg(long, value_name = "TEXT")]
    name: Option<String>,
    /// The tenant whose users may belong to it; without it the id of the organisation.
    #[arg(long, value_name = "ID")]
    tenant: Option<String>,
    /// Form of the output.
    #[arg(long, value_enum, default_value = "table")]
    output: Output,
    #[command(flatten)]
    settings: SettingArgs,
}

pub(super) async fn run(args: CreateArgs) -> anyhow::Result<ExitCode> {
    let CreateArgs { org, owner, name, tenant, output, settings } = args;
    let wanted = Wanted {
        tenant: TenantId::new(tenant.unwrap_or_else(|| org.clone())),
        name: name.unwrap_or_else(|| org.clone()),
        owner: Owner::parse(&owner)?,
        org: OrgId::new(org),
    };
    let texts = [wanted.org.as_str(), wanted.tenant.as_str(), &wanted.name];
    ensure!(texts.iter().all(|text| !text.trim().is_empty()), "an organisation needs an id and a name");
    let (database, config) = open(settings).await?;
    let key = config.auth.cookie.secret.as_ref().map(|secret| SigningKey::new(secret.expose()));
    let created = wanted.create(&database.store, key.as_ref()).await;
    database.close().await;
    let Created { org, owner, invitation } = created?;
    match output {
        Output::Json => output::print_json(&json!({ "org": org, "owner": owner, "inviteToken": invitation }))?,
        Output::Table => {
            if let Some(invitation) = &invitation {
                output::print(invitation)?;
                eprintln!("{} is invited as the owner of {}; the invitation is shown this once and lasts 7 days", owner.email, org.org_id);
            } else {
                output::print(&super::table(&[org]))?;
            }
        }
    }
    Ok(ExitCode::Success)
}

enum Owner {
    Address(Invitee),
    Account(UserId),
}

impl Owner {
    fn parse(text: &str) -> anyhow::Result<Self> {
        if text.contains('@') {
            return Ok(Self::Address(Invitee::new(text, Role::Owner).with_context(|| format!("the owner \"{text}\""))?));
        }
        ensure!(!text.trim().is_empty(), "an organisation needs an owner: give an e-mail address or an account");
        Ok(Self::Account(UserId::new(text)))
    }
}

struct Wanted {
    org: OrgId,
    tenant: TenantId,
    name: String,
    owner: Owner,
}

struct Created {
    org: OrgRow,
    owner: MemberRecord,
    invitation: Option<String>,
}

impl Wanted {
    async fn create(&self, store: &Store, key: Option<&SigningKey>) -> anyhow::Result<Created> {
        let (id, by) = (&self.org, mandate());
        if !store.create_org(id, &self.tenant, &self.name, &by).await.context("the organisation cannot be made")? {
            bail!("there is an organisation {id} already; cowork member add --org {id} gives it members");
        }
        let no_owner = || format!("{id} is made and has no owner: cowork member add --org {id} --as owner gives it one");
        let (owner, invitation) = match (&self.owner, key) {
            (Owner::Address(invitee), Some(key)) => {
                let invited = store.invite_member(id, invitee, &by).await.with_context(no_owner)?;
                let invitation = Invitation::to(&invited.member, invited.at).signed(key);
                (invited.member, Some(invitation))
            }
            (Owner::Address(invitee), None) => (store.add_member(id, invitee, &by).await.with_context(no_owner)?, None),
            (Owner::Account(account), _) => (store.add_account(id, account, Role::Owner, &by).await.with_context(no_owner)?, None),
        };
        let org = store.org(id).await.context("the organisation cannot be read")?.context("the organisation is gone again")?;
        Ok(Created { org, owner, invitation })
    }
}
