-- What comes in through channels: events that gateways share, questions that are answered once, and messages that become
-- prompts (contract 04 §6, §7; docs/channels-inbox.md).

create table channel_provider_events (
    org              text not null references orgs,
    -- Of everything that makes it this event, so that whoever tells of it finds the same row.
    id               text not null,
    binding          text not null,
    provider         text not null,
    instance         text not null,
    workspace        text,
    event            text not null,
    type             text not null check (type in ('message', 'command', 'interaction')),
    status           text not null check (status in ('received', 'processing', 'processed', 'failed')),
    claimed_by       text,
    claim_expires_at timestamptz,
    attempts         integer not null check (attempts >= 0),
    -- Of a failure.
    retryable        boolean,
    last_error       text,
    metadata         jsonb not null,
    processed_at     timestamptz,
    created_at       timestamptz not null,
    updated_at       timestamptz not null,
    primary key (org, id),
    foreign key (org, binding) references channel_bindings (org, id),
    check ((status = 'processing') = (claimed_by is not null) and (claimed_by is null) = (claim_expires_at is null)),
    check ((status = 'processed') = (processed_at is not null)),
    check ((status = 'failed') = (retryable is not null) and (last_error is null or status = 'failed'))
) with (fillfactor = 80);
-- For the sweep alone: an update touches no index.
create index channel_provider_events_oldest on channel_provider_events (created_at);

create table channel_interactions (
    org             text not null references orgs,
    id              text not null,
    agent           text not null,
    binding         text not null,
    session_binding text not null,
    session         uuid not null,
    provider        text not null,
    -- As its gateway calls it.
    external_id     text,
    kind            text not null check (kind in ('permission', 'question')),
    target          text not null,
    -- The public part of the token, and what is kept of the rest.
    token_id        text not null unique,
    token_hash      bytea not null check (octet_length(token_hash) = 32),
    status          text not null check (status in ('pending', 'used', 'expired', 'revoked')),
    expires_at      timestamptz not null,
    used_at         timestamptz,
    -- What the session is told, written with the use: whoever dies after that leaves it to others. `by` is on whose behalf.
    command         text,
    command_payload jsonb,
    command_by      jsonb,
    -- When the session has it.
    told_at         timestamptz,
    -- Of its binding: the owner of the shard looks for what no session has yet.
    shard           integer not null,
    created_at      timestamptz not null,
    updated_at      timestamptz not null,
    primary key (org, id),
    unique (org, binding, provider, external_id),
    foreign key (org, binding) references channel_bindings (org, id),
    foreign key (org, session_binding) references channel_sessions (org, id),
    check ((status = 'used') = (used_at is not null and command is not null and command_payload is not null and command_by is not null))
) with (fillfactor = 80);
create index channel_interactions_untold on channel_interactions (shard, used_at) where status = 'used' and told_at is null;
create index channel_interactions_oldest on channel_interactions (created_at);
create index channel_interactions_of_thread on channel_interactions (org, session_binding);

create table channel_inbox (
    org             text not null references orgs,
    -- Of what its chat system calls it, so that a repeat finds the same row.
    id              text not null,
    -- In which order messages came in.
    place           bigint generated always as identity,
    binding         text not null,
    provider        text not null,
    instance        text not null,
    event           text not null,
    workspace       text,
    chat            text not null,
    thread          text,
    external_user   text not null,
    username        text,
    display_name    text,
    content         text not null,
    agent           text,
    title           text,
    -- What a session that it begins works on.
    project_source  jsonb,
    -- On whose behalf it becomes a prompt.
    accepted_by     jsonb not null,
    status          text not null check (status in ('received', 'done', 'refused')),
    session_binding text,
    session         uuid,
    command         uuid,
    refusal_code    text,
    refusal         text,
    attempts        integer not null default 0 check (attempts >= 0),
    -- When it is tried next.
    due_at          timestamptz not null,
    -- Of its binding, whose owner makes a prompt of it.
    shard           integer not null,
    created_at      timestamptz not null,
    updated_at      timestamptz not null,
    primary key (org, id),
    foreign key (org, binding) references channel_bindings (org, id),
    check ((status = 'done') = (session_binding is not null and session is not null and command is not null)),
    check ((status = 'refused') = (refusal_code is not null and refusal is not null))
) with (fillfactor = 80);
create index channel_inbox_open on channel_inbox (shard, due_at) where status = 'received';
-- A chat without threads is one thread.
create index channel_inbox_lanes on channel_inbox (binding, coalesce(workspace, ''), chat, coalesce(thread, chat), place)
    where status = 'received';
create index channel_inbox_oldest on channel_inbox (created_at);
