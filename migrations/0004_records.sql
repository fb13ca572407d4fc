-- Rows about what happened, and answers that a repeated request gets again.

create table audit_events (
    id          uuid primary key,
    org         text not null,
    event_type  text not null,
    actor_type  text not null,
    actor_id    text,
    account_id  text,
    target_type text,
    target_id   text,
    metadata    jsonb not null,
    created_at  timestamptz not null
);
create index audit_events_newest on audit_events (org, created_at desc, id desc);

create table usage_events (
    id         uuid primary key,
    org        text not null,
    account_id text,
    event_type text not null,
    quantity   bigint not null,
    unit       text not null,
    metadata   jsonb not null,
    created_at timestamptz not null
);
create index usage_events_newest on usage_events (org, created_at desc, id desc);

create table idempotency (
    -- Derived from the caller and the key that the caller chose.
    scope        uuid primary key,
    request_hash bytea not null,
    -- The id under which the first request acted; a repeated one acts under the same.
    minted       uuid not null,
    status       integer,
    answer       text,
    expires_at   timestamptz not null
);
create index idempotency_by_expiry on idempotency (expires_at);
