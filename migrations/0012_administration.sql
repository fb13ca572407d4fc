-- What owners set for their organisation, what people set for themselves, directories, and managed workers
-- (contract 02 §2, §7–§9, §11).

create table sso_configs (
    org                text primary key references orgs,
    protocol           text not null check (protocol in ('oidc', 'saml')),
    enabled            boolean not null,
    -- People with an address of a verified domain must come through the identity provider.
    enforced           boolean not null,
    verified_domains   text[] not null,
    -- Names and addresses of the identity provider, by the names that the contract gives them.
    texts              jsonb not null,
    verification_token text not null,
    scim_enabled       boolean not null,
    -- SHA-256 of 256 random bits, of the one token that counts.
    scim_token_hash    bytea check (octet_length(scim_token_hash) = 32),
    created_at         timestamptz not null default now(),
    updated_at         timestamptz not null default now()
);
create unique index sso_configs_by_scim_token on sso_configs (scim_token_hash);

alter table memberships
    -- The id under which a directory knows the member. It stays when a login claims the membership for another account:
    -- otherwise the directory could no longer take back what it gave.
    add column directory_id text,
    -- The directory's own id of the member, which its groups name.
    add column external_id text;
create index memberships_by_directory_id on memberships (org, directory_id) where directory_id is not null;
create index memberships_by_external_id on memberships (org, external_id) where external_id is not null;

create table managed_policies (
    org        text primary key references orgs,
    -- As `ManagedPolicy` is written: always whole, and checked before it comes here.
    policy     jsonb not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);

create table settings (
    tenant     text not null,
    user_id    text not null,
    key        text not null,
    value      jsonb not null,
    updated_at timestamptz not null default now(),
    primary key (tenant, user_id, key)
);

create table managed_worker_pools (
    org                 text not null references orgs,
    pool                text not null,
    name                text not null,
    mode                text not null check (mode in ('saas_operated', 'self_hosted')),
    status              text not null check (status in ('active', 'paused', 'retired')),
    region              text,
    capabilities        jsonb not null,
    max_workers         bigint check (max_workers >= 0),
    max_concurrent_work bigint check (max_concurrent_work >= 0),
    created_at          timestamptz not null default now(),
    updated_at          timestamptz not null default now(),
    primary key (org, pool)
);

create table managed_workers (
    org                text not null,
    worker             text not null,
    pool               text not null,
    display_name       text not null,
    status             text not null check (status in ('pending', 'active', 'draining', 'paused', 'retired', 'revoked', 'unhealthy')),
    version            text,
    capabilities       jsonb not null,
    last_heartbeat_at  timestamptz,
    last_error_code    text,
    last_error_summary text,
    current_load       bigint not null default 0 check (current_load >= 0),
    -- Of the latest heartbeat alone.
    active_work_ids    text[] not null default '{}',
    heartbeat_sequence bigint,
    created_at         timestamptz not null default now(),
    updated_at         timestamptz not null default now(),
    revoked_at         timestamptz,
    primary key (org, worker),
    foreign key (org, pool) references managed_worker_pools (org, pool)
);
create index managed_workers_by_pool on managed_workers (org, pool);

create table managed_worker_credentials (
    -- The public part of what is shown.
    id           text primary key,
    org          text not null,
    worker       text not null,
    -- SHA-256 of 256 random bits.
    hash         bytea not null check (octet_length(hash) = 32),
    last4        text not null,
    expires_at   timestamptz not null,
    revoked_at   timestamptz,
    last_used_at timestamptz,
    rotated_from text,
    created_at   timestamptz not null default now(),
    updated_at   timestamptz not null default now(),
    foreign key (org, worker) references managed_workers (org, worker)
);
create index managed_worker_credentials_by_worker on managed_worker_credentials (org, worker, created_at desc);
