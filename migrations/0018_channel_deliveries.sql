-- Messages for chats (contract 04 §8), and which gateway replica serves a binding.

create table channel_deliveries (
    -- The order in which the deliveries of a lane were made: it is drawn while the lane is locked.
    number           bigint generated always as identity primary key,
    org              text not null,
    binding          text not null,
    delivery_id      text not null,
    lane             uuid not null,
    agent            text not null,
    session_binding  text,
    provider         text not null,
    target           jsonb not null,
    event_type       text not null,
    payload          jsonb not null,
    status           text not null check (status in ('pending', 'claimed', 'sent', 'failed', 'dead')),
    dead_reason      text check ((dead_reason is not null) = (status = 'dead')),
    attempts         integer not null default 0 check (attempts >= 0),
    attempt_limit    integer not null,
    -- The latest claim; it stays when the claim is over.
    claim            uuid,
    -- The stream that claimed, whose credit it takes.
    stream           uuid,
    claimed_by       text check ((claimed_by is not null) = (status = 'claimed')),
    claim_expires_at timestamptz check ((claim_expires_at is not null) = (status = 'claimed')),
    last_claimed_by  text,
    next_attempt_at  timestamptz not null,
    place            timestamptz not null,
    last_error       text,
    created_at       timestamptz not null,
    updated_at       timestamptz not null,
    foreign key (org, binding) references channel_bindings (org, id)
) with (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02);

-- In this order it also answers who has a delivery of this name, on whatever binding.
create unique index channel_deliveries_name on channel_deliveries (org, delivery_id, binding);
-- What a lane still has to send, in its order.
create index channel_deliveries_open on channel_deliveries (org, binding, lane, place, number) where status in ('pending', 'claimed', 'failed');
create index channel_deliveries_claim on channel_deliveries (claim) where status = 'claimed';
create index channel_deliveries_stream on channel_deliveries (stream) where status = 'claimed';
create index channel_deliveries_newest on channel_deliveries (org, updated_at desc, number desc);
create index channel_deliveries_dead on channel_deliveries (org, binding) where status = 'dead';
create index channel_deliveries_at_rest on channel_deliveries (updated_at) where status in ('sent', 'dead');

-- What is for the same place of a chat. Whoever changes a delivery locks its lane first and corrects the lane in the same
-- transaction, so a claim reads one row per lane, however long the lane is.
create table channel_delivery_lanes (
    org     text not null,
    binding text not null,
    lane    uuid not null,
    -- The delivery that is next, and when it may be claimed. None where all are at rest.
    head    bigint,
    due_at  timestamptz,
    primary key (org, binding, lane),
    foreign key (org, binding) references channel_bindings (org, id)
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02);
create index channel_delivery_lanes_due on channel_delivery_lanes (org, binding, due_at, head) where due_at is not null;

-- A lease that ran out or was given back stays, so that its epoch goes on growing.
create table channel_leases (
    org        text not null,
    binding    text not null,
    holder     text not null,
    -- The gateway token that the holder came with, if it was one: another token's holder of the same name is another holder.
    token      text,
    epoch      bigint not null,
    expires_at timestamptz not null,
    primary key (org, binding),
    foreign key (org, binding) references channel_bindings (org, id)
) with (fillfactor = 50);
