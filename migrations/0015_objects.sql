-- Files outside the database: which objects there are, whose they are, and what they count.

-- Every artifact as the log's newest event about it says, so that a user's artifacts are found without reading all their
-- sessions. Written by the trigger below in the transaction that writes the event, and by nobody else.
create table artifact_index (
    session      uuid not null,
    -- As clients name it: a uuid, or what a turn called it.
    artifact     text not null,
    ws           uuid not null,
    kind         text,
    status       text,
    project_id   text,
    task_id      text,
    -- ISO 8601 in UTC with milliseconds, whose order is that of time.
    updated_at   text not null,
    -- The event's payload.
    payload      text not null,
    primary key (session, artifact)
);
create index artifact_index_newest on artifact_index (ws, updated_at desc, session, artifact);

create function note_artifact() returns trigger language plpgsql as $$
declare
    v_record jsonb;
    v_id     text;
begin
    v_record := new.payload::jsonb;
    v_id := coalesce(v_record ->> 'artifactId', v_record ->> 'cloudArtifactId', v_record ->> 'id');
    if v_id is not null then
        insert into artifact_index as a (session, artifact, ws, kind, status, project_id, task_id, updated_at, payload)
            values (new.session, v_id, new.ws, v_record ->> 'kind', v_record ->> 'status', v_record ->> 'projectId', v_record ->> 'taskId',
                    coalesce(v_record ->> 'updatedAt', to_char(new.created_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')),
                    new.payload)
            on conflict (session, artifact) do update
               set kind = excluded.kind, status = excluded.status, project_id = excluded.project_id, task_id = excluded.task_id,
                   updated_at = excluded.updated_at, payload = excluded.payload;
        -- From here on its content is kept for good.
        update artifact_objects set published = true where session = new.session and artifact = v_id and not published;
    end if;
    return null;
exception
    -- A payload that can't be read must not keep the log from being written.
    when data_exception then
        return null;
end
$$;

-- The condition is looked at before anything is queued: for all other events it costs next to nothing.
create trigger session_events_artifact after insert on session_events
    for each row when (new.type in ('artifact.created', 'artifact.updated')) execute function note_artifact();

insert into artifact_index (session, artifact, ws, kind, status, project_id, task_id, updated_at, payload)
    select distinct on (e.session, r.id) e.session, r.id, e.ws, r.record ->> 'kind', r.record ->> 'status', r.record ->> 'projectId',
           r.record ->> 'taskId',
           coalesce(r.record ->> 'updatedAt', to_char(e.created_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')), e.payload
      from session_events e,
   lateral (select e.payload::jsonb as record) p,
   lateral (select p.record, coalesce(p.record ->> 'artifactId', p.record ->> 'cloudArtifactId', p.record ->> 'id') as id) r
     where e.type in ('artifact.created', 'artifact.updated') and r.id is not null
     order by e.session, r.id, e.seq desc;

-- The content of each artifact. A row is written before its object, and the object before the event, so that whatever is left
-- by a crash is found here and removed.
create table artifact_objects (
    session     uuid not null,
    artifact    text not null,
    org         text not null,
    --   reserved         its object is being written, by us or by a client that has a credential for it
    --   stored           the object is there and checked; the event follows
    --   cleanup_pending  given up; the object is removed next
    --   cleaned          given up and removed; a client's id is never used again
    state       text not null check (state in ('reserved', 'stored', 'cleanup_pending', 'cleaned')),
    -- Where the content lies.
    object_key  text not null,
    -- Where a client puts it first; null where it comes through us.
    upload_key  text,
    size        bigint not null check (size >= 0),
    sha256      text not null,
    content_type text,
    -- What the artifact will be, as the client said it with the reservation.
    metadata    text,
    -- The day whose quota it took.
    day         date not null,
    created_at  timestamptz not null default now(),
    -- When a reservation is given up.
    expires_at  timestamptz not null,
    -- Until when somebody works on it; nobody else does meanwhile.
    claimed_until timestamptz,
    -- Its event is in the log; the trigger above says so.
    published   boolean not null default false,
    primary key (session, artifact)
) with (fillfactor = 80);
create index artifact_objects_unfinished on artifact_objects (expires_at) where not published and state <> 'cleaned';

-- Bytes of artifacts by organisation and day. Exact over all nodes: a reservation takes its bytes in its own transaction.
create table artifact_days (
    org   text not null,
    day   date not null,
    bytes bigint not null check (bytes >= 0),
    primary key (org, day)
) with (fillfactor = 50);

-- The newest checkpoint of each session's workspace.
create table workspace_checkpoints (
    session    uuid primary key,
    org        text not null,
    -- Which checkpoint is newer: first the epoch in which its writer owned the session, then the prompt, then its attempt. An
    -- owner that was replaced has a lower epoch, so what it writes late never wins.
    epoch      bigint not null,
    command    bigint not null,
    attempt    integer not null,
    object_key text not null,
    sha256     text not null,
    size       bigint not null,
    files      integer not null,
    written_at timestamptz not null default now()
) with (fillfactor = 80);

-- Objects that nothing refers to any more.
create table discarded_objects (
    object_key   text primary key,
    discarded_at timestamptz not null default now()
);
create index discarded_objects_oldest on discarded_objects (discarded_at);
