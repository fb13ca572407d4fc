//! Custom roles (contract 02 §6). A change reaches everybody who holds the role, at once.

use super::{
    Mandate,
    membership_lock::{Found, LockedOrg, MemberRow},
};
use crate::{Store, StoreError, audit::write_audit};
use cowork_domain::{
    audit::{AuditAction, AuditTarget},
    custom_role::{CustomRole, CustomRoleChange, NewCustomRole},
    ids::OrgId,
    membership::{self, MembershipRefused, Standing},
    policy::{Permission, Permissions},
    principal::Role,
};
use serde_json::json;
use time::OffsetDateTime;

/// Why a custom role stays as it is.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CustomRoleError {
    /// The organisation has no such role.
    #[error("the organisation has no such custom role")]
    NotFound,
    /// The organisation has one with this key already.
    #[error("the organisation has a custom role with this key")]
    Exists,
    /// The rules say no.
    #[error(transparent)]
    Refused(#[from] MembershipRefused),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for CustomRoleError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

struct Row {
    role_key: String,
    name: String,
    description: Option<String>,
    base_role: String,
    permissions: Vec<String>,
    created_at: OffsetDateTime,
    updated_at: OffsetDateTime,
}

impl Row {
    fn read(self, org: &OrgId) -> Result<CustomRole, StoreError> {
        let base_role = Role::parse(&self.base_role)
            .ok_or_else(|| StoreError::inconsistent("custom_roles", format!("{org} {}", self.role_key), "unknown base role"))?;
        Ok(CustomRole {
            org_id: org.clone(),
            role_key: self.role_key,
            name: self.name,
            description: self.description,
            base_role,
            permissions: self.permissions.iter().filter_map(|name| Permission::parse(name)).collect(),
            created_at: self.created_at.into(),
            updated_at: self.updated_at.into(),
        })
    }
}

impl Store {
    /// The custom roles of an organisation, by their keys.
    ///
    /// # Errors
    /// `Unavailable`, `Database`, `Inconsistent`.
    pub async fn custom_roles(&self, org: &OrgId) -> Result<Vec<CustomRole>, StoreError> {
        let rows = sqlx::query_as!(
            Row,
            r#"select role_key, name, description, base_role, permissions, created_at, updated_at
                 from custom_roles where org = $1 order by role_key collate "C""#,
            org.as_str()
        )
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter().map(|row| row.read(org)).collect()
    }

    /// Makes a custom role.
    ///
    /// # Errors
    /// See [`CustomRoleError`].
    pub async fn create_custom_role(&self, org: &OrgId, role: &NewCustomRole, by: &Mandate) -> Result<CustomRole, CustomRoleError> {
        let mut locked = self.lock_org(org).await?.ok_or(CustomRoleError::NotFound)?;
        let doer = locked.doer(by).await?.ok_or(MembershipRefused::NotPermitted)?;
        membership::defines(&doer, role.permissions)?;
        let row = sqlx::query_as!(
            Row,
            "insert into custom_roles (org, role_key, name, description, base_role, permissions) values ($1, $2, $3, $4, $5, $6::text[])
             on conflict (org, role_key) do nothing
             returning role_key, name, description, base_role, permissions, created_at, updated_at",
            org.as_str(),
            role.key.as_str(),
            role.name,
            role.description,
            role.base_role.as_str(),
            &names(role.permissions) as &[&str]
        )
        .fetch_optional(&mut *locked.tx)
        .await?;
        let created = row.ok_or(CustomRoleError::Exists)?.read(org)?;
        locked.audit_role(by, AuditAction::CustomRoleCreated, &created).await?;
        locked.commit(self).await?;
        Ok(created)
    }

    /// Changes a custom role. Whoever holds it and loses a permission by that loses all tokens, and what is open is cut.
    ///
    /// # Errors
    /// See [`CustomRoleError`].
    pub async fn change_custom_role(
        &self,
        org: &OrgId,
        key: &str,
        change: &CustomRoleChange,
        by: &Mandate,
    ) -> Result<CustomRole, CustomRoleError> {
        let mut locked = self.lock_org(org).await?.ok_or(CustomRoleError::NotFound)?;
        let doer = locked.doer(by).await?.ok_or(MembershipRefused::NotPermitted)?;
        let before = locked.custom_role(key).await?.ok_or(CustomRoleError::NotFound)?;
        let permissions = change.permissions.unwrap_or(before.permissions);
        if !permissions.is_within(before.permissions) {
            membership::defines(&doer, permissions)?;
        }
        let holders = locked.holders(key).await?;
        let row = sqlx::query_as!(
            Row,
            "update custom_roles set name = $3, description = $4, base_role = $5, permissions = $6::text[], updated_at = clock_timestamp()
              where org = $1 and role_key = $2
             returning role_key, name, description, base_role, permissions, created_at, updated_at",
            org.as_str(),
            key,
            change.name.as_ref().unwrap_or(&before.name),
            change.description.as_ref().unwrap_or(&before.description).as_ref(),
            change.base_role.unwrap_or(before.base_role).as_str(),
            &names(permissions) as &[&str]
        )
        .fetch_one(&mut *locked.tx)
        .await?;
        let changed = row.read(org)?;
        locked.audit_role(by, AuditAction::CustomRoleUpdated, &changed).await?;
        for Found { standing: holder, .. } in holders {
            let after = Standing { custom: Some(permissions), ..holder.clone() };
            locked.settle(&holder, &after, by, "custom_role_permissions_shrunk").await?;
        }
        locked.commit(self).await?;
        Ok(changed)
    }

    /// Deletes a custom role; says whether there was one. Its holders fall back to their built-in roles, and lose all tokens.
    ///
    /// # Errors
    /// `Refused`, `Store`.
    pub async fn delete_custom_role(&self, org: &OrgId, key: &str, by: &Mandate) -> Result<bool, CustomRoleError> {
        let Some(mut locked) = self.lock_org(org).await? else { return Ok(false) };
        let doer = locked.doer(by).await?.ok_or(MembershipRefused::NotPermitted)?;
        let Some(role) = locked.custom_role(key).await? else { return Ok(false) };
        let holders = locked.holders(key).await?;
        for holder in &holders {
            membership::takes_away(&doer, &holder.standing)?;
        }
        sqlx::query!("delete from custom_roles where org = $1 and role_key = $2", org.as_str(), key).execute(&mut *locked.tx).await?;
        sqlx::query!(
            "update memberships set custom_role = null, updated_at = clock_timestamp() where org = $1 and custom_role = $2",
            org.as_str(),
            key
        )
        .execute(&mut *locked.tx)
        .await?;
        locked.audit_role(by, AuditAction::CustomRoleDeleted, &role).await?;
        for Found { standing: holder, .. } in holders {
            let after = Standing { custom: None, ..holder };
            locked.take_back(&after, by, "custom_role_deleted").await?;
        }
        locked.commit(self).await?;
        Ok(true)
    }
}

impl LockedOrg {
    async fn custom_role(&mut self, key: &str) -> Result<Option<CustomRole>, StoreError> {
        let row = sqlx::query_as!(
            Row,
            "select role_key, name, description, base_role, permissions, created_at, updated_at
               from custom_roles where org = $1 and role_key = $2",
            self.org.as_str(),
            key
        )
        .fetch_optional(&mut *self.tx)
        .await?;
        row.map(|row| row.read(&self.org)).transpose()
    }

    async fn holders(&mut self, key: &str) -> Result<Vec<Found>, StoreError> {
        let rows = sqlx::query_as!(
            MemberRow,
            r#"select m.account, a.email, a.display_name, m.role, m.status, m.custom_role, m.created_at, m.updated_at,
                      r.permissions as "permissions?"
                 from memberships m join accounts a on a.tenant = $3 and a.account = m.account
                 join custom_roles r on r.org = m.org and r.role_key = m.custom_role
                where m.org = $1 and m.custom_role = $2 order by m.account"#,
            self.org.as_str(),
            key,
            self.tenant.as_str()
        )
        .fetch_all(&mut *self.tx)
        .await?;
        rows.into_iter().map(|row| row.read(&self.org)).collect()
    }

    async fn audit_role(&mut self, by: &Mandate, action: AuditAction, role: &CustomRole) -> Result<(), StoreError> {
        let target = AuditTarget::new("custom_role", &role.role_key);
        let metadata = json!({ "name": role.name, "baseRole": role.base_role, "permissions": names(role.permissions).join(" ") });
        write_audit(&mut self.tx, &[by.row(&self.org, action, &target, metadata)]).await
    }
}

fn names(permissions: Permissions) -> Vec<&'static str> {
    permissions.iter().map(Permission::as_str).collect()
}
