-- The thread index: what people mark their sessions with, and what they look for again (contract 05 §4). Both belong to the tenant.

create table thread_tags (
    id         uuid primary key,
    tenant     text not null,
    name       text not null,
    color      text not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create unique index thread_tags_by_name on thread_tags (tenant, lower(name));

create table tagged_sessions (
    tag     uuid not null references thread_tags on delete cascade,
    session uuid not null references sessions,
    primary key (session, tag)
);
create index tagged_sessions_by_tag on tagged_sessions (tag, session);

create table smart_filters (
    id         uuid primary key,
    tenant     text not null,
    name       text not null,
    query      jsonb not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create index smart_filters_by_tenant on smart_filters (tenant, created_at, id);
