-- What a cluster of several nodes needs besides leases and epochs: why a shard is where it is, the proof that
-- a fenced node wrote nothing, and a mailbox between nodes.

-- The lease that the node asked for: after a restart of the database, this long, a free liveness lock says
-- nothing about its node.
alter table nodes add column lease_ms bigint not null default 5000 check (lease_ms >= 0);
-- Whether its last life gave everything back and went, instead of being declared dead.
alter table nodes add column has_left boolean not null default false;

alter table shards
    -- Since when its ownership is as it is; null if it never changed.
    add column owned_since  timestamptz,
    -- Who had it before, as the number of a node.
    add column former_owner integer,
    -- Why its former owner has it no longer.
    add column move_reason  text check (move_reason in ('claim', 'hand_over', 'fail_over', 'leave'));

-- The last batch of each lane when its incarnation ended. A batch of it that is newer broke the fence.
create table fence_marks (
    node        integer not null,
    incarnation bigint not null,
    lane        integer not null,
    batch       bigint not null,
    fenced_at   timestamptz not null,
    primary key (node, incarnation, lane)
);

-- Whatever ends an incarnation (a fence, a leave, a newer registration) leaves its marks in the same
-- transaction. It must hold the node's lock exclusively by then: no batch runs, and this function, being
-- VOLATILE, reads what the last one committed.
create function keep_fence_marks() returns trigger language plpgsql volatile as $$
begin
    insert into fence_marks (node, incarnation, lane, batch, fenced_at)
        select l.node, l.incarnation, l.lane, l.batch, clock_timestamp()
          from lane_marks l
         where l.node = old.node and l.incarnation = old.incarnation;
    return null;
end
$$;
create trigger keep_fence_marks after update of incarnation, fenced on nodes for each row
    when (not old.fenced and (new.fenced or new.incarnation <> old.incarnation))
    execute function keep_fence_marks();

-- What ended before there were marks.
insert into fence_marks (node, incarnation, lane, batch, fenced_at)
    select l.node, l.incarnation, l.lane, l.batch, clock_timestamp()
      from lane_marks l join nodes n on n.node = l.node
     where n.fenced or n.incarnation > l.incarnation;

-- Requests between nodes that a link can't carry, and their answers. A latency path: who asks repeats, so
-- the server may forget them all when it crashes, and their commits wait for no disk.
create unlogged table node_mail (
    id          uuid primary key,
    to_node     text not null,
    from_node   text not null,
    request     bytea not null,
    answer      bytea,
    created_at  timestamptz not null default clock_timestamp(),
    -- When the receiver took it last.
    claimed_at  timestamptz,
    answered_at timestamptz,
    expires_at  timestamptz not null
);
create index node_mail_unanswered on node_mail (to_node) where answer is null;
