-- The log and what is read from it. No foreign key and no third index on the log itself: each would
-- cost a quarter of the write rate, and the single writer guarantees what they would check.

-- One user's stream over all sessions, and its counter.
create table workspaces (
    id       uuid primary key,
    tenant   text not null,
    user_id  text not null,
    last_seq bigint not null
) with (fillfactor = 50);

-- The head of each session, written with every append. No index covers a column that an append
-- changes, so that these updates stay within their page (HOT).
create table sessions (
    session         uuid primary key,
    workspace       uuid not null,
    tenant          text not null,
    user_id         text not null,
    org             text not null,
    shard           integer not null,
    profile_name    text not null,
    created_at      timestamptz not null,
    status          text not null default 'idle',
    title           text,
    updated_at      timestamptz not null,
    last_seq        bigint not null default 0,
    command_count   bigint not null default 0,
    runtime_session text not null default '',
    project_source  text
) with (fillfactor = 50);
create index sessions_by_workspace on sessions (workspace);

-- One table, two orders: within the session and within the user's workspace. The payload is text,
-- not jsonb, because the same bytes go to every client.
create table session_events (
    session    uuid not null,
    seq        bigint not null,
    type       text not null,
    payload    text not null,
    created_at timestamptz not null,
    ws         uuid not null,
    ws_seq     bigint not null,
    constraint session_events_session_seq unique (session, seq),
    constraint session_events_workspace_seq unique (ws, ws_seq)
);

create table commands (
    id          uuid primary key,
    session     uuid not null,
    org         text not null,
    shard       integer not null,
    -- Place among the session's commands, from 1.
    seq         bigint not null,
    kind        text not null,
    payload     text not null,
    status      text not null check (status in ('pending', 'running', 'acked', 'failed')),
    attempt     integer not null,
    created_at  timestamptz not null,
    finished_at timestamptz,
    error_code  text,
    error_text  text
) with (fillfactor = 80);
-- Whoever takes a shard resumes these.
create index commands_unfinished on commands (shard, session) where status in ('pending', 'running');
-- Rows come in the order of their time, so that an hour's prompts are counted from a few pages.
create index commands_by_time on commands using brin (created_at) with (pages_per_range = 16);

create table snapshots (
    session    uuid primary key,
    seq        bigint not null,
    state      text not null,
    written_at timestamptz not null
);

-- lz4 halves the time to write a snapshot, but not every build of the server has it.
do $$
begin
    if exists (select from pg_settings where name = 'default_toast_compression' and 'lz4' = any (enumvals)) then
        alter table snapshots alter column state set compression lz4;
    end if;
end
$$;
