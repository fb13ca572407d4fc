-- Orgs, accounts and who belongs to what (contract 00 §3.7).

create table orgs (
    org        text primary key,
    tenant     text not null,
    name       text not null,
    status     text not null default 'active' check (status in ('active', 'suspended', 'closed')),
    created_at timestamptz not null default now()
);

create table accounts (
    tenant     text not null,
    account    text not null,
    user_id    text not null,
    email      text not null,
    created_at timestamptz not null default now(),
    primary key (tenant, account)
);

create table memberships (
    org        text not null references orgs,
    account    text not null,
    role       text not null check (role in ('owner', 'admin', 'member')),
    status     text not null default 'active' check (status in ('active', 'invited', 'disabled')),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (org, account)
);
