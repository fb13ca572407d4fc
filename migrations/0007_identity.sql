-- What people and programs show, what they may do, and what was taken back (contract 00 §3, 02 §3–§6).

alter table orgs drop constraint orgs_status_check;
alter table orgs
    -- frozen: reads go on, changes are refused; paused, suspended and closed: nothing goes on.
    add constraint orgs_status_check check (status in ('active', 'frozen', 'paused', 'suspended', 'closed')),
    add column plan_key text,
    add column updated_at timestamptz not null default now();

alter table accounts
    add column display_name text,
    -- The identity that signed in to the account. An account that an invitation or a directory made has none yet: the first
    -- login with its e-mail address claims it.
    add column subject text;
update accounts set subject = user_id;
create index accounts_by_email on accounts (tenant, lower(email));

alter table memberships add column custom_role text;
create index memberships_newest on memberships (org, updated_at desc, account);

create table custom_roles (
    org         text not null references orgs,
    role_key    text not null,
    name        text not null,
    description text,
    base_role   text not null check (base_role in ('owner', 'admin', 'member')),
    permissions text[] not null,
    created_at  timestamptz not null default now(),
    updated_at  timestamptz not null default now(),
    primary key (org, role_key)
);

create table api_tokens (
    -- The public part of what is shown.
    id           text primary key,
    org          text not null references orgs,
    account      text not null,
    name         text not null,
    scopes       text[] not null,
    -- SHA-256 of 256 random bits: guessing them is hopeless, so a slow hash would protect nothing.
    hash         bytea not null check (octet_length(hash) = 32),
    last4        text not null,
    expires_at   timestamptz,
    revoked_at   timestamptz,
    last_used_at timestamptz,
    created_at   timestamptz not null default now(),
    updated_at   timestamptz not null default now()
);
create index api_tokens_newest on api_tokens (org, created_at desc, id);
create index api_tokens_by_account on api_tokens (org, account);

create table api_token_bindings (
    token           text not null references api_tokens,
    org             text not null,
    channel_binding text not null,
    created_at      timestamptz not null default now(),
    primary key (token, channel_binding)
);

create table browser_sessions (
    id           uuid primary key,
    -- Keyed with the deployment's cookie secret, so that a row alone opens nothing.
    hash         bytea not null check (octet_length(hash) = 32),
    org          text not null references orgs,
    account      text not null,
    auth_source  text not null check (auth_source in ('user', 'header', 'local', 'api_token')),
    user_agent   text,
    address      text,
    created_at   timestamptz not null default now(),
    last_seen_at timestamptz not null default now(),
    -- Not used for this long ends it.
    idle_ms      bigint not null,
    -- And at this time it ends in any case.
    expires_at   timestamptz not null,
    revoked_at   timestamptz
);
create index browser_sessions_by_account on browser_sessions (org, account, created_at desc);
create index browser_sessions_by_expiry on browser_sessions (expires_at);

-- Every node reads these from the last number that it saw, and cuts the streams that they concern (architecture §7).
create table revocations (
    number     bigint primary key,
    org        text not null,
    kind       text not null check (kind in ('token', 'session', 'account', 'org')),
    subject    text not null,
    revoked_at timestamptz not null default now()
);
-- One row, locked until the revoking transaction ends: so the numbers become visible in their order, and who has seen one has
-- seen all before it. A sequence would not do.
create table revocation_clock (
    last bigint not null
);
insert into revocation_clock values (0);

-- What a deployment was last started with, where a change is worth an audit row.
create table deployment_facts (
    name       text primary key,
    value      text not null,
    updated_at timestamptz not null default now()
);
