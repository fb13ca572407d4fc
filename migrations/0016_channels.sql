-- Channels (contract 04): who answers in which chat system, who people there are, and which session a thread is.

create table headless_agents (
    id         text primary key,
    org        text not null references orgs,
    tenant     text not null,
    -- Of the sessions that the agent begins.
    profile    text not null,
    name       text not null,
    status     text not null check (status in ('active', 'disabled')),
    managed    boolean not null,
    created_by text,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    unique (org, id)
);
create index headless_agents_newest on headless_agents (org, updated_at desc, id);

-- Until now a binding was nothing but its id, and nothing could be done with it.
delete from api_token_bindings;
delete from channel_bindings;
alter table channel_bindings
    add column agent              text not null,
    add column provider           text not null,
    -- Null where the chat system has no such thing.
    add column external_workspace text,
    add column display_name       text not null,
    add column status             text not null check (status in ('active', 'disabled', 'auth_required', 'error')),
    -- Where the gateway finds the credential; never the credential.
    add column credential_ref     text,
    add column settings           jsonb not null,
    add column updated_at         timestamptz not null default now(),
    add constraint channel_bindings_agent_of_org foreign key (org, agent) references headless_agents (org, id);
create index channel_bindings_newest on channel_bindings (org, updated_at desc, id);
create index channel_bindings_of_agent on channel_bindings (org, agent, updated_at desc, id);
create index api_token_bindings_of_binding on api_token_bindings (org, channel_binding);

create table channel_identities (
    id                 text primary key,
    org                text not null references orgs,
    provider           text not null,
    external_workspace text,
    external_user      text not null,
    account            text,
    role               text not null check (role in ('owner', 'admin', 'member', 'approver', 'viewer')),
    status             text not null check (status in ('active', 'disabled', 'pending')),
    metadata           jsonb not null,
    created_at         timestamptz not null default now(),
    updated_at         timestamptz not null default now(),
    unique (org, id)
) with (fillfactor = 80);
-- One person is one row, also when two nodes see the first message at the same time.
create unique index channel_identities_person on channel_identities (org, provider, coalesce(external_workspace, ''), external_user);
create index channel_identities_newest on channel_identities (org, updated_at desc, id);

-- Threads and their sessions. The cursor is written once per event that a gateway shows.
create table channel_sessions (
    id                      text primary key,
    org                     text not null references orgs,
    agent                   text not null,
    binding                 text not null,
    provider                text not null,
    external_workspace      text,
    external_chat           text not null,
    external_thread         text not null,
    -- Not a reference: sessions are written by their own actors, in transactions of their own.
    session                 uuid not null,
    last_event_sequence     bigint not null default 0 check (last_event_sequence >= 0),
    last_workspace_sequence bigint not null default 0 check (last_workspace_sequence >= 0),
    last_chat_message       text,
    status                  text not null default 'active' check (status in ('active', 'archived')),
    created_at              timestamptz not null default now(),
    updated_at              timestamptz not null default now(),
    unique (org, id),
    foreign key (org, agent) references headless_agents (org, id),
    foreign key (org, binding) references channel_bindings (org, id)
) with (fillfactor = 70);
-- Where two messages begin a thread at the same time, one of them wins here, and the other one finds it.
create unique index channel_sessions_thread
    on channel_sessions (org, provider, coalesce(external_workspace, ''), external_chat, external_thread);
create index channel_sessions_of_session on channel_sessions (org, session);

-- A binding that is not served any more ends what is open through it.
alter table revocations drop constraint revocations_kind_check;
alter table revocations add constraint revocations_kind_check check (kind in ('token', 'session', 'account', 'org', 'binding'));
