//! Who may change whom.

use crate::{
    ids::UserId,
    policy::{Permission, Permissions},
    principal::Role,
    signup::MemberStatus,
};

/// A membership as it decides what is allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Whose.
    pub account: UserId,
    /// The built-in role.
    pub role: Role,
    /// The permissions of the custom role, where there is one: they replace those of the built-in role.
    pub custom: Option<Permissions>,
    /// Whether the member takes part.
    pub status: MemberStatus,
}

impl Standing {
    /// What the member may at the moment.
    pub fn permissions(&self) -> Permissions {
        match self.status {
            MemberStatus::Active => self.custom.unwrap_or_else(|| self.role.permissions()),
            MemberStatus::Invited | MemberStatus::Disabled => Permissions::default(),
        }
    }

    /// Whether the member has an owner's full power. With a custom role an owner has only its permissions.
    pub fn is_owner(&self) -> bool {
        self.role == Role::Owner && self.custom.is_none() && self.status == MemberStatus::Active
    }
}

/// Who makes a change, as they stand at the moment in which it is made: what they could when they asked may be over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Doer {
    /// Whoever runs the deployment: the local principal, and commands that work on the database.
    Operator,
    /// A member of the organisation.
    Member(Standing),
}

impl Doer {
    fn is_owner(&self) -> bool {
        match self {
            Self::Operator => true,
            Self::Member(member) => member.is_owner(),
        }
    }

    fn is(&self, account: &UserId) -> bool {
        matches!(self, Self::Member(member) if member.account == *account)
    }

    fn require_any(&self, permissions: &[Permission]) -> Result<(), MembershipRefused> {
        match self {
            Self::Operator => Ok(()),
            Self::Member(member) if permissions.iter().any(|permission| member.permissions().contains(*permission)) => Ok(()),
            Self::Member(_) => Err(MembershipRefused::NotPermitted),
        }
    }
}

/// Why a membership stays as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MembershipRefused {
    /// The caller was demoted or removed a moment ago, or has another custom role.
    #[error("The authenticated principal cannot manage members of this organization.")]
    NotPermitted,
    /// Owners are a matter of owners.
    #[error("Only owners can invite, promote or change owners.")]
    OwnersOnly,
    /// Permissions that the caller has not.
    #[error("You cannot hand out permissions that you do not have yourself.")]
    BeyondOwnPower,
    /// Promoting oneself would be too easy, demoting oneself a mistake.
    #[error("You cannot change your own role.")]
    OwnRole,
    /// Nobody shuts themselves out.
    #[error("You cannot disable or invite yourself.")]
    OwnStatus,
    /// A click on the wrong line must not end somebody's work.
    #[error("Disabling a member needs the field confirm with the member's account id.")]
    Unconfirmed,
    /// Nobody could undo it.
    #[error("The last active owner cannot be removed or demoted.")]
    LastOwner,
}

impl MembershipRefused {
    /// Whether somebody else could do it; otherwise the request itself is wrong.
    pub const fn is_about_the_caller(self) -> bool {
        matches!(self, Self::NotPermitted | Self::OwnersOnly | Self::BeyondOwnPower)
    }
}

/// What is to be changed; the rest stays.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MemberChange {
    /// Another built-in role.
    pub role: Option<Role>,
    /// Another status.
    pub status: Option<MemberStatus>,
    /// The account once more, by who really wants to disable it.
    pub confirm: Option<String>,
}

/// What a member becomes by a change of role or status. `other_owners` is the number of members with an owner's full power
/// apart from this one.
///
/// # Errors
/// See [`MembershipRefused`].
pub fn changes(doer: &Doer, member: &Standing, change: &MemberChange, other_owners: u64) -> Result<Standing, MembershipRefused> {
    doer.require_any(&[Permission::OrgManage, Permission::MembersManage])?;
    let after = Standing { role: change.role.unwrap_or(member.role), status: change.status.unwrap_or(member.status), ..member.clone() };
    owners_among_themselves(doer, member.role == Role::Owner || after.role == Role::Owner)?;
    if doer.is(&member.account) {
        if after.role != member.role {
            return Err(MembershipRefused::OwnRole);
        }
        if after.status != member.status {
            return Err(MembershipRefused::OwnStatus);
        }
    }
    if change.status == Some(MemberStatus::Disabled) && change.confirm.as_deref() != Some(member.account.as_str()) {
        return Err(MembershipRefused::Unconfirmed);
    }
    keeps_an_owner(member, &after, other_owners)?;
    within_own_power(doer, member, &after)?;
    Ok(after)
}

/// What a member becomes by an invitation, who may be one already; none when there is no membership yet.
///
/// # Errors
/// See [`MembershipRefused`].
pub fn invites(doer: &Doer, member: Option<&Standing>, role: Role, other_owners: u64) -> Result<(), MembershipRefused> {
    doer.require_any(&[Permission::OrgManage, Permission::MembersManage])?;
    owners_among_themselves(doer, role == Role::Owner || member.is_some_and(|member| member.role == Role::Owner))?;
    hands_out(doer, role.permissions())?;
    let Some(member) = member else { return Ok(()) };
    if doer.is(&member.account) {
        return Err(MembershipRefused::OwnStatus);
    }
    keeps_an_owner(member, &Standing { role, status: MemberStatus::Invited, ..member.clone() }, other_owners)
}

/// What a member becomes by a custom role, or by the loss of it.
///
/// # Errors
/// See [`MembershipRefused`].
pub fn assigns(doer: &Doer, member: &Standing, custom: Option<Permissions>, other_owners: u64) -> Result<Standing, MembershipRefused> {
    doer.require_any(&[Permission::MembersManage])?;
    let after = Standing { custom, ..member.clone() };
    // Before anything is changed: afterwards the caller might not even be allowed to take it back.
    if doer.is(&member.account) {
        return Err(MembershipRefused::OwnRole);
    }
    owners_among_themselves(doer, member.role == Role::Owner)?;
    keeps_an_owner(member, &after, other_owners)?;
    within_own_power(doer, member, &after)?;
    Ok(after)
}

/// Whether somebody may make a custom role, or change one, so that it has these permissions.
///
/// # Errors
/// `NotPermitted`, `BeyondOwnPower`.
pub fn defines(doer: &Doer, permissions: Permissions) -> Result<(), MembershipRefused> {
    doer.require_any(&[Permission::RolesManage])?;
    hands_out(doer, permissions)
}

/// Whether somebody may delete a custom role that a member has, who falls back to the built-in role.
///
/// # Errors
/// `NotPermitted`, `BeyondOwnPower`.
pub fn takes_away(doer: &Doer, holder: &Standing) -> Result<Standing, MembershipRefused> {
    doer.require_any(&[Permission::RolesManage])?;
    let after = Standing { custom: None, ..holder.clone() };
    within_own_power(doer, holder, &after)?;
    Ok(after)
}

fn owners_among_themselves(doer: &Doer, concerns_an_owner: bool) -> Result<(), MembershipRefused> {
    if concerns_an_owner && !doer.is_owner() { Err(MembershipRefused::OwnersOnly) } else { Ok(()) }
}

/// Whether an organisation still has an owner when a member becomes something else, whoever wants that: a person or a directory.
/// `other_owners` as in [`changes`].
///
/// # Errors
/// `LastOwner`.
pub fn keeps_an_owner(before: &Standing, after: &Standing, other_owners: u64) -> Result<(), MembershipRefused> {
    if before.is_owner() && !after.is_owner() && other_owners == 0 { Err(MembershipRefused::LastOwner) } else { Ok(()) }
}

/// Where a change gives something, who makes it must have all that the member has then.
fn within_own_power(doer: &Doer, before: &Standing, after: &Standing) -> Result<(), MembershipRefused> {
    let gives_something = !after.permissions().is_within(before.permissions());
    if gives_something { hands_out(doer, after.permissions()) } else { Ok(()) }
}

/// What every member has may be given by everybody who manages members; beyond that, only what one has. Owners have it all.
fn hands_out(doer: &Doer, permissions: Permissions) -> Result<(), MembershipRefused> {
    let Doer::Member(doer) = doer else { return Ok(()) };
    let own = doer.permissions().and(Role::Member.permissions());
    if permissions.is_within(own) { Ok(()) } else { Err(MembershipRefused::BeyondOwnPower) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(account: &str, role: Role) -> Standing {
        Standing { account: UserId::new(account), role, custom: None, status: MemberStatus::Active }
    }

    fn custom(account: &str, role: Role, permissions: &[Permission]) -> Standing {
        Standing { custom: Some(permissions.iter().copied().collect()), ..member(account, role) }
    }

    fn by(account: &str, role: Role) -> Doer {
        Doer::Member(member(account, role))
    }

    fn to(role: Role) -> MemberChange {
        MemberChange { role: Some(role), ..MemberChange::default() }
    }

    fn disabling(confirm: &str) -> MemberChange {
        MemberChange { status: Some(MemberStatus::Disabled), confirm: Some(confirm.to_owned()), role: None }
    }

    #[test]
    fn owners_are_a_matter_of_owners() {
        let (owner, admin) = (by("o", Role::Owner), by("a", Role::Admin));
        let kim = member("kim", Role::Member);
        assert_eq!(changes(&owner, &kim, &to(Role::Owner), 1).map(|after| after.role), Ok(Role::Owner));
        assert_eq!(changes(&admin, &kim, &to(Role::Admin), 1).map(|after| after.role), Ok(Role::Admin));
        assert_eq!(changes(&admin, &kim, &to(Role::Owner), 1), Err(MembershipRefused::OwnersOnly));
        let other = member("o2", Role::Owner);
        assert_eq!(changes(&admin, &other, &disabling("o2"), 1), Err(MembershipRefused::OwnersOnly));
        assert_eq!(changes(&owner, &other, &disabling("o2"), 1).map(|after| after.status), Ok(MemberStatus::Disabled));
        let restricted = Doer::Member(custom("o3", Role::Owner, &[Permission::MembersManage]));
        assert_eq!(
            changes(&restricted, &kim, &to(Role::Owner), 1),
            Err(MembershipRefused::OwnersOnly),
            "a custom role replaces the owner's power"
        );
        assert_eq!(invites(&admin, None, Role::Owner, 1), Err(MembershipRefused::OwnersOnly));
        assert_eq!(invites(&Doer::Operator, None, Role::Owner, 0), Ok(()));
    }

    #[test]
    fn nobody_changes_themselves_and_the_last_owner_stays() {
        let owner = by("o", Role::Owner);
        let own = member("o", Role::Owner);
        assert_eq!(changes(&owner, &own, &to(Role::Member), 5), Err(MembershipRefused::OwnRole));
        assert_eq!(changes(&owner, &own, &disabling("o"), 5), Err(MembershipRefused::OwnStatus));
        assert_eq!(changes(&owner, &own, &to(Role::Owner), 0), Ok(own.clone()), "nothing is changed");
        assert_eq!(assigns(&owner, &own, None, 5), Err(MembershipRefused::OwnRole));
        let last = |change| changes(&Doer::Operator, &own, &change, 0);
        assert_eq!(last(to(Role::Admin)), Err(MembershipRefused::LastOwner));
        assert_eq!(last(disabling("o")), Err(MembershipRefused::LastOwner));
        assert_eq!(assigns(&Doer::Operator, &own, Some(Permissions::default()), 0), Err(MembershipRefused::LastOwner));
        assert_eq!(invites(&Doer::Operator, Some(&own), Role::Owner, 0), Err(MembershipRefused::LastOwner));
        assert!(changes(&Doer::Operator, &own, &to(Role::Admin), 1).is_ok());
    }

    #[test]
    fn disabling_is_confirmed_and_a_caller_who_lost_the_right_is_refused() {
        let kim = member("kim", Role::Member);
        let owner = by("o", Role::Owner);
        assert_eq!(changes(&owner, &kim, &disabling("Kim"), 1), Err(MembershipRefused::Unconfirmed));
        let removed = Doer::Member(Standing { status: MemberStatus::Disabled, ..member("a", Role::Admin) });
        assert_eq!(changes(&removed, &kim, &disabling("kim"), 1), Err(MembershipRefused::NotPermitted));
        assert_eq!(changes(&by("m", Role::Member), &kim, &to(Role::Admin), 1), Err(MembershipRefused::NotPermitted));
    }

    #[test]
    fn nobody_hands_out_more_than_they_have() {
        let admin = by("a", Role::Admin);
        let kim = member("kim", Role::Member);
        let billing: Permissions = [Permission::BillingManage].into_iter().collect();
        let audit: Permissions = [Permission::AuditRead].into_iter().collect();
        assert_eq!(assigns(&admin, &kim, Some(audit), 1).map(|after| after.permissions()), Ok(audit));
        assert_eq!(assigns(&admin, &kim, Some(billing), 1), Err(MembershipRefused::BeyondOwnPower));
        assert!(assigns(&by("o", Role::Owner), &kim, Some(billing), 1).is_ok());
        let host = Doer::Member(custom("host", Role::Member, &[Permission::MembersManage]));
        assert_eq!(invites(&host, None, Role::Member, 1), Ok(()));
        assert_eq!(invites(&host, None, Role::Admin, 1), Err(MembershipRefused::BeyondOwnPower));

        let keeper = custom("keeper", Role::Admin, &[Permission::RolesManage, Permission::AuditRead]);
        assert!(defines(&Doer::Member(keeper.clone()), audit).is_ok());
        assert_eq!(defines(&Doer::Member(keeper.clone()), billing), Err(MembershipRefused::BeyondOwnPower));
        assert_eq!(
            takes_away(&Doer::Member(keeper.clone()), &keeper),
            Err(MembershipRefused::BeyondOwnPower),
            "it would make an admin of them"
        );
        assert!(takes_away(&by("o", Role::Owner), &keeper).is_ok());
        assert_eq!(defines(&admin, audit), Err(MembershipRefused::NotPermitted));
    }
}
