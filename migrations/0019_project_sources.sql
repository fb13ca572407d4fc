-- Projects that people uploaded for their sessions to work on. A row is written before its object, so that whatever a crash
-- leaves is found here and removed.
create table project_snapshots (
    -- Where the object lies. It begins with the tenant.
    object_key  text primary key,
    tenant      text not null,
    org         text not null,
    --   reserved         its object is being written
    --   stored           the object is there
    --   cleanup_pending  its time is over; the object is removed next
    state       text not null check (state in ('reserved', 'stored', 'cleanup_pending')),
    size        bigint not null check (size >= 0),
    sha256      text not null,
    -- The day whose quota it took; it shares that of artifacts.
    day         date not null,
    created_at  timestamptz not null default now(),
    -- When it is removed, unless a session refers to it.
    expires_at  timestamptz not null,
    -- Until when somebody removes it; nobody else does meanwhile.
    claimed_until timestamptz,
    -- A session refers to it; the trigger below says so.
    bound       boolean not null default false
) with (fillfactor = 80);
create index project_snapshots_unused on project_snapshots (expires_at) where not bound;

create function note_project_source() returns trigger language plpgsql as $$
begin
    update project_snapshots set bound = true
     where object_key = new.payload::jsonb -> 'projectSource' ->> 'objectKey' and state = 'stored' and not bound;
    return null;
exception
    -- A payload that can't be read must not keep the log from being written.
    when data_exception then
        return null;
end
$$;

-- The condition is looked at before anything is queued: for all other events it costs next to nothing.
create trigger session_events_project_source after insert on session_events
    for each row when (new.type = 'session.project_source.bound') execute function note_project_source();
