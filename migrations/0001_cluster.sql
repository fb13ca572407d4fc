-- Who is in the cluster and who owns what (architecture §5). All clocks are the database's.

create table cluster (
    singleton      boolean primary key default true check (singleton),
    -- Fixed when the cluster is created: an entity's shard is a stable hash of its key modulo this.
    shard_count    integer not null check (shard_count > 0),
    layout_version integer not null
);
insert into cluster (shard_count, layout_version) values (256, 1);

create table nodes (
    node             integer primary key generated always as identity,
    name             text not null unique,
    -- One life of the node; every registration raises it.
    incarnation      bigint not null default 0,
    address          text not null,
    roles            text[] not null,
    draining         boolean not null default false,
    -- Set by whoever declares this incarnation dead. A fenced incarnation never writes again.
    fenced           boolean not null default true,
    lease_expires_at timestamptz not null,
    registered_at    timestamptz not null
) with (fillfactor = 50);

create table shards (
    shard             integer primary key,
    owner             integer,
    owner_incarnation bigint,
    -- Raised by every change of ownership.
    epoch             bigint not null default 0,
    check ((owner is null) = (owner_incarnation is null))
) with (fillfactor = 50);
insert into shards (shard) select generate_series(0, 255);

-- The last batch that each journal lane committed. It is written in the batch's own transaction, so
-- that reading one row tells whether a batch whose answer was lost is in the log.
create table lane_marks (
    node        integer not null,
    lane        integer not null,
    incarnation bigint not null,
    batch       bigint not null,
    primary key (node, lane)
) with (fillfactor = 20);
